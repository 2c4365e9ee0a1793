"""A delegated run: the loop in a thread of its own, each step of its life in the journal.

A run that another process started can be followed and cancelled through the memory alone. A run whose process
died counts as interrupted; the same call made again takes it up where it stood.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid

import psutil

from mcp_router.background import Job
from mcp_router.budget import Purse
from mcp_router.errors import AcrouterError, Cancelled
from mcp_router.executors.api import ApiExecutor
from mcp_router.loop import Ask
from mcp_router.session import Session
from mcp_router.types import Decision, Limits, Outcome, Verdict
from memory_store.records import RunEvent, now

WATCH_EVERY_S = 0.5
PREFIX = "run:"


def delegate(session: Session, ask: Ask, decision: Decision) -> Job:
    """Carry a decision out in the background; a run under way in this process is joined, not doubled."""
    return session.background.start(PREFIX + decision.decision_id, lambda job: _carry_out(session, ask, decision, job))


def cancel(session: Session, decision_id: str) -> None:
    """Ask a run to stop, wherever it runs."""
    write_event(session, decision_id, "cancelling")
    session.background.cancel(PREFIX + decision_id)


def status(session: Session, decision_id: str) -> RunEvent | None:
    """The last event of a run; one that says running while its process is dead is shown as interrupted."""
    events = session.store.run_events(decision_id)
    if not events:
        return None
    last = events[-1]
    if last.status in ("running", "cancelling"):
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


def mark_interrupted(session: Session, key: str) -> None:
    """Record that a run did not end before its process had to."""
    if key.startswith(PREFIX):
        write_event(session, key.removeprefix(PREFIX), "interrupted", note="the client went away")


def write_event(
    session: Session,
    decision_id: str,
    state: str,
    *,
    work: str = "delegate",
    note: str | None = None,
    outcome: Outcome | None = None,
) -> None:
    """Append a step of a run's life."""
    result = None
    if outcome is not None:
        attempts = session.store.attempts(decision_id)
        result = next((a.result for a in attempts if a.attempt_id == outcome.attempt_id), None)
    running = state == "running"
    session.store.append(
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


def _carry_out(session: Session, ask: Ask, decision: Decision, job: Job) -> Outcome | None:
    write_event(session, decision.decision_id, "running")
    purse = Purse(session.store, session.config.budget, decision.decision_id, ask.max_cost_usd)
    executor = ApiExecutor(session.config.models, purse)
    watcher = threading.Thread(target=_watch, args=(session, decision.decision_id, job), daemon=True)
    watcher.start()
    try:
        outcome = session.router.run(
            ask,
            decision,
            executor,
            limits=Limits(cost_usd=ask.max_cost_usd),
            cancel=job.cancel,
            progress=lambda word: setattr(job, "progress", word),
        )
    except Cancelled as error:
        state = "interrupted" if session.closing else "cancelled"
        write_event(session, decision.decision_id, state, note=str(error))
        return None
    except AcrouterError as error:
        write_event(session, decision.decision_id, "failed", note=str(error))
        return None
    except BaseException:
        with contextlib.suppress(Exception):
            write_event(session, decision.decision_id, "failed", note="an internal fault; see the server's log")
        raise
    state, note = _ending(session, decision.decision_id, outcome)
    write_event(session, decision.decision_id, state, note=note, outcome=outcome)
    return outcome


def _ending(session: Session, decision_id: str, outcome: Outcome | None) -> tuple[str, str | None]:
    """How a run ended: done with a result that passed or that nothing could be said of, else failed, and why."""
    if outcome is not None and outcome.verdict == Verdict.PASS:
        return "done", None
    if outcome is not None and outcome.verdict == Verdict.NO_SIGNAL:
        return "done", "the result is not verified: " + " ".join(outcome.reasons[:1])
    attempts = session.store.attempts(decision_id)
    if outcome is None and attempts and attempts[-1].fault:
        return "failed", attempts[-1].fault
    return "failed", "no candidate passed the checks" if attempts else "no candidate was worth its cost"


def _watch(session: Session, decision_id: str, job: Job) -> None:
    """Stop the job when any process asks for it through the memory."""
    while not job.ended.wait(WATCH_EVERY_S):
        session.store.refresh()
        if session.store.run_events(decision_id)[-1].status == "cancelling":
            job.cancel.set()


def _alive(event: RunEvent) -> bool:
    if event.pid is None or event.pid_started is None:
        return False
    try:
        return bool(abs(psutil.Process(event.pid).create_time() - event.pid_started) < 1.0)
    except psutil.Error:
        return False
