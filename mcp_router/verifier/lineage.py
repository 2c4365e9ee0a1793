"""Follows the lines of one change through later commits: when they landed, were taken out, came back, were corrected.

Lines are compared without white space and only where they hold a letter or a digit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mcp_router.verifier.commits import LAST_S, Commit, Hunk, last_writers

LANDED = 0.6
"""Share of a change's lines that must have come into the history: people polish what they take over."""
GONE = 0.2
"""A revert leaves at most this share of what was added, and brings back all but this share of what was removed."""
OTHER = 0.25
"""Lines that a revert may bring besides, per line that it undoes; a rewrite brings its own."""
MOVED_LINES = 2
A_DAY_S = 86_400
FIX_WITHIN_S = 14 * A_DAY_S
REVERT_WITHIN_S = 30 * A_DAY_S
"""Later than this a change of the lines tells of new wishes at least as often as of a fault: set by judgement."""
MECHANICAL_FILES = 50
"""A commit over more files than this, and twice those of the change, was made by a tool: only its renames count."""
REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE)
CORRECTS = re.compile(r"^Fixes: ([0-9a-f]{7,64})\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Event:
    """What a later commit did to a change. lines: how many of its lines a fix changed."""

    kind: Literal["reverted", "restored", "fixed"]
    commit: Commit
    lines: int = 0


@dataclass(slots=True)
class Lineage:
    """One change on its way through the history.

    added, removed: its lines. live: added ones that are in the history; out: removed ones that are gone from it.
    writers: the commits that brought them, from first_at on. landed_at: since when they are in, None while not.
    """

    added: Counter[str]
    removed: Counter[str]
    tracked: set[str]
    live: Counter[str] = field(default_factory=Counter)
    out: Counter[str] = field(default_factory=Counter)
    writers: set[str] = field(default_factory=set)
    first_at: int = LAST_S
    landed_at: int | None = None
    turns: list[Event] = field(default_factory=list)
    fix: Event | None = None

    @classmethod
    def of(cls, hunks: Sequence[Hunk]) -> Lineage:
        """The lineage of a change, as it stands before any commit."""
        added = count_lines(line for hunk in hunks for line in hunk.added)
        removed = count_lines(line for hunk in hunks for line in hunk.removed)
        return cls(added - removed, removed - added, {hunk.path for hunk in hunks})

    @property
    def landed(self) -> bool:
        """Whether it ever came into the history."""
        return self.landed_at is not None or bool(self.turns)

    def event(self) -> Event | None:
        """What holds in the end; None while it stands as it was made."""
        last = self.turns[-1] if self.turns else None
        return last if last and last.kind == "reverted" else self.fix or last

    def follow(
        self, commit: Commit, read: Callable[[Commit], list[Hunk]], corrects: Callable[[Commit], bool], root: Path
    ) -> None:
        """Take in the next commit.

        Args:
            read: what it did, asked only where it touches the change's files.
            corrects: whether it says, or shows, that it corrects something.
        """
        if not touches(commit, self.tracked):
            return
        self.tracked |= renamed(commit, self.tracked)
        if len(commit.paths) > max(MECHANICAL_FILES, 2 * len(self.tracked)):
            return
        left = self._reshaped(commit, read(commit))
        self._chase(commit, left)
        step = _Step.of(left, self.tracked)
        fix = self._fixed(commit, step, corrects, root)
        undone = self._undone(commit, step)
        self._take_in(commit, step)
        if undone:
            self.turns.append(Event("reverted", commit))
            self.landed_at = None
        elif self.landed_at is None:
            self._land(commit)
        else:
            self.fix = self.fix or fix

    def _reshaped(self, commit: Commit, hunks: Iterable[Hunk]) -> list[Hunk]:
        """Carry lines over into the form that a formatter gave them; the hunks that are left."""
        left = []
        for hunk in hunks:
            if hunk.old not in self.tracked or _squashed(hunk.removed) != _squashed(hunk.added):
                left.append(hunk)
            elif held := count_lines(hunk.removed) & self.live:
                fresh = count_lines(hunk.added)
                self.added, self.live = self.added - held + fresh, self.live - held + fresh
                self.writers.add(commit.id)
        return left

    def _chase(self, commit: Commit, hunks: Sequence[Hunk]) -> None:
        """Lines that went from one file to another are still there: look for them in that one from now on."""
        gone = count_lines(line for hunk in hunks if hunk.old in self.tracked for line in hunk.removed) & self.live
        for hunk in hunks:
            if hunk.path not in self.tracked and (count_lines(hunk.added) & gone).total() >= MOVED_LINES:
                self.tracked.add(hunk.path)
                self.writers.add(commit.id)

    def _take_in(self, commit: Commit, step: _Step) -> None:
        come, gone = step.put & (self.added - self.live), step.taken & (self.removed - self.out)
        self.live, self.out = self.live - step.taken, self.out - step.put
        # A line or two that happen to read alike are not the change's.
        if (come + gone).total() >= GONE * self.size():
            self.live, self.out = self.live + come, self.out + gone
            self.writers.add(commit.id)
            self.first_at = min(self.first_at, commit.at)

    def _land(self, commit: Commit) -> None:
        if (self.live + self.out).total() < LANDED * self.size():
            return
        if self.turns:
            self.turns.append(Event("restored", commit))
        self.landed_at = commit.at

    def size(self) -> int:
        """How many lines it changes."""
        return (self.added + self.removed).total()

    def _undone(self, commit: Commit, step: _Step) -> bool:
        """Whether a commit takes the change back: what it added goes, what it removed returns, and nothing instead."""
        if self.landed_at is None or commit.at - self.landed_at > REVERT_WITHIN_S:
            return False
        lost, back = step.taken & self.live, step.put & self.out
        named = any(self._wrote(name) for name in REVERTS.findall(commit.body))
        if named and lost and 2 * lost.total() >= self.live.total():
            return True
        left = (self.live - lost).total() > GONE * self.added.total()
        away = (self.out - back).total() > GONE * self.removed.total()
        undoes = (lost + back).total()
        instead = (step.put_anywhere - self.removed).total()
        # What rewrites took out before is not undone by whoever takes out the rest.
        return not left and not away and 2 * undoes >= self.size() and (named or instead <= OTHER * undoes)

    def _fixed(self, commit: Commit, step: _Step, corrects: Callable[[Commit], bool], root: Path) -> Event | None:
        if self.landed_at is None or self.fix or commit.at - self.landed_at > FIX_WITHIN_S:
            return None
        lines = sum(self._own_lines(commit, hunk, root) for hunk in step.here)
        named = any(self._wrote(name) for name in CORRECTS.findall(commit.body))
        return Event("fixed", commit, lines) if lines and (named or corrects(commit)) else None

    def _own_lines(self, commit: Commit, hunk: Hunk, root: Path) -> int:
        """How many lines of the change a hunk rewrites; what comes in between two of them counts as one."""
        if hunk.removed:
            if not count_lines(hunk.removed) & self.live:
                return 0
            return self._ours(commit, hunk, len(hunk.removed), root)
        return int(hunk.start > 0 and self._ours(commit, hunk, 2, root) == 2)

    def _ours(self, commit: Commit, hunk: Hunk, lines: int, root: Path) -> int:
        last = hunk.start + lines - 1
        wrote = last_writers(root, commit.id, hunk.old, hunk.start, last, self.first_at - A_DAY_S)
        return sum(writer in self.writers and _bare(text) in self.live for writer, text in wrote)

    def _wrote(self, name: str) -> bool:
        return any(writer.startswith(name) for writer in self.writers)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one commit did to the tracked files: its hunks there, and lines put in and taken out beyond their moves."""

    here: tuple[Hunk, ...]
    put: Counter[str]
    taken: Counter[str]
    put_anywhere: Counter[str]

    @classmethod
    def of(cls, hunks: Sequence[Hunk], tracked: set[str]) -> _Step:
        here = tuple(hunk for hunk in hunks if hunk.old in tracked or hunk.path in tracked)
        put = count_lines(line for hunk in here for line in hunk.added)
        taken = count_lines(line for hunk in here for line in hunk.removed)
        put_anywhere = count_lines(line for hunk in hunks for line in hunk.added)
        return cls(here, put - taken, taken - put, put_anywhere - taken)


def touches(commit: Commit, paths: Collection[str]) -> bool:
    """Whether a commit changes one of these files."""
    return any(old in paths or new in paths for old, new in commit.paths)


def renamed(commit: Commit, paths: Collection[str]) -> set[str]:
    """What these files are called after a commit."""
    return {new for old, new in commit.paths if old in paths}


def count_lines(lines: Iterable[str]) -> Counter[str]:
    """Lines without their white space, with how often each is there; those without a letter or digit left out."""
    return Counter(bare for bare in map(_bare, lines) if any(map(str.isalnum, bare)))


def _bare(line: str) -> str:
    return "".join(line.split())


def _squashed(lines: Sequence[str]) -> str:
    """Text without what formatters change: white space, line breaks, the kind of quotes, a comma before a bracket."""
    return re.sub(r",(?=[)\]}])", "", "".join(map(_bare, lines)).replace("'", '"'))
