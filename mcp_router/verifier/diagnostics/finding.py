"""A checker that can run, and one thing that it found."""

from __future__ import annotations

from dataclasses import dataclass, field

STYLE, ERROR = 1, 3
"""What a new finding weighs: one of a linter, and one of a type checker or compiler, which is likelier a defect."""


@dataclass(frozen=True, slots=True)
class Checker:
    """A linter or type checker that the repository configures and has installed.

    argv is the command without files; suffixes are of the files that it is for; whole: it is given the project
    instead of the changed files, because a change shows in files that use it. weight is of one new finding.
    """

    name: str
    argv: tuple[str, ...]
    suffixes: tuple[str, ...]
    whole: bool
    weight: int = STYLE


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """What a checker says of a place. `line` is only shown: a finding on a line that moved is the same one."""

    path: str
    code: str
    message: str
    line: int | None = field(default=None, compare=False)
