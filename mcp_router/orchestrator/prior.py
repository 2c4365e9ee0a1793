"""Where beliefs about a model start before it was ever tried here.

`prior.json` holds how models compare on CodeRouterBench (command inside). A benchmark says little of a user's
repository, so its weight is capped: the variances below leave a handful of outcomes free to overrule it, and a
newer model of the same family inherits half of the difference. A model that it does not know starts flat.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from mcp_router.models import resolve
from mcp_router.orchestrator.posterior import DIMENSION_VARIANCE, FLAT_VARIANCE, LOADING, Belief, Key
from mcp_router.types import Candidate

SAME_MODEL_VARIANCE = 0.4
SAME_FAMILY_VARIANCE = 0.7
SAME_FAMILY_SHARE = 0.5


def fitted_prior(candidates: Iterable[Candidate]) -> dict[Key, Belief]:
    """Beliefs by component for those candidates that the table knows, by identity or by family."""
    prior: dict[Key, Belief] = {}
    for candidate in candidates:
        found = _row(candidate.model)
        if found is None:
            continue
        row, share, variance = found
        # A probit of a rate over tasks of all eases, brought to the scale on which ease is a variable of its own.
        scale = share * math.sqrt(1.0 + LOADING**2 + FLAT_VARIANCE)
        prior[(candidate.id,)] = Belief(scale * row["all"], variance)
        for dimension, value in row.items():
            if dimension != "all":
                offset = Belief(scale * (value - row["all"]), DIMENSION_VARIANCE)
                prior[(candidate.id, "dimension", dimension)] = offset
    return prior


def _row(model: str) -> tuple[dict[str, float], float, float] | None:
    table = _table()
    if model in table:
        return table[model], 1.0, SAME_MODEL_VARIANCE
    known = resolve(model)
    if known is None:
        return None
    if known.identity in table:
        return table[known.identity], 1.0, SAME_MODEL_VARIANCE
    for name, row in table.items():
        other = resolve(name)
        if other is not None and other.family == known.family:
            return row, SAME_FAMILY_SHARE, SAME_FAMILY_VARIANCE
    return None


@cache
def _table() -> dict[str, dict[str, float]]:
    path = Path(__file__).with_name("prior.json")
    models: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))["models"]
    return models
