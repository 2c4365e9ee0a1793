"""One model, whatever the task."""

from __future__ import annotations

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.types import Context, Plan
from memory_store.observations import Observation


class Always:
    """Asks the same candidate once, and never another."""

    def __init__(self, candidate: str) -> None:
        self.candidate = candidate
        self.name = f"always:{candidate}"

    def choose(self, context: Context) -> Plan:
        """The one candidate."""
        return plan_of(context, [self.candidate], "It is always asked.")

    def learn(self, observation: Observation) -> None:
        """Nothing."""
