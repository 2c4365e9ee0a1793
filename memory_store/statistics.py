"""What the memory says in figures: by candidate, by kind of task, by repository."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from memory_store.observations import Observation
    from memory_store.store import MemoryStore

Z95 = 1.959964


def by_candidate(observations: Iterable[Observation]) -> list[dict[str, Any]]:
    """One row a candidate, the most tried first; the fields are those of `figures`."""
    return _rows(observations, "candidate", lambda one: one.candidate)


def by_dimension(observations: Iterable[Observation]) -> list[dict[str, Any]]:
    """One row a kind of task, as `by_candidate`."""
    return _rows(observations, "dimension", lambda one: one.dimension)


def by_repository(observations: Iterable[Observation]) -> list[dict[str, Any]]:
    """One row a repository, as `by_candidate`; None is work outside of any."""
    return _rows(observations, "repository", lambda one: one.repo)


def summary(store: MemoryStore) -> dict[str, Any]:
    """The whole memory: what it holds, what was spent, what was learned, and the state of its journal.

    `spent_usd` adds up the known costs of all attempts; `unknown_costs` counts the attempts that it leaves out.
    """
    observations = store.observations()
    health = store.health()
    total = figures(observations)
    return {
        "decisions": health["decisions"],
        "attempts": total["attempts"],
        "outcomes": health["outcomes"],
        "judged": total["judged"],
        "verified": total["verified"],
        "imported": total["imported"],
        "spent_usd": total["spent_usd"],
        "unknown_costs": total["unknown_costs"],
        "first": observations[0].at if observations else None,
        "last": observations[-1].at if observations else None,
        "candidates": by_candidate(observations),
        "dimensions": by_dimension(observations),
        "repositories": by_repository(observations),
        "damaged_lines": health["damaged_lines"],
        "torn": health["torn"],
        "problem": health["problem"],
        "journal": health["path"],
    }


def figures(observations: Sequence[Observation]) -> dict[str, Any]:
    """Counts, mean score and costs of some attempts.

    `judged` are the attempts with a score, `verified` those of them that our own checks judged, `imported` those whose
    verdict was read off a past session. `score` is the
    mean weighted by strength, `interval` its 95 % interval (see `wilson`); None without a judged attempt.
    `cost_usd` is the mean of the known costs, `spent_usd` their sum, `unknown_costs` counts the others.
    """
    judged = [one for one in observations if one.score is not None]
    weight = math.fsum(one.weight for one in judged)
    score = math.fsum(one.weight * (one.score or 0.0) for one in judged) / weight if weight else None
    costs = [one.cost_usd for one in observations if one.cost_usd is not None]
    return {
        "attempts": len(observations),
        "judged": len(judged),
        "verified": sum(one.verified for one in judged),
        "imported": sum(one.imported and not one.verified for one in judged),
        "score": score,
        "interval": None if score is None else list(wilson(score, weight)),
        "cost_usd": math.fsum(costs) / len(costs) if costs else None,
        "spent_usd": math.fsum(costs) if costs or not observations else None,
        "unknown_costs": len(observations) - len(costs),
    }


def wilson(mean: float, weight: float, z: float = Z95) -> tuple[float, float]:
    """The score interval for a proportion (Wilson, JASA 22, 1927, pp. 209-212), without continuity correction.

    `mean` in [0, 1] is taken over evidence that weighs `weight` in all, an outcome of strength 0.3 counting as
    0.3 of a trial. For scores between 0 and 1 it errs on the wide side: no such variable varies more than one
    that is either.

    >>> [round(bound, 3) for bound in wilson(0.8, 10)]
    [0.49, 0.943]
    >>> [round(bound, 3) for bound in wilson(1.0, 0.3)]
    [0.072, 1.0]
    """
    shrunk = 1 + z * z / weight
    centre = (mean + z * z / (2 * weight)) / shrunk
    half = z / shrunk * math.sqrt(mean * (1 - mean) / weight + z * z / (4 * weight * weight))
    return max(0.0, centre - half), min(1.0, centre + half)


def _rows(
    observations: Iterable[Observation], name: str, key: Callable[[Observation], str | None]
) -> list[dict[str, Any]]:
    groups: dict[str | None, list[Observation]] = {}
    for one in observations:
        groups.setdefault(key(one), []).append(one)
    rows = [{name: value, **figures(group)} for value, group in groups.items()]
    return sorted(rows, key=lambda row: (-row["attempts"], row[name] or ""))
