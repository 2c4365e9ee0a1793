"""Who may be asked at all, before anything is estimated: allowed, able to hold the task, strong enough, and up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_router.errors import BadInput
from mcp_router.models import resolve
from mcp_router.orchestrator.floor import above_floor
from mcp_router.types import HOST, Candidate, Task

if TYPE_CHECKING:
    from mcp_router.config import Config, RepositoryConfig

CHARACTERS_A_TOKEN = 4
ROOM_FOR_WORK_TOKENS = 20_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller of one task wants: a list to choose among, or one model and no other."""

    candidates: tuple[str, ...] | None = None
    force_model: str | None = None


def eligible(
    task: Task,
    known: Sequence[Candidate],
    config: Config,
    repository: RepositoryConfig,
    wishes: Wishes,
    aside: Mapping[str, str] | None = None,
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """The candidates left, and a sentence for each reason why others are not.

    aside: who stands aside because its provider failed lately, with the sentence that says so; a model that is
    forced is asked all the same, and so are all where nobody else is left.

    Raises:
        BadInput: a wish names a model that is not available or too weak for the task, or nothing is left.
    """
    left, notes = list(known), []
    if repository.candidates is not None:
        left = [c for c in left if _named(c, repository.candidates) or c.id == HOST]
        notes.append("the repository's .acrouter.toml narrows the candidates")
    strong, raised = above_floor(task, known, config.floor)
    if wishes.force_model is not None:
        return _forced(wishes.force_model, known, left, strong, raised), ()
    if wishes.candidates is not None:
        missing = [name for name in wishes.candidates if not any(_named(c, [name]) for c in left)]
        if missing:
            raise BadInput(f"candidates: {missing[0]!r} is not available here; choose among {_names(left)}.")
        left = [c for c in left if _named(c, wishes.candidates)]
    elif task.size < 1.0 and (host := [c for c in left if c.id == HOST]):
        return tuple(host), ("a chore: handing it over would cost more than doing it",)
    left, dropped = _fitting(task, left)
    left, absent = _up([c for c in left if c in strong], aside or {})
    notes += [*dropped, *raised, *absent]
    if not left:
        why = f" ({'; '.join(notes)})" if notes else ""
        raise BadInput(f"no candidate is left for this task{why}; widen candidates, or give a shorter task.")
    return tuple(left), tuple(notes)


def _forced(
    name: str, known: Sequence[Candidate], allowed: Sequence[Candidate], strong: Sequence[Candidate], why: list[str]
) -> tuple[Candidate, ...]:
    """The candidate of this id, else the model of this name at each of its efforts."""
    meant = [c for c in known if c.id == name] or [c for c in known if _named(c, [name])]
    left = [c for c in meant if c in allowed]
    if not left and meant:
        raise BadInput(f"force_model: {name!r} is not among the candidates that .acrouter.toml allows.")
    if not left:
        raise BadInput(f"force_model: {name!r} is not available here; choose among {_names(allowed)}.")
    if not any(c in strong for c in left):
        raise BadInput(f"force_model: {name!r} is too weak for this task ({'; '.join(why)}); name a stronger model.")
    return tuple(c for c in left if c in strong)


def _fitting(task: Task, candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[str]]:
    needed = len(task.text) // CHARACTERS_A_TOKEN + ROOM_FOR_WORK_TOKENS
    fits = [c for c in candidates if c.context_tokens is None or c.context_tokens >= needed]
    notes = [f"{c.id} cannot hold a task of about {needed:,} tokens" for c in candidates if c not in fits]
    return fits, notes


def _up(candidates: Sequence[Candidate], aside: Mapping[str, str]) -> tuple[list[Candidate], list[str]]:
    up = [c for c in candidates if c.id not in aside]
    if candidates and not up:
        return list(candidates), ["every provider failed lately; they are asked all the same"]
    return up, [aside[c.id] for c in candidates if c.id in aside]


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
