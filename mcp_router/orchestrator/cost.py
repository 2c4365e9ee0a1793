"""What an attempt of a candidate is expected to cost, in USD.

The arithmetic mean of its known costs, with a few pseudo-attempts at its list price times a scale that all
candidates share (how much dearer attempts turn out here than a typical one). Single costs are clipped, because one
runaway attempt must not shut a model out, at a multiple of the running mean that grows with the square root of what
was seen, so that rare dear attempts count in the end (the truncated mean of Bubeck, Cesa-Bianchi and Lugosi, "Bandits
with heavy tail", IEEE Transactions on Information Theory 2013).

>>> costs = Costs({"m": Price(input=1.0, output=5.0)})
>>> round(costs.expected("m"), 4)
0.0275
>>> for _ in range(8): costs.learn("m", 0.10)
>>> 0.08 < costs.expected("m") < 0.11
True
>>> costs.expected("never seen, no price") is None
True
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mcp_router.types import HOST, Context, Price

TYPICAL_INPUT_TOKENS = 20_000
TYPICAL_OUTPUT_TOKENS = 1_500
PSEUDO_ATTEMPTS = 2.0
CLIP = 4.0
"""Of the running mean, for the first attempts."""
HANDOVER_SHARE = 0.4
"""Part of a typical attempt's cost that only tells the other model what the host knows already."""


def list_cost_usd(price: Price | None, share: float = 1.0) -> float | None:
    """A typical attempt at list price; None where a price is unknown. share scales its tokens."""
    if price is None or price.input is None or price.output is None:
        return None
    return share * (price.input * TYPICAL_INPUT_TOKENS + price.output * TYPICAL_OUTPUT_TOKENS) / 1e6


@dataclass
class Costs:
    """Running means of what attempts cost."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    count: dict[str, float] = field(default_factory=dict)
    total: dict[str, float] = field(default_factory=dict)

    def learn(self, candidate: str, cost_usd: float | None) -> None:
        """Take in one attempt's cost; an unknown one is left out."""
        if cost_usd is None:
            return
        seen = self.count.get(candidate, 0.0)
        mean = self.total.get(candidate, 0.0) / seen if seen else self.expected(candidate)
        clipped = min(cost_usd, CLIP * math.sqrt(max(seen, 1.0)) * mean) if mean else cost_usd
        self.count[candidate] = seen + 1.0
        self.total[candidate] = self.total.get(candidate, 0.0) + clipped

    def expected(self, candidate: str) -> float | None:
        """USD of the next attempt; None if neither a price nor a cost is known."""
        seen, total = self.count.get(candidate, 0.0), self.total.get(candidate, 0.0)
        listed = list_cost_usd(self.prices.get(candidate))
        if listed is not None:
            return (total + PSEUDO_ATTEMPTS * listed * self._scale()) / (seen + PSEUDO_ATTEMPTS)
        return total / seen if seen else None

    def filled(self, candidate: str, others: list[str]) -> float:
        """As `expected`; where nothing is known, the mean of the others: unknown must not look free."""
        own = self.expected(candidate)
        if own is not None:
            return own
        known = [cost for other in others if (cost := self.expected(other)) is not None]
        return sum(known) / len(known) if known else 0.0

    def on_task(self, candidate: str, context: Context) -> float:
        """USD expected of an attempt on this task, of which the work shrinks with the task, the handing over does not.

        The host saves the handing over, and is taken to run the dearest model until it is known what it costs.
        """
        others = [c.id for c in context.candidates if c.id != HOST]
        if candidate != HOST:
            work = (1.0 - HANDOVER_SHARE) * (list_cost_usd(self.prices.get(candidate)) or 0.0)
            return max(self.filled(candidate, others) - (1.0 - context.task.size) * work, 0.0)
        own = self.expected(HOST)
        dearest = max((self.filled(other, others) for other in others), default=0.0)
        return own if own is not None else dearest * (1.0 - HANDOVER_SHARE) * context.task.size

    def _scale(self) -> float:
        """How attempts here compare with a typical one, pulled towards 1 by one pseudo-attempt a candidate."""
        spent, listed = 0.0, 0.0
        for candidate, seen in self.count.items():
            typical = list_cost_usd(self.prices.get(candidate))
            if typical:
                spent += self.total[candidate] + typical
                listed += (seen + 1.0) * typical
        return spent / listed if listed else 1.0
