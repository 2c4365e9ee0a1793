"""A delegated run: the loop in a thread of its own, each step of its life in the journal.

A run that another process started can be followed and cancelled through the memory alone. A run whose process
died counts as interrupted; the same call made again takes it up where it stood.
"""

from __future__ import annotations

import contextlib
import threading

from mcp_router.background import Job
from mcp_router.budget import Purse, least
from mcp_router.errors import AcrouterError, BadInput, Cancelled
from mcp_router.executors.api import ApiExecutor
from mcp_router.loop import Ask
from mcp_router.run_log import INTERNAL_FAULT, RUN, UNDER_WAY, status, write_event
from mcp_router.session import Session
from mcp_router.types import Decision, Limits, Outcome, Verdict

WATCH_EVERY_S = 0.5
CANCEL_WITHIN_S = 2.0


def delegate(session: Session, ask: Ask, decision: Decision) -> Job:
    """Carry a decision out in the background; what is under way or has ended, here or elsewhere, is not done again."""
    return session.background.start(RUN + decision.decision_id, lambda job: _carry_out(session, ask, decision, job))


def cancel(session: Session, decision_id: str) -> None:
    """Ask a run to stop, wherever it runs.

    Raises:
        BadInput: no run of this decision is under way.
    """
    state = status(session.store, decision_id)
    if state is None or state.work != "delegate" or state.status not in UNDER_WAY:
        raise BadInput(f'cancel: a run of {decision_id} is not running; query_memory(view="run") says how it ended.')
    write_event(session.store, decision_id, "cancelling")
    session.background.cancel(RUN + decision_id)


def _carry_out(session: Session, ask: Ask, decision: Decision, job: Job) -> Outcome | None:
    if not _begin(session, decision.decision_id):
        return None
    purse = Purse(session.store, session.config.budget, decision.decision_id, ask.max_cost_usd)
    executor = ApiExecutor(session.config.models, purse)
    watcher = threading.Thread(target=_watch, args=(session, decision.decision_id, job), daemon=True)
    watcher.start()
    try:
        outcome = session.router.run(
            ask,
            decision,
            executor,
            limits=Limits(cost_usd=least(ask.max_cost_usd, session.config.budget.run_usd)),
            cancel=job.cancel,
            progress=lambda word: setattr(job, "progress", word),
        )
    except Cancelled as error:
        state = "interrupted" if session.closing else "cancelled"
        write_event(session.store, decision.decision_id, state, note=str(error))
        return None
    except AcrouterError as error:
        write_event(session.store, decision.decision_id, "failed", note=str(error))
        return None
    except BaseException:
        with contextlib.suppress(Exception):
            write_event(session.store, decision.decision_id, "failed", note=INTERNAL_FAULT)
        raise
    state, note = _ending(session, decision, outcome)
    write_event(session.store, decision.decision_id, state, note=note, outcome=outcome)
    return outcome


def _begin(session: Session, decision_id: str) -> bool:
    """Mark a run as running, unless it is or has ended: of two clients that begin at once one does."""
    with session.store.transaction():
        state = status(session.store, decision_id)
        if state is not None and state.status != "interrupted":
            return False
        write_event(session.store, decision_id, "running")
    return True


def _ending(session: Session, decision: Decision, outcome: Outcome | None) -> tuple[str, str | None]:
    """How a run ended: done with a result that passed or that nothing could be said of, else failed, and why."""
    if outcome is not None and outcome.verdict == Verdict.PASS:
        return "done", None
    if outcome is not None and outcome.verdict == Verdict.NO_SIGNAL:
        return "done", "the result is not verified: " + " ".join(outcome.reasons[:1])
    attempts = session.store.attempts(decision.decision_id)
    if outcome is None and attempts and attempts[-1].fault:
        return "failed", attempts[-1].fault
    if attempts:
        return "failed", "no candidate passed the checks"
    cap = "" if decision.max_cost_usd is None else f" within max_cost_usd, ${decision.max_cost_usd:.4g}; raise it"
    return "failed", f"no candidate is worth its cost{cap}."


def _watch(session: Session, decision_id: str, job: Job) -> None:
    """Stop the job when any process asks for it through the memory; one that waits for a provider is let go."""
    while not job.ended.wait(WATCH_EVERY_S) and not job.cancel.is_set():
        session.store.refresh()
        if session.store.run_events(decision_id)[-1].status == "cancelling":
            job.cancel.set()
    if not job.ended.wait(CANCEL_WITHIN_S) and not session.closing:
        note = "a provider still owes an answer; what the call may cost stays set aside until then"
        write_event(session.store, decision_id, "cancelled", note=note)
