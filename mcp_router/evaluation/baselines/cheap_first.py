"""Candidates from the cheapest to the dearest."""

from __future__ import annotations

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.orchestrator.cost import Costs
from mcp_router.types import Candidate, Context, Plan
from memory_store.observations import Observation


class CheapFirst:
    """Goes by expected cost: the list price, corrected by what attempts did cost. The unpriced lead until they ran."""

    name = "cheap-first"

    def __init__(self, candidates: tuple[Candidate, ...]) -> None:
        self._costs = Costs({candidate.id: candidate.price for candidate in candidates})

    def choose(self, context: Context) -> Plan:
        """All candidates, the cheapest first."""
        expected = {candidate.id: self._costs.expected(candidate.id) or 0.0 for candidate in context.candidates}
        return plan_of(context, sorted(expected, key=lambda name: (expected[name], name)), "It is the cheapest left.")

    def learn(self, observation: Observation) -> None:
        """What the attempt cost."""
        self._costs.learn(observation.candidate, observation.cost_usd)
