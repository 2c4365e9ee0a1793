"""Lowers verdicts later: work that passed and was reverted, or corrected by a follow-up fix, was worth less.

What is written is one more outcome on the attempt, which from then on holds; the earlier ones stay. A revert that
is itself reverted brings the earlier verdict back. Nothing is said of work that is not in the history of HEAD.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mcp_router.types import Attempt, Base, Decision, Outcome, Verdict
from mcp_router.verifier.commits import Commit, Hunk, commits_since, hunks_between, hunks_of
from mcp_router.verifier.corrections import says_so
from mcp_router.verifier.git import git
from mcp_router.verifier.lineage import MECHANICAL_FILES, Event, Lineage, renamed, touches
from mcp_router.verifier.paths import classify
from mcp_router.verifier.text import one_line
from mcp_router.verifier.workspace import REFS, Repository, commit_tree, keep, open_repository
from memory_store.records import now, stamp
from memory_store.store import MemoryStore

MARK = "history-"
"""Begins the id of every outcome that is written here."""
REVERTED_STRENGTH = 0.6
FIXED_SCORE, FIXED_STRENGTH = 0.5, 0.5
"""A revert may have other reasons than a fault, and a fix may be about more than these lines: set by judgement."""
WORDS = {"reverted": "Reverted", "restored": "Brought back after a revert", "fixed": "Corrected"}
MOST_COMMITS = 5_000
SUBJECT = 80


@dataclass(frozen=True, slots=True)
class Later:
    """What became of one attempt: the outcome that held, and the one that holds from now on."""

    decision: Decision
    event: Event
    before: Outcome
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        """It as plain JSON values."""
        return {
            "decision_id": self.decision.decision_id,
            "task": self.decision.title,
            "candidate": self.outcome.candidate,
            "what": self.event.kind,
            "commit": self.event.commit.id,
            "subject": one_line(self.event.commit.subject, 200),
            "verdict": self.outcome.verdict,
            "score": [self.before.score, self.outcome.score],
            "strength": [self.before.strength, self.outcome.strength],
            "reason": self.outcome.reasons[0],
        }


@dataclass(slots=True)
class Retrospect:
    """What was found. passes: attempts that had passed; not_kept: those whose work no ref holds any more; landed:
    those found in the history of HEAD; complete: False when the time was up before all had been looked at."""

    passes: int = 0
    not_kept: int = 0
    landed: int = 0
    complete: bool = True
    changed: list[Later] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """It as plain JSON values."""
        counts = {"passes": self.passes, "not_kept": self.not_kept, "landed": self.landed, "complete": self.complete}
        return counts | {"changed": [later.as_json() for later in self.changed]}


@dataclass(frozen=True, slots=True)
class _Work:
    """An attempt that passed, with the verdict that it got then."""

    decision: Decision
    attempt: Attempt
    passed: Outcome

    def began_at(self) -> datetime:
        return datetime.fromisoformat(self.decision.at)


def hold(path: Path, base: Base, attempt: Attempt, tree: str) -> Attempt:
    """Keep reported work as a commit on its base under refs/acrouter/reports/, for `look_back` to ask after its lines.

    Raises:
        RepositoryError: git fails.
    """
    repo = open_repository(path)
    name = f"reports/{attempt.decision_id}/{attempt.attempt_id.rpartition('.')[2]}"
    keep(repo, name, commit_tree(repo, tree, base.commit, "acrouter: reported work"))
    return replace(attempt, result=REFS + name)


def look_back(
    store: MemoryStore,
    repo: Repository,
    since: datetime,
    *,
    proves: Callable[[Commit], bool] = lambda _: False,
    most: int = MOST_COMMITS,
    seconds: float = math.inf,
    dry_run: bool = False,
) -> Retrospect:
    """Follow the work of decisions since a moment through the history of HEAD, and write down what became of it.

    Args:
        proves: whether a commit that does not say so corrects something all the same; asked of few.
        most: look at the newest so many commits only.
        seconds: stop after so long; what is left is looked at the next time.
        dry_run: find, write nothing.

    Raises:
        RepositoryError: git fails.
        JournalError: the memory cannot be written to.
    """
    until = time.monotonic() + seconds
    works = list(_works(store, repo.identity, since))
    found = Retrospect(passes=len(works))
    commits = commits_since(repo.root, min(work.began_at() for work in works), most) if works else []
    read = _Reader(repo.root)

    def corrects(commit: Commit) -> bool:
        return says_so(commit) or proves(commit)

    for work in works:
        lineage = _lineage(repo, work)
        if lineage is None:
            found.not_kept += 1
            continue
        later = [commit for commit in commits if commit.at >= int(work.began_at().timestamp())]
        read.ahead(later, lineage.tracked)
        for commit in later:
            if time.monotonic() > until:
                found.complete = False
                return found
            lineage.follow(commit, read, corrects, repo.root)
        found.landed += lineage.landed
        if event := lineage.event():
            found.changed += _write(store, work, event, len(lineage.turns), dry_run)
    return found


class _Reader:
    """Reads what commits did: many at once where it can tell which will be asked for, each once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, list[Hunk]] = {}

    def __call__(self, commit: Commit) -> list[Hunk]:
        if commit.id not in self._known:
            self._known |= hunks_of(self._root, [commit])
        return self._known[commit.id]

    def ahead(self, commits: Sequence[Commit], paths: set[str]) -> None:
        """Read the commits that touch these files, whatever they are called by then."""
        names, wanted = set(paths), []
        for commit in commits:
            if touches(commit, names):
                names |= renamed(commit, names)
                if commit.id not in self._known and len(commit.paths) <= MECHANICAL_FILES:
                    wanted.append(commit)
        self._known |= hunks_of(self._root, wanted)


