"""Decisions that the agent asked `route_task` for, and that the subagent which it starts next carries out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from mcp_router.models import is_codex
from mcp_router.orchestrator.task import holds
from mcp_router.repeats import is_over
from mcp_router.types import Decision, Task
from memory_store.records import stamp
from memory_store.store import MemoryStore

LASTS = timedelta(hours=1)
"""An agent hands over what it asked about at once, or after another subtask or two."""


def awaiting(store: MemoryStore, client: str, before: datetime) -> Iterator[Decision]:
    """Advice that a client's agent was given in the last hour before a moment, and that nobody has brought to its end.

    The latest first.
    """
    first, last = stamp(before - LASTS), stamp(before)
    for decision in reversed(store.decisions()):
        if decision.at < first:
            return
        # What hooks decide themselves has no key.
        asked = decision.mode == "advise" and decision.idempotency_key is not None and decision.at <= last
        if asked and is_codex(decision.client) == is_codex(client) and not is_over(store, decision):
            yield decision


def asked_before(store: MemoryStore, task: Task, client: str, began_ns: int) -> Decision | None:
    """The decision that a subagent's task is about, None if its agent did not ask."""
    began = datetime.fromtimestamp(began_ns / 1e9, UTC)
    found = (one for one in awaiting(store, client, began) if one.repo == task.repo)
    return next((one for one in found if holds(task, one.title, one.features)), None)
