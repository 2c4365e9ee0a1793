"""LinTS: sampling under a linear model (Agrawal and Goyal, "Thompson sampling for contextual bandits with linear
payoffs", ICML 2013).

Candidates share no parameters, so x . theta is drawn for each from its own normal distribution.
"""

from __future__ import annotations

import math
import random

from mcp_router.evaluation.baselines.linear import LinearBandit
from mcp_router.types import Candidate, Context, Plan

SPREAD = 0.35
"""v, the standard deviation of the rewards' noise, and ridge 1: as in the published decisions on OOD176."""


class LinTs(LinearBandit):
    """Ranks by a draw from each candidate's posterior reward."""

    def __init__(self, candidates: tuple[Candidate, ...], price_of_usd: float) -> None:
        super().__init__("lints", candidates, price_of_usd)

    def choose(self, context: Context) -> Plan:
        """The candidate of the highest draw."""
        dice = random.Random(f"{context.draw}/{len(context.tried)}")
        return self.rank(
            context, lambda mean, variance: dice.gauss(mean, SPREAD * math.sqrt(variance)), "Its draw is highest."
        )
