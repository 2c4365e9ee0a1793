"""The life of work that outlasts a call, in the journal: any process can tell how far it is, and whether it lives."""

from __future__ import annotations

import os
import uuid

from mcp_router.types import Outcome, RunEvent
from memory_store.records import now
from memory_store.store import MemoryStore

RUN = "run:"
"""Prefix of the keys under which delegated runs work in the background."""
UNDER_WAY = ("running", "cancelling")
INTERNAL_FAULT = "an internal fault; see the server's log"


def status(store: MemoryStore, decision_id: str) -> RunEvent | None:
    """The last event of a run; one that says running while its process is dead is shown as interrupted."""
    events = store.run_events(decision_id)
    if not events:
        return None
    last = events[-1]
    if last.status in UNDER_WAY:
        begun = next(e for e in reversed(events) if e.status == "running" or e is events[0])
        if not _alive(begun):
            return RunEvent(
                event_id=last.event_id,
                decision_id=decision_id,
                at=last.at,
                work=last.work,
                status="interrupted",
                note="the process that ran it is gone; the same call takes it up again",
            )
    return last


def mark_interrupted(store: MemoryStore, key: str) -> None:
    """Record that a run did not end before its process had to."""
    decision_id = key.removeprefix(RUN)
    last = status(store, decision_id) if key.startswith(RUN) else None
    if last is not None and last.status in UNDER_WAY:
        write_event(store, decision_id, "interrupted", note="the client went away")


def write_event(
    store: MemoryStore,
    decision_id: str,
    state: str,
    *,
    work: str = "delegate",
    note: str | None = None,
    outcome: Outcome | None = None,
) -> None:
    """Append a step of a run's life."""
    import psutil

    result = None
    if outcome is not None:
        attempts = store.attempts(decision_id)
        result = next((a.result for a in attempts if a.attempt_id == outcome.attempt_id), None)
    running = state == "running"
    store.append(
        RunEvent(
            event_id=uuid.uuid4().hex[:16],
            decision_id=decision_id,
            at=now(),
            work=work,
            status=state,
            note=note,
            attempt_id=outcome.attempt_id if outcome else None,
            result=result,
            pid=os.getpid() if running else None,
            pid_started=psutil.Process().create_time() if running else None,
        )
    )


def _alive(event: RunEvent) -> bool:
    import psutil

    if event.pid is None or event.pid_started is None:
        return False
    try:
        return bool(abs(psutil.Process(event.pid).create_time() - event.pid_started) < 1.0)
    except psutil.Error:
        return False
