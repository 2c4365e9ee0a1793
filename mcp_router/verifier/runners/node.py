"""`node --test`, from node 18.15 on: a reporter of our own in the parent of the processes that run the tests."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.verifier.runners.javascript import (
    lay_reporter,
    options_of,
    read,
    split_settings,
    tool_arguments,
    without,
)

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks

__all__ = ["arguments", "launch", "read"]

TEST = {"--test"}
DROPPED = {
    *("--watch", "--experimental-test-coverage", "--test-coverage-lines", "--test-coverage-branches"),
    *("--test-coverage-functions", "--test-coverage-include", "--test-coverage-exclude", "--test-update-snapshots"),
}
DROPPED_WITH_VALUE = {"--test-reporter", "--test-reporter-destination", "--watch-path"}
VALUED = {
    *("-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file"),
    *("--test-name-pattern", "--test-skip-pattern", "--test-concurrency", "--test-timeout", "--test-shard"),
}


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for node when a command line only runs `node --test`; `tsx --test` is node with a loader."""
    found = tool_arguments(words, "node")
    if found is None and (loaded := tool_arguments(words, "tsx")) is not None:
        settings, rest = split_settings(loaded)
        found = [*settings[1:], "--import=tsx", *rest]
    return found if found is not None and "--test" in found else None


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
    """node with our reporter; a shell spells out patterns as the project's own would, node 20 knows none."""
    reporter = lay_reporter("node.mjs", root, place, only)
    settings, words = split_settings(checks.argv)
    options = without(words, {*TEST, *DROPPED}, DROPPED_WITH_VALUE)
    if only:
        options = [*options_of(options, VALUED), *(str(root / file) for file in only)]
    ours = ["--test", f"--test-reporter={reporter}", "--test-reporter-destination=stdout"]
    if not any(_is_pattern(word) for word in options):
        return [*settings, "node", *ours, *options]
    line = " ".join(word if _is_pattern(word) else shlex.quote(word) for word in options)
    return [*settings, "/bin/sh", "-c", f'exec node "$@" {line}', "sh", *ours]


def _is_pattern(word: str) -> bool:
    """Whether a shell gives the files of a word as node would; nothing in it means more to the shell than that."""
    plain = word.replace("*", "").replace("?", "")
    return not word.startswith("-") and plain != word and "**" not in word and shlex.quote(plain) == plain