def _works(store: MemoryStore, identity: str, since: datetime) -> Iterator[_Work]:
    """The newest first: of those something new is most likely to be known."""
    store.refresh()
    start = stamp(since)
    for decision in reversed(store.decisions()):
        if decision.repo != identity or decision.at < start:
            continue
        for attempt in store.attempts(decision.decision_id):
            passed = _first_held(store, attempt)
            if attempt.fault is None and passed is not None and passed.verdict == Verdict.PASS:
                yield _Work(decision, attempt, passed)


def _first_held(store: MemoryStore, attempt: Attempt) -> Outcome | None:
    """The outcome that would hold had nothing been written here; the rule is that of `effective_outcome`."""
    own = [
        outcome
        for outcome in store.outcomes(attempt.decision_id)
        if outcome.attempt_id == attempt.attempt_id and not outcome.outcome_id.startswith(MARK)
    ]
    verified = [outcome for outcome in own if outcome.source == "verified" and outcome.score is not None]
    held = verified or [outcome for outcome in own if outcome.source == "reported"]
    return held[-1] if held else None


def _lineage(repo: Repository, work: _Work) -> Lineage | None:
    """The lines of a kept result, those of the source where it has any; None where it is not kept, or has no lines."""
    result = work.attempt.result
    if result is None or not git(repo.root, "rev-parse", "--verify", "--quiet", f"{result}^{{commit}}", check=False):
        return None
    hunks = hunks_between(repo.root, f"{result}^", result)
    lineage = Lineage.of([hunk for hunk in hunks if classify(hunk.path) == "source"] or hunks)
    return lineage if lineage.size() else None


def _write(store: MemoryStore, work: _Work, event: Event, turn: int, dry_run: bool) -> Sequence[Later]:
    """The outcome of an event, unless it is known already: the same facts give the same id, also after a rebase."""
    facts = (work.attempt.attempt_id, event.kind, str(turn), str(event.commit.written), event.commit.subject)
    outcome = _outcome(work, event, MARK + hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16])
    with contextlib.nullcontext() if dry_run else store.transaction():
        known = [one.outcome_id for one in store.outcomes(work.decision.decision_id)]
        own = [one for one in known if one.startswith(MARK)]
        before = store.effective_outcome(work.attempt.attempt_id)
        if outcome.outcome_id in known or before is None or (event.kind == "restored" and not own):
            return ()
        if not dry_run:
            store.append(outcome)
    return (Later(work.decision, event, before, outcome),)


def _outcome(work: _Work, event: Event, outcome_id: str) -> Outcome:
    """The earlier verdict as the event leaves it; never stronger than it was."""
    was, commit = work.passed, event.commit
    lines = f", which changes {event.lines} of its lines" if event.kind == "fixed" else ""
    reason = (
        f"{WORDS[event.kind]} by {commit.id[:10]} of {commit.day()} "
        f"({json.dumps(one_line(commit.subject, SUBJECT), ensure_ascii=False)}){lines}."
    )
    made = replace(was, outcome_id=outcome_id, at=now(), source="verified", reasons=(reason, *was.reasons))
    if event.kind == "reverted":
        return replace(made, verdict=Verdict.FAIL, score=0.0, strength=min(was.strength, REVERTED_STRENGTH))
    if event.kind == "fixed":
        score = min(FIXED_SCORE, was.score if was.score is not None else FIXED_SCORE)
        return replace(made, score=score, strength=min(was.strength, FIXED_STRENGTH))
    return made
