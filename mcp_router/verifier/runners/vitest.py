"""vitest, from 1 on: one run, never watching, with a reporter of our own in place of the project's."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.verifier.runners.javascript import (
    REPORTERS,
    lay_reporter,
    options_of,
    program,
    read,
    split_settings,
    tool_arguments,
    without,
)

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks

__all__ = ["arguments", "launch", "read"]

COMMANDS = ("run", "watch", "dev", "related", "bench", "list", "init", "typecheck")
RUNS = ("run", "watch", "dev")
DROPPED = {"--watch", "-w", "--no-watch", "--run", "--ui", "--open", "-u", "--update", "--passWithNoTests"}
DROPPED_WITH_VALUE = {"--reporter", "--outputFile", "--bail"}
VALUED = {
    *("-c", "--config", "-r", "--root", "--dir", "-t", "--testNamePattern", "--project", "--pool", "--environment"),
    *("--mode", "--testTimeout", "--hookTimeout", "--maxWorkers", "--minWorkers", "--shard", "--retry", "--exclude"),
}
PRELOADED = "vite.cjs"
WITH_PRELOADED = 'NODE_OPTIONS="${NODE_OPTIONS:+$NODE_OPTIONS }--require=$0"; export NODE_OPTIONS; exec "$@"'


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for `vitest run` when a command line only runs vitest's tests, also where it would watch."""
    found = tool_arguments(words, "vitest")
    if found is None:
        return None
    settings, rest = split_settings(found)
    if rest and rest[0] in COMMANDS:
        return [*settings[1:], *rest[1:]] if rest[0] in RUNS else None
    return found


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
    """`vitest run` with our reporter and without coverage."""
    reporter = lay_reporter("vitest.mjs", root, place, only)
    shutil.copyfile(REPORTERS / PRELOADED, place / PRELOADED)
    settings, words = split_settings(checks.argv)
    kept = without(words, DROPPED, DROPPED_WITH_VALUE)
    options = [word for word in kept if not word.startswith("--coverage")]
    if only:
        options = [*options_of(options, VALUED), *(str(root / file) for file in only)]
    ours = ["run", f"--reporter={reporter}", "--coverage.enabled=false", "--no-color"]
    ours += [f"--maxWorkers={checks.parallel}"] if checks.parallel else []
    start = ["/bin/sh", "-c", WITH_PRELOADED, str(place / PRELOADED)]
    # vitest 5 keeps a token in the user's folder of data, where nothing else of the checks should write.
    apart = ["env", *settings[1:], f"XDG_DATA_HOME={place / 'data'}"]
    return [*apart, *start, program(checks, root, "vitest"), *ours, *options]
