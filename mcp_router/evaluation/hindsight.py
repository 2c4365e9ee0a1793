"""What only hindsight can choose: the bounds that no policy is given the means to reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mcp_router.evaluation.accounting import Charges, Play
from mcp_router.evaluation.tables import BenchTask


def oracle(tasks: Sequence[BenchTask], charged: Sequence[Charges], price_of_usd: float) -> list[Play]:
    """The best single model of each task: no regret, by definition."""
    plays = []
    for task, usd in zip(tasks, charged, strict=True):
        best = max(task.runs, key=lambda model: task.runs[model].score - price_of_usd * usd[model])
        plays.append(Play(task, (best,), best))
    return plays


def best_single(tasks: Sequence[BenchTask], charged: Sequence[Charges], price_of_usd: float) -> list[Play]:
    """The one model of greatest total reward, on every task."""
    rewards = {
        model: math.fsum(
            task.runs[model].score - price_of_usd * usd[model] for task, usd in zip(tasks, charged, strict=True)
        )
        for model in tasks[0].runs
    }
    best = max(rewards, key=rewards.__getitem__)
    return [Play(task, (best,), best) for task in tasks]
