"""What an attempt was worth, to policies that learn a reward directly."""

from __future__ import annotations

from mcp_router.orchestrator.cost import Costs
from mcp_router.types import Candidate
from memory_store.observations import Observation


class Rewards:
    """Rewards as they come in; price_of_usd is lambda. An unknown cost counts as the candidate's mean so far."""

    def __init__(self, candidates: tuple[Candidate, ...], price_of_usd: float) -> None:
        self._names = [candidate.id for candidate in candidates]
        self._costs = Costs({candidate.id: candidate.price for candidate in candidates})
        self._price_of_usd = price_of_usd

    def take(self, observation: Observation) -> float | None:
        """score - lambda * cost; None where nothing was found out."""
        self._costs.learn(observation.candidate, observation.cost_usd)
        if observation.score is None:
            return None
        cost = observation.cost_usd
        if cost is None:
            cost = self._costs.filled(observation.candidate, self._names)
        return observation.score - self._price_of_usd * cost
