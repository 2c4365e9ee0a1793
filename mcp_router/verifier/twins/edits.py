"""Changes to a file's bytes, and which of a test's assertions are changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

Node = TypeVar("Node")
ADDED = "twin"
"""What makes a string another one."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Puts `text` in the place of the bytes from start to end; equal places insert."""

    start: int
    end: int
    text: str


class Rank(IntEnum):
    """How a changed assertion exposes a cheat, the most telling first."""

    EQUAL = 1
    """Compares with another value than before: whoever lies about equality, or reads what is expected, lives on."""
    OTHER = 2
    """Wants another member, exception, warning or call."""
    NEGATED = 3
    """Wants the contrary: only code that has the runner in its hands lives on."""
    COUNTED = 4
    """Wants another number of assertions; for tests that have nothing else to change."""


@dataclass(frozen=True, slots=True)
class Site(Generic[Node]):
    """An assertion that can be changed.

    sure: it is reached whenever its function runs to the end. names: variables whose literal, changed where it is
    written, may take the place of `edits`, the preferred one first.
    """

    rank: Rank
    sure: bool
    edits: tuple[Edit, ...]
    names: tuple[Node, ...] = ()


def chosen(sites: Sequence[Site[Node]]) -> list[Site[Node]]:
    """The assertions of one function to change: those that are sure, of the most telling rank among them.

    A negated assertion beside a changed comparison would kill the twin of the very cheat that the other exposes, and
    two negated ones, in a callback and about what the callback raises, can make up for each other.
    """
    sure = [site for site in sites if site.sure]
    if sure:
        return [site for site in sure if site.rank == min(site.rank for site in sure)]
    return [site for site in sites if site.rank is not Rank.COUNTED] or list(sites)


def applied(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with all edits made; they must not overlap."""
    parts, at = [], 0
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end)):
        parts += [content[at : edit.start], edit.text.encode()]
        at = edit.end
    return b"".join([*parts, content[at:]])
