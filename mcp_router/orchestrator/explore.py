"""Choosing for the sake of knowledge: optimism where only choosing teaches, and a floor that keeps choices measurable.

The plan is made as if each skill were better than believed, by a share of its standard deviation that grows slowly: at
the 1 - 1/(n + 2) quantile of the skill, n outcomes into the stream, and of that the part OPTIMISM (Bayes-UCB: Kaufmann,
Cappe and Garivier, "On Bayesian upper confidence bounds for bandit problems", AISTATS 2012; of whole lists: Kveton,
Szepesvari, Wen and Ashkan, "Cascading bandits", ICML 2015).

>>> draw("task 1", "a", {"a": 0.5, "b": 0.3}, 0.0)
('a', 1.0)
>>> [draw(f"task {n}", "a", {"a": 0.5, "b": 0.3}, 0.5)[0] for n in range(6)]
['a', 'a', 'a', 'b', 'b', 'b']
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping
from statistics import NormalDist

from mcp_router.orchestrator.ease import Ease, cdf
from mcp_router.orchestrator.posterior import Z80, Estimate
from mcp_router.orchestrator.view import View
from mcp_router.types import HOST

OPTIMISM = 0.3
"""Share of the quantile by which optimism reaches: the whole explores too long (docs/method.md)."""
LEAST_CHANCE = 0.05
"""Of being worth more than the leader; below it a candidate is never drawn."""


def hope(n: int) -> float:
    """How far optimism reaches n outcomes into the stream, in standard deviations of a skill.

    >>> hope(0), round(hope(98), 2)
    (0.0, 0.7)
    """
    return OPTIMISM * NormalDist().inv_cdf(1.0 - 1.0 / (n + 2))


def hopeful(estimate: Estimate, ease: Ease, reach: float) -> tuple[float, ...]:
    """P(success) at each node of the ease, were the skill `reach` standard deviations better than is believed."""
    skill = estimate.skill
    return ease.by_node(skill.mean + reach * math.sqrt(skill.variance), skill.variance)


def plausible(view: View, leader: str, price: float) -> dict[str, float]:
    """Candidates that may be worth more than the leader, and how likely that is; the leader, beside itself, one half.

    The difference of two rewards is taken to be Gaussian, its spread that of the 80 % intervals.
    """
    bar, own = _worth(view, leader, price)
    chances = {leader: 0.5}
    for name in view.estimates:
        if name not in (HOST, leader):
            reward, spread = _worth(view, name, price)
            chances[name] = cdf((reward - bar) / max(math.hypot(spread, own), 1e-9))
    return {name: chance for name, chance in sorted(chances.items()) if chance >= LEAST_CHANCE}


def draw(seed: str, leader: str, chances: Mapping[str, float], share: float) -> tuple[str, float]:
    """Who goes first, and with what probability: with probability `share` drawn by `chances`, else the leader.

    `chances` hold the leader too; they need not sum to 1.
    """
    dice = random.Random(hashlib.sha256(seed.encode()).digest())
    drawn = leader if dice.random() >= share else dice.choices(list(chances), list(chances.values()))[0]
    return drawn, share * chances[drawn] / sum(chances.values()) + (1.0 - share if drawn == leader else 0.0)


def _worth(view: View, name: str, price: float) -> tuple[float, float]:
    """Expected reward of an attempt, and its standard deviation as far as the skill is not known."""
    seen = view.estimates[name]
    return seen.p - price * view.costs[name], (seen.high - seen.low) / (2.0 * Z80)
