"""jest: one run, never watching, with a reporter of our own in place of the project's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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

DROPPED = {
    *("--watch", "--watchAll", "--no-watch", "--no-watchAll", "--coverage", "--collectCoverage", "--no-coverage"),
    *("--json", "--verbose", "--silent", "--passWithNoTests", "-u", "--updateSnapshot", "--bail", "-b", "--notify"),
    *("-o", "--onlyChanged", "--lastCommit", "-f", "--onlyFailures", "--no-cache", "--cache"),
}
DROPPED_WITH_VALUE = {
    *("--reporters", "--outputFile", "--testResultsProcessor", "--cacheDirectory", "--changedSince"),
    *("--coverageReporters", "--coverageDirectory", "--collectCoverageFrom", "--coverageThreshold"),
}
VALUED = {
    *("-c", "--config", "--rootDir", "-t", "--testNamePattern", "-w", "--maxWorkers", "--env", "--selectProjects"),
    *("--projects", "--testTimeout", "--shard", "--roots", "--testPathIgnorePatterns", "--setupFilesAfterEnv"),
    *("--ignoreProjects", "--testEnvironment", "--preset", "--workerIdleMemoryLimit", "--seed"),
}


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for jest when a command line only runs it."""
    return tool_arguments(words, "jest")


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
    """jest with our reporter and a cache of its own, without coverage."""
    reporter = lay_reporter("jest.cjs", root, place, only)
    settings, words = split_settings(checks.argv)
    options = without(words, DROPPED, DROPPED_WITH_VALUE)
    if only:
        named = [str(root / file) for file in only]
        options = [*options_of(without(options, {"--runTestsByPath"}), VALUED), "--runTestsByPath", *named]
    ours = [f"--reporters={reporter}", "--coverage=false", f"--cacheDirectory={place / 'cache'}"]
    ours += [f"--maxWorkers={checks.parallel}"] if checks.parallel else []
    return [*settings, program(checks, root, "jest"), *ours, *options]
