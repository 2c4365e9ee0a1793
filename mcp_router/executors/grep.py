"""Searches files by a regular expression; run as a script of its own, so that it can be stopped.

    python -I grep.py PATTERN MOST_LINES MOST_BYTES < names of files, separated by null bytes

Exit code 2 and a reason on stdout when the pattern is not one.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

LINE_CHARS = 300


def main(pattern: str, most_lines: int, most_bytes: int) -> int:
    """Print each matching line as path:line: text, at most `most_lines` of them."""
    out = sys.stdout.buffer
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        out.write(str(error).encode())
        return 2
    found = 0
    for name in sys.stdin.buffer.read().split(b"\0"):
        for number, line in enumerate(_lines(name, most_bytes), 1):
            if not wanted.search(line):
                continue
            if found == most_lines:
                out.write(b"... and more; use a narrower pattern or folder.\n")
                return 0
            found += 1
            out.write(name + f":{number}: {line.strip()[:LINE_CHARS]}\n".encode("utf-8", "replace"))
    return 0


def _lines(name: bytes, most_bytes: int) -> list[str]:
    path = Path(os.fsdecode(name))
    try:
        if path.stat().st_size > most_bytes:
            return []
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
