"""The user's own journal, as it is: what was spent and resolved, by policy and by candidate. It compares nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from memory_store.records import Decision
from memory_store.regret import TaskReward, task_rewards
from memory_store.statistics import by_candidate
from memory_store.store import MemoryStore

ENOUGH = 30
"""Verified outcomes under which nothing is said of whether routing pays."""
LABEL = (
    "descriptive: what the tasks that fell to each policy and candidate cost and scored; they were different tasks, "
    "so this compares nothing"
)


def describe_memory(store: MemoryStore, price_of_usd: float) -> dict[str, Any]:
    """What `acrouter eval --memory` prints; price_of_usd is lambda.

    regret_at_least is a lower bound: of candidates that were not tried nothing is known.
    """
    observations = store.observations()
    rewards = task_rewards(observations, price_of_usd)
    verified = sum(one.verified and one.score is not None for one in observations)
    return {
        "bench": "memory",
        "kind": LABEL,
        "lambda": price_of_usd,
        "n": len(rewards),
        "verified": verified,
        "verdict": f"not worth it here yet: {verified} outcomes are too few to tell" if verified < ENOUGH else None,
        "policies": _by_policy(store.decisions(), rewards),
        "candidates": by_candidate(observations),
    }


def _by_policy(decisions: Sequence[Decision], rewards: Sequence[TaskReward]) -> list[dict[str, Any]]:
    """One row a policy over its decisions that have an outcome; spent_usd is None where no cost is known."""
    names = {decision.decision_id: decision.policy for decision in decisions}
    groups: dict[str, list[TaskReward]] = {}
    for one in rewards:
        groups.setdefault(names.get(one.task_id, "unknown"), []).append(one)
    return [
        {
            "policy": name,
            "decisions": len(group),
            "score": math.fsum(one.score for one in group) / len(group),
            "spent_usd": math.fsum(one.cost_usd for one in group),
            "unknown_costs": sum(one.unknown_costs for one in group),
            "regret_at_least": math.fsum(one.regret_at_least for one in group),
        }
        for name, group in sorted(groups.items())
    ]
