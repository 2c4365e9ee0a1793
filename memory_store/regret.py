"""Reward and regret as far as the memory can know them.

reward = score - lambda * cost of all attempts. Regret is against the best single candidate on the same task;
of candidates that were not tried nothing is known, so what is computed here is a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memory_store.observations import Observation


@dataclass(frozen=True, slots=True)
class TaskReward:
    """One task: the reward obtained and the least that was lost to the best single candidate tried."""

    task_id: str
    dimension: str
    repo: str | None
    score: float
    cost_usd: float
    unknown_costs: int
    reward: float
    regret_at_least: float


def task_rewards(observations: Iterable[Observation], price_of_usd: float) -> list[TaskReward]:
    """One row a task that has an outcome, in order of first appearance. The last attempt's score is the task's."""
    by_task: dict[str, list[Observation]] = {}
    for observation in observations:
        by_task.setdefault(observation.task_id, []).append(observation)
    return [_task_reward(items, price_of_usd) for items in by_task.values() if any(o.score is not None for o in items)]


def _task_reward(items: list[Observation], price_of_usd: float) -> TaskReward:
    scored = [o for o in items if o.score is not None]
    score = max(o.score or 0.0 for o in scored)
    cost = sum(o.cost_usd or 0.0 for o in items)
    best = max((o.score or 0.0) - price_of_usd * (o.cost_usd or 0.0) for o in scored)
    reward = score - price_of_usd * cost
    return TaskReward(
        task_id=items[0].task_id,
        dimension=items[0].dimension,
        repo=items[0].repo,
        score=score,
        cost_usd=cost,
        unknown_costs=sum(o.cost_usd is None for o in items),
        reward=reward,
        regret_at_least=max(0.0, best - reward),
    )
