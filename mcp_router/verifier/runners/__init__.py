"""Runs the checks over a tree, one runner a file, and says test by test what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

PASSED = "passed"
BROKEN = ("failed", "error")
WORST = ("error", "failed", "skipped", "xfailed", "passed")
"""Of two outcomes of one test the one that comes first here counts."""
OUTPUT_CHARS = 4_000
"""How much of the end of what was printed is kept."""
CHANNEL = 3
"""The descriptor, in the process of the checks, of a pipe that we read: results come over it as they happen."""
Problem = Literal[
    "timeout",
    "flood",
    "memory",
    "processes",
    "disk",
    "no_tests",
    "not_started",
    "crashed",
    "report_missing",
    "disagree",
]
Evidence = Literal["channel", "report", "exit_code"]

PROBLEMS: dict[str, str] = {
    "timeout": "the checks did not end in time",
    "flood": "the checks printed more than 200 MB",
    "memory": "the checks used more memory than is allowed",
    "processes": "the checks started more processes than are allowed",
    "disk": "the checks wrote more than is allowed",
    "no_tests": "no tests were collected",
    "not_started": "the checks could not be started",
    "crashed": "the process that ran the checks crashed",
    "report_missing": "the process ended without a whole report of its tests",
    "disagree": "exit code and report contradict each other",
}


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of the checks over one tree.

    results: test id to passed, failed, error, skipped or xfailed; empty where only the exit code is known. An id
    without "::" is a file that could not be collected. messages: the first line of each failure. problem: why the
    run as a whole says nothing about single tests; None when it is sound. output: the end of what was printed.
    evidence: channel, results over a descriptor of ours that agree with the exit code; report, results that the
    runner printed or left in a file; exit_code, nothing but that. reaches: what the code did outside of its tree.
    """

    exit_code: int
    seconds: float
    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    output: str = ""
    problem: Problem | None = None
    evidence: Evidence = "exit_code"
    reaches: tuple[str, ...] = ()

    def with_outcome(self, *outcomes: str) -> set[str]:
        """The ids of tests with one of these outcomes."""
        return {test for test, outcome in self.results.items() if outcome in outcomes}

    def counts(self) -> dict[str, int]:
        """How many tests had each outcome."""
        outcomes = list(self.results.values())
        return {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}


def by_signal(exit_code: int) -> bool:
    """Whether an exit code, as a shell or as Python gives it, is that of a process that a signal ended."""
    return exit_code < 0 or 128 < exit_code < 160


def file_of(test: str) -> str:
    """The file of a test's id; all of the id where it is that of a file."""
    return test.partition("::")[0]


class Runner(Protocol):
    """One kind of test runner; a module of this package is one. It starts nothing itself."""

    def arguments(self, words: list[str]) -> list[str] | None:
        """The runner's own arguments when a command line only runs it, else None."""

    def launch(self, checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
        """The command to start in the tree.

        Args:
            root: the path at which the command sees the tree.
            place: an empty folder outside of the tree that the command may write to; the same path inside and out.
            only: the test files to run instead of what the command names; all for an empty sequence.
        """

    def read(self, ran: Ran, place: Path) -> CheckRun:
        """A run from how the process ended, what came over the channel and what it left in `place`."""
