"""Draws what the demo prints as an SVG, for the README.

python -m mcp_router.demo.picture docs/demo.svg
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from mcp_router.demo.show import play, row_lines, summarise
from mcp_router.demo.stage import plain_path

SEED, WIDTH, SHOWN = 7, 124, 4


def main() -> None:
    """Run the demo and write its first rows of each showing, and its totals."""
    canvas = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False, force_terminal=True)
    os.environ["PATH"] = plain_path()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="acrouter-demo-") as folder:
        found = play(Path(folder), SEED, Console(stderr=True), quiet=True)
    for half, title in ((1, "First showing"), (2, "Second showing, freshly worded")):
        canvas.print(f"[bold]{title}[/bold]")
        rows = [row for row in found["rows"] if row["half"] == half]
        for line in (line for row in rows[:SHOWN] for line in row_lines(row)):
            canvas.print(line, no_wrap=True, overflow="ellipsis")
        canvas.print(f"  [dim]... {len(rows) - SHOWN} more[/dim]\n")
    summarise({"seed": SEED, "seconds": round(time.monotonic() - started, 1), **found}, canvas)
    Path(sys.argv[1]).write_text(canvas.export_svg(title="make demo"), encoding="utf-8")


if __name__ == "__main__":
    main()
