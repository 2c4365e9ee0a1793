"""What a session's edits and runs of tests amount to, subtask by subtask.

The runs of one command in one folder form a series. Between two of them lie edits:

    pass        after a failure of the same command, all edits since by one model in one subtask, none of a test
    fail        after such edits the same command ends red; more surely so where it was green before, and by
                the model's own run where it was not run before
    no_signal   anything else: no run, edits by two, an edit after the last run, tests edited, runs that disagree

The last state counts. These are weak witnesses: the model ran the tests itself, in no sandbox, on tests that may bind
nothing, and what a shell changed is read off its words. So none weighs as much as half of a run of our own checks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mcp_router.imports.session import Author, Edit, Run
from mcp_router.verifier.paths import classify

PASSED, BROKEN, LEFT_RED = 0.3, 0.3, 0.15
"""Strengths: failing tests made to pass, passing ones broken, and red at the end, which old failures can be too."""
RESOLVED = 0.5
"""Strength of what a benchmark's results say: its tests were hidden from the model, but it was not us who ran them."""

BINDING = ("test", "test_support", "harness", "build")
"""Classes of files that say what is expected, or what a run of the tests is."""

Ending = Literal["fixed", "broken", "red"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """score is None for no_signal; `at` is when it was known."""

    verdict: Literal["pass", "fail", "no_signal"]
    score: float | None
    strength: float
    reason: str
    at: str = ""


NO_RUN = Verdict("no_signal", None, 0.0, "no run of tests tells what came of it")
ENDINGS: dict[Ending, Verdict] = {
    "fixed": Verdict("pass", 1.0, PASSED, "the same command failed before its edits and passed after them"),
    "broken": Verdict("fail", 0.0, BROKEN, "the same command passed before its edits and failed after them"),
    "red": Verdict("fail", 0.0, LEFT_RED, "its last run of tests failed"),
}


def resolved(is_resolved: bool) -> Verdict:
    """The verdict of a benchmark's own results."""
    word = "resolved" if is_resolved else "not resolved"
    return Verdict("pass" if is_resolved else "fail", float(is_resolved), RESOLVED, f"the results file says {word}")


@dataclass(slots=True)
class _Series:
    """Runs of one command in one folder: the last signal, and the edits since the last run and the last failure."""

    last: str | None = None
    since_run: list[Edit] = field(default_factory=list)
    since_failure: list[Edit] | None = None


@dataclass(slots=True)
class _Tree:
    series: defaultdict[tuple[str, str], _Series] = field(default_factory=lambda: defaultdict(_Series))
    edits: list[Edit] = field(default_factory=list)


def judge(events: Iterable[Edit | Run]) -> dict[Author, Verdict]:
    """A verdict for each author of an edit."""
    trees: defaultdict[str, _Tree] = defaultdict(_Tree)
    endings: dict[Author, dict[tuple[str, str], tuple[Ending, str]]] = {}
    for event in sorted(events, key=lambda one: one.at):
        tree = trees[event.tree]
        if isinstance(event, Edit):
            _edit(tree, event)
            endings[event.author] = {}
        elif (found := _run(tree, event)) is not None:
            author, ending = found
            endings[author][(event.folder, event.command)] = (ending, event.at)
    return {author: _final(list(found.values())) for author, found in endings.items()}


def _edit(tree: _Tree, edit: Edit) -> None:
    """Of edits in a row by the same author in files of one class, the first tells as much as all."""
    for edits in (tree.edits, *(own for one in tree.series.values() for own in (one.since_run, one.since_failure))):
        # Three that differ are by two authors: more would say nothing new.
        if edits is not None and len(edits) < 3 and not any(_alike(known, edit) for known in edits):
            edits.append(edit)


def _alike(one: Edit, other: Edit) -> bool:
    return one.author == other.author and _binds(one) == _binds(other)


def _run(tree: _Tree, run: Run) -> tuple[Author, Ending] | None:
    """Whose work a run speaks of, and how it ended."""
    key = (run.folder, run.command)
    fresh = key not in tree.series
    series = tree.series[key]
    since = tree.edits if fresh else series.since_run
    ending: Ending | None = None
    if run.signal == "fail":
        ending = "broken" if series.last == "pass" else "red"
    elif series.since_failure is not None:
        ending, since = "fixed", series.since_failure
    author = _only_author(since)
    if fresh and author != run.author:
        # The first run of a command by somebody else is what that one begins with.
        author = None
    series.last, series.since_run = run.signal, []
    if run.signal == "fail":
        series.since_failure = []
    return (author, ending) if author is not None and ending is not None else None


def _only_author(edits: Sequence[Edit]) -> Author | None:
    """Who made all of these edits, if one did, and left the tests alone."""
    authors = {edit.author for edit in edits}
    only = authors.pop() if len(authors) == 1 else None
    return only if only is not None and only.model and not any(_binds(edit) for edit in edits) else None


def _binds(edit: Edit) -> bool:
    """Whether an edit may have changed what the tests expect."""
    if edit.path is None:
        return True
    path = edit.path.removeprefix(edit.tree).lstrip("/")
    # A folder of tests is known by what lies in it.
    return any(classify(one) in BINDING for one in (path, f"{path}/_"))


def _final(endings: Sequence[tuple[Ending, str]]) -> Verdict:
    kinds = {ending for ending, _ in endings}
    if not kinds:
        return NO_RUN
    if "fixed" in kinds and kinds != {"fixed"}:
        return Verdict("no_signal", None, 0.0, "its runs of tests disagree", max(at for _, at in endings))
    kind: Ending = "broken" if "broken" in kinds else "red" if "red" in kinds else "fixed"
    verdict = ENDINGS[kind]
    return Verdict(verdict.verdict, verdict.score, verdict.strength, verdict.reason, max(at for _, at in endings))
