"""LinUCB: optimism under a linear model (Li, Chu, Langford and Schapire, WWW 2010, Algorithm 1)."""

from __future__ import annotations

import math

from mcp_router.evaluation.baselines.linear import LinearBandit
from mcp_router.types import Candidate, Context, Plan

ALPHA = 1.0
"""Width of the bound, and ridge 1: as in the published decisions on OOD176."""


class LinUcb(LinearBandit):
    """Ranks by mean + alpha * standard error."""

    def __init__(self, candidates: tuple[Candidate, ...], price_of_usd: float) -> None:
        super().__init__("linucb", candidates, price_of_usd)

    def choose(self, context: Context) -> Plan:
        """The candidate of the highest bound."""
        return self.rank(context, lambda mean, variance: mean + ALPHA * math.sqrt(variance), "Its bound is highest.")
