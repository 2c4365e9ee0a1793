"""Subagents that the memory saw at work: what was written down then says more than a transcript does now."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from datetime import datetime, timedelta

from mcp_router.hooks.asked import LASTS
from mcp_router.hooks.calls import decision_id_of
from mcp_router.imports.names import repository
from mcp_router.imports.session import Subtask
from mcp_router.orchestrator.task import holds, make_task
from mcp_router.types import Decision
from memory_store.records import stamp
from memory_store.store import MemoryStore

LATE = timedelta(minutes=1)
"""By which a hook's decision may be written down after its subagent began."""


class Seen:
    """The decisions of a memory by which its subagents are known."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._decisions = [decision for decision in store.decisions() if decision.mode == "advise"]
        self._times = [decision.at for decision in self._decisions]
        self._met = Counter[str]()

    def has(self, subtask: Subtask) -> bool:
        """Whether there is a decision on this very call, or one with attempts on the same words shortly before it.

        Codex and opencode do not tell which call started a subagent, nor does an agent that asked `route_task`.
        """
        if subtask.call is not None and self._store.decision(decision_id_of(*subtask.call)) is not None:
            return True
        near = self._before(subtask.at) if subtask.is_agent and subtask.text.strip() else []
        if not near:
            return False
        repo, task = repository(subtask.cwd)[0], make_task(subtask.text)
        for one in reversed(near):
            # An attempt is one subagent's: of more with these words the others were seen by nobody.
            is_free = self._met[one.decision_id] < len(self._store.attempts(one.decision_id))
            if is_free and one.repo == repo and holds(task, one.title, one.features):
                self._met[one.decision_id] += 1
                return True
        return False

    def _before(self, at: str) -> list[Decision]:
        try:
            began = datetime.fromisoformat(at)
        except ValueError:
            return []
        first, last = (bisect_left(self._times, stamp(moment)) for moment in (began - LASTS, began + LATE))
        return self._decisions[first:last]
