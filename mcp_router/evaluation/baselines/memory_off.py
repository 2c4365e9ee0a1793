"""The same policy without its memory: what is left is its prior, its prices and the failures on the task at hand."""

from __future__ import annotations

from collections.abc import Callable

from mcp_router.types import Context, Orchestrator, Plan
from memory_store.observations import Observation


class MemoryOff:
    """A fresh policy for every task; nothing is carried from one to the next."""

    def __init__(self, build: Callable[[], Orchestrator]) -> None:
        self._build = build
        self._policy, self._task_id = build(), ""
        self.name = f"{self._policy.name}:memory-off"

    def choose(self, context: Context) -> Plan:
        """What a policy answers that has seen this task only."""
        if context.task_id != self._task_id:
            self._policy, self._task_id = self._build(), context.task_id
        return self._policy.choose(context)

    def learn(self, observation: Observation) -> None:
        """What became of an attempt on the task at hand."""
        if observation.task_id == self._task_id:
            self._policy.learn(observation)
