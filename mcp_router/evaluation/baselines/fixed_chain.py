"""The same candidates in the same order, whatever the task; one of them is "always this model"."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.types import Context, Plan
from memory_store.observations import Observation


class FixedChain:
    """Asks its candidates in turn, and never another."""

    def __init__(self, name: str, candidates: Sequence[str]) -> None:
        self.name = name
        self._candidates = tuple(candidates)

    def choose(self, context: Context) -> Plan:
        """What is left of the chain."""
        return plan_of(context, self._candidates, "The chain is fixed.")

    def learn(self, observation: Observation) -> None:
        """Nothing."""
