"""The same policy with a memory that holds as much and says nothing: if it does as well, the memory is not why."""

from __future__ import annotations

import random
from dataclasses import replace

from mcp_router.types import Candidate, Context, Orchestrator, Plan
from memory_store.observations import Observation


class MemoryShuffled:
    """Files what is learned under a permutation of the candidates, drawn anew for each task."""

    def __init__(self, policy: Orchestrator, candidates: tuple[Candidate, ...], seed: str) -> None:
        self._policy, self._seed = policy, seed
        self._names = [candidate.id for candidate in candidates]
        self.name = f"{policy.name}:memory-shuffled"

    def choose(self, context: Context) -> Plan:
        """What the policy answers."""
        return self._policy.choose(context)

    def learn(self, observation: Observation) -> None:
        """The outcome, as another candidate's."""
        drawn = random.Random(f"{self._seed}/{observation.task_id}").sample(self._names, len(self._names))
        other = drawn[self._names.index(observation.candidate)]
        self._policy.learn(replace(observation, candidate=other))
