"""Choosing for the sake of knowledge: optimism where only choosing teaches, and a floor that keeps choices measurable.

Where nothing can be tried after the first, the first is the one of greatest optimistic reward: P(success) at the
1 - 1/(n + 2) quantile of its skill, n outcomes into the stream, less its cost (Bayes-UCB: Kaufmann, Cappe and
Garivier, "On Bayesian upper confidence bounds for bandit problems", AISTATS 2012), the skill's spread taken by half.
A cascade explores by itself: what follows a failure is seen as well.

>>> draw("task 1", "a", ("a", "b"), 0.0)
('a', 1.0)
>>> [draw(f"task {n}", "a", ("a", "b"), 0.5)[0] for n in range(6)]
['b', 'a', 'a', 'a', 'b', 'a']
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from statistics import NormalDist

from mcp_router.orchestrator.view import View
from mcp_router.types import HOST

OPTIMISM = 0.5
"""Share of a skill's standard deviation by which optimism reaches: the whole explores too long (docs/method.md)."""


def hopeful(view: View, names: Sequence[str], price: float, n: int) -> str | None:
    """The one of `names` of greatest optimistic reward, None if that is not above 0. price: lambda."""
    reach = OPTIMISM * NormalDist().inv_cdf(1.0 - 1.0 / (n + 2))
    rewards = {}
    for name in names:
        skill = view.estimates[name].skill
        optimistic = view.ease.chance(skill.mean + reach * math.sqrt(skill.variance))
        rewards[name] = optimistic - price * view.costs[name]
    best = max(rewards, key=rewards.__getitem__, default=None)
    return best if best is not None and rewards[best] > 0.0 else None


def plausible(view: View, leader: str, price: float) -> tuple[str, ...]:
    """Candidates that might be worth more than the leader, were they as good as they may be; the leader too."""
    bar = view.estimates[leader].p - price * view.costs[leader]
    might = (n for n, seen in view.estimates.items() if n != HOST and seen.high - price * view.costs[n] >= bar)
    return tuple(sorted({*might, leader}))


def draw(seed: str, leader: str, others: Sequence[str], share: float) -> tuple[str, float]:
    """Who goes first, and with what probability: with probability `share` drawn evenly from `others`, else the leader.

    `others` hold the leader too.
    """
    each = share / len(others)
    dice = random.Random(hashlib.sha256(seed.encode()).digest())
    if dice.random() >= share:
        return leader, 1.0 - share + each
    drawn = dice.choice(others)
    return drawn, each + (1.0 - share if drawn == leader else 0.0)
