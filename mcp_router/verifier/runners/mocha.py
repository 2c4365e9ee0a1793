"""mocha: one run, never watching, with a reporter of our own in place of the project's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import CHANNEL
from mcp_router.verifier.runners.javascript import (
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

DROPPED = {"-w", "--watch", "--no-watch", "-b", "--bail", "--no-bail", "-C", "--color", "-c", "--colors", "--no-color"}
DROPPED_WITH_VALUE = {"-R", "--reporter", "-O", "--reporter-option", "--reporter-options", "--watch-files"}
VALUED = {
    *("-r", "--require", "--config", "--extension", "--file", "-f", "--fgrep", "-g", "--grep", "--ignore", "--exclude"),
    *("-j", "--jobs", "-n", "--node-option", "--package", "--retries", "-s", "--slow", "-t", "--timeout", "-u", "--ui"),
    *("--import", "--loader", "--conditions"),
}
TOLD = f'exec env ACROUTER_CHANNEL="/proc/$$/fd/{CHANNEL}" "$@"'
"""Becomes the command, which then has the channel under this path, for the processes that it starts too."""


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for mocha when a command line only runs it."""
    return tool_arguments(words, "mocha")


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
    """mocha with our reporter, which may run in a process that mocha starts for options of node."""
    reporter = lay_reporter("mocha.cjs", root, place, only)
    settings, words = split_settings(checks.argv)
    options = without(words, DROPPED, DROPPED_WITH_VALUE)
    if only:
        named = [str(root / file) for file in only]
        options = [*options_of(without(options, (), {"--spec"}), VALUED), *named]
    ours = ["--reporter", str(reporter), "--no-color", "--no-bail"]
    return [*settings, "/bin/sh", "-c", TOLD, "sh", program(checks, root, "mocha"), *ours, *options]
