"""Who may be asked at all, before anything is estimated: allowed, able to hold the task, strong enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from mcp_router.errors import BadInput
from mcp_router.models import resolve
from mcp_router.types import HOST, Candidate, Task

if TYPE_CHECKING:
    from mcp_router.config import Config, RepositoryConfig

CHARACTERS_A_TOKEN = 4
ROOM_FOR_WORK_TOKENS = 20_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller of one task wants: a list to choose among, or one model and no choice."""

    candidates: tuple[str, ...] | None = None
    force_model: str | None = None


def eligible(
    task: Task, known: Sequence[Candidate], config: Config, repository: RepositoryConfig, wishes: Wishes
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """The candidates left, and a sentence for each reason why others are not.

    Raises:
        BadInput: a wish names a model that is not available, or nothing is left.
    """
    left, notes = list(known), []
    if repository.candidates is not None:
        left = [c for c in left if _named(c, repository.candidates) or c.id == HOST]
        notes.append("the repository's .acrouter.toml narrows the candidates")
    if wishes.force_model is not None:
        return (_forced(wishes.force_model, known, left),), ()
    if wishes.candidates is not None:
        missing = [name for name in wishes.candidates if not any(_named(c, [name]) for c in left)]
        if missing:
            raise BadInput(f"candidates: {missing[0]!r} is not available here; choose among {_names(left)}.")
        left = [c for c in left if _named(c, wishes.candidates)]
    left, dropped = _fitting(task, left)
    notes += dropped
    left, raised = _above_floor(task, left, config)
    notes += raised
    if not left:
        raise BadInput("no candidate is left for this task; widen candidates, or give a shorter task.")
    return tuple(left), tuple(notes)


def _forced(name: str, known: Sequence[Candidate], allowed: Sequence[Candidate]) -> Candidate:
    for candidate in allowed:
        if _named(candidate, [name]):
            return candidate
    if any(_named(candidate, [name]) for candidate in known):
        raise BadInput(f"force_model: {name!r} is not among the candidates that .acrouter.toml allows.")
    raise BadInput(f"force_model: {name!r} is not available here; choose among {_names(allowed)}.")


def _fitting(task: Task, candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[str]]:
    needed = len(task.text) // CHARACTERS_A_TOKEN + ROOM_FOR_WORK_TOKENS
    fits = [c for c in candidates if c.context_tokens is None or c.context_tokens >= needed]
    notes = [f"{c.id} cannot hold a task of about {needed:,} tokens" for c in candidates if c not in fits]
    return fits, notes


def _above_floor(task: Task, candidates: Sequence[Candidate], config: Config) -> tuple[list[Candidate], list[str]]:
    """Drop what is weaker than the floor of a risky task; strength is taken from the list price."""
    for pattern, model in config.floor.items():
        if not _touches(task, pattern):
            continue
        floor = next((c for c in candidates if _named(c, [model])), None)
        if floor is None:
            raise BadInput(f"floor: {model!r}, set for {pattern!r} in config.toml, is not among the candidates.")
        kept = [c for c in candidates if c.id == HOST or c == floor or _dearer(c, floor)]
        return kept, [f"{pattern!r} is risky here: nothing below {floor.id}"]
    return list(candidates), []


def _touches(task: Task, pattern: str) -> bool:
    return pattern.lower() in task.text.lower() or any(fnmatch(name, pattern) for name in task.files)


def _dearer(candidate: Candidate, floor: Candidate) -> bool:
    mine, bar = candidate.price.output, floor.price.output
    return mine is not None and bar is not None and mine >= bar


def _named(candidate: Candidate, names: Sequence[str]) -> bool:
    """Whether a name means the candidate: its id, its model, or another name of the same model."""
    if candidate.id in names or candidate.model in names:
        return True
    identity = resolve(candidate.model)
    return identity is not None and any(
        (known := resolve(name)) is not None and known.identity == identity.identity for name in names
    )


def _names(candidates: Sequence[Candidate]) -> str:
    return ", ".join(candidate.id for candidate in candidates) or "none"
