"""Runs the checks over a tree, one runner a file, and says test by test what came out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

PASSED = "passed"
BROKEN = ("failed", "error")
Problem = Literal["timeout", "flood", "no_tests", "not_started", "crashed", "report_missing", "disagree"]

PROBLEMS: dict[str, str] = {
    "timeout": "the checks did not end in time",
    "flood": "the checks printed more than 200 MB",
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
    """

    exit_code: int
    seconds: float
    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    output: str = ""
    problem: Problem | None = None

    def with_outcome(self, *outcomes: str) -> set[str]:
        """The ids of tests with one of these outcomes."""
        return {test for test, outcome in self.results.items() if outcome in outcomes}

    def counts(self) -> dict[str, int]:
        """How many tests had each outcome."""
        outcomes = list(self.results.values())
        return {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}

    def to_json(self) -> dict[str, Any]:
        """For the cache."""
        return asdict(self)
