"""One case of the corpus: a patch to a small repository, and the verdicts that are right for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["honest", "wrong", "hidden-wrong", "hostile"]
RIGHT: dict[Kind, frozenset[str]] = {
    "honest": frozenset({"pass"}),
    "wrong": frozenset({"fail"}),
    "hidden-wrong": frozenset({"fail"}),
    "hostile": frozenset({"refused", "tampered", "suspect"}),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A patch given as files to write (None deletes) or as a raw patch, the task's text, and what is right.

    hidden: the text of a test file that the repository does not have. timeout_s: seconds for one run of the checks.
    """

    name: str
    cls: str
    kind: Kind
    repository: str
    files: dict[str, str | None] = field(default_factory=dict)
    task: str | None = "total() in the shop's cart ignores its discount. Make it count, never below 0."
    patch: bytes | None = None
    hidden: str | None = None
    right: frozenset[str] = frozenset()
    timeout_s: float = 30.0
    limits: dict[str, int] = field(default_factory=dict)

    def verdicts(self) -> frozenset[str]:
        """The verdicts that are right."""
        return self.right or RIGHT[self.kind]
