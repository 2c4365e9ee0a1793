"""Candidates in a random order."""

from __future__ import annotations

import random

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.types import Context, Plan
from memory_store.observations import Observation


class RandomOrder:
    """Draws an order for each task, from the context's draw."""

    name = "random"

    def choose(self, context: Context) -> Plan:
        """All candidates, shuffled."""
        names = [candidate.id for candidate in context.candidates]
        random.Random(context.draw).shuffle(names)
        return plan_of(context, names, "It was drawn.", 1.0 / len(names))

    def learn(self, observation: Observation) -> None:
        """Nothing."""
