"""Decisions that the agent asked `route_task` for, and that the subagent which it starts next carries out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from mcp_router.repeats import is_over
from mcp_router.types import Decision, Task
from memory_store.records import stamp
from memory_store.similarity import SAME, overlap
from memory_store.store import MemoryStore

LASTS = timedelta(hours=1)
"""An agent hands over what it asked about at once, or after another subtask or two."""


def awaiting(store: MemoryStore) -> Iterator[Decision]:
    """Advice of the last hour that nobody has brought to its end, the latest first."""
    since = stamp(datetime.now(UTC) - LASTS)
    for decision in reversed(store.decisions()):
        if decision.at < since:
            return
        # What hooks decide themselves has no key.
        if decision.mode == "advise" and decision.idempotency_key is not None and not is_over(store, decision):
            yield decision


def asked_before(store: MemoryStore, task: Task, taken: Sequence[str]) -> Decision | None:
    """The decision that a subagent's task is about; of several the closest, and rather one that nobody is at yet.

    taken: ids of the decisions that other subagents are at work on.
    """
    found = [
        (overlap(one.features, task.features), one.decision_id not in taken, one)
        for one in awaiting(store)
        if one.repo == task.repo
    ]
    alike, _, decision = max(found, key=lambda each: each[:2], default=(0.0, True, None))
    return decision if alike >= SAME else None
