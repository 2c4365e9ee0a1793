"""Where beliefs about a model start before it was ever tried here.

`prior.json` holds what the policy would believe had it seen every outcome of CodeRouterBench's fitting set (command
inside). In the families of tasks that it knows, these beliefs stand as they are. A benchmark says little of a
user's own repository: there it only moves the means, relative to the other models, and the variances are those of
a model that nobody has tried; a newer model of the same family inherits half of the difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mcp_router.models import resolve
from mcp_router.orchestrator.posterior import EASE, VARIANCES, Belief, Key
from mcp_router.types import Candidate

TABLE = Path(__file__).with_name("prior.json")
SAME_FAMILY_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Family:
    """One family of tasks: the mean of each model's skill there and their variance, and the ease of its tasks."""

    means: dict[str, float]
    variance: float
    ease: Belief


@dataclass(frozen=True, slots=True)
class Table:
    """models: by model, its skill over all tasks ("all") and its offset by dimension, less the mean of the models."""

    models: dict[str, dict[str, float]]
    families: dict[str, Family]


def fitted_prior(candidates: Iterable[Candidate]) -> dict[Key, Belief]:
    """Beliefs by component for those candidates that the table knows, by identity or by family of models."""
    table = _table()
    prior: dict[Key, Belief] = {(EASE, "repo", name): family.ease for name, family in table.families.items()}
    for candidate in candidates:
        name, share = _known(candidate.model, table)
        for level, offset in table.models.get(name, {}).items():
            key = (candidate.id,) if level == "all" else (candidate.id, "dimension", level)
            prior[key] = Belief(share * offset, VARIANCES["" if level == "all" else "dimension"])
        for repo, family in table.families.items() if share == 1.0 else ():
            prior[(candidate.id, "repo", repo)] = Belief(family.means[name], family.variance)
    return prior


def _known(model: str, table: Table) -> tuple[str, float]:
    """The table's model that tells of this one, and how far, in [0, 1]: 0 if none does."""
    if model in table.models:
        return model, 1.0
    known = resolve(model)
    if known is None:
        return "", 0.0
    if known.identity in table.models:
        return known.identity, 1.0
    for name in table.models:
        other = resolve(name)
        if other is not None and other.family == known.family:
            return name, SAME_FAMILY_SHARE
    return "", 0.0


@cache
def _table() -> Table:
    """The table that fit_prior wrote; read once."""
    data = json.loads(TABLE.read_text(encoding="utf-8"))
    order: list[str] = data["order"]
    return Table(
        models=data["models"],
        families={
            name: Family(dict(zip(order, row["skill"], strict=True)), row["variance"], Belief(*row["ease"]))
            for name, row in data["families"].items()
        },
    )
