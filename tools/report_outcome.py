"""`report_outcome`: what happened, verified by the repository's checks wherever possible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

from mcp_router.background import ANSWER_WITHIN_S
from mcp_router.config import is_off
from mcp_router.errors import BadInput
from mcp_router.session import Session

DESCRIPTION = (
    "Say what became of a decision. The repository's own checks are run on what changed since it was routed; their "
    "verdict outranks the claim, teaches the router, and comes with what to try next. cancel=true stops a run."
)

DecisionId = Annotated[str, Field(description="From route_task")]
Model = Annotated[str | None, Field(description="The model that did it, if not the first choice")]
Success = Annotated[bool | None, Field(description="Your claim")]
Score = Annotated[float | None, Field(description="Your claim, 0 to 1")]
Verify = Annotated[bool, Field(description="Run the checks")]
WorktreePath = Annotated[str | None, Field(description="Where the work is, if not in the repository's folder")]
Cancel = Annotated[bool, Field(description="Stop the run of this decision")]


class ReportResult(BaseModel):
    """What report_outcome returns."""

    decision_id: str
    status: str = Field(description="done, running (poll query_memory view=run), cancelling or off")
    verdict: str | None = Field(default=None, description="pass, fail, tampered, suspect, refused or no_signal")
    score: float | None = None
    source: str | None = Field(default=None, description="verified: our run of the checks; reported: your claim")
    strength: float | None = None
    reasons: list[str] = []
    learned: str | None = None
    next: str | None = Field(default=None, description="What to do now")
    next_model: str | None = Field(default=None, description="Who should try next")


@dataclass(frozen=True, slots=True)
class Report:
    """The arguments of report_outcome, as given."""

    decision_id: str
    model: str | None = None
    success: bool | None = None
    score: float | None = None
    verify: bool = True
    worktree: str | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: float | None = None
    note: str | None = None
    cancel: bool = False


def report_outcome(session: Session, report: Report) -> ReportResult:
    """Record a claim, verify it, learn; answers within two seconds, `running` if the checks take longer.

    Raises:
        AcrouterError: one sentence naming the argument at fault.
    """
    if is_off():
        return ReportResult(decision_id=report.decision_id, status="off")
    return _within(ANSWER_WITHIN_S, session, report)


def report_and_wait(session: Session, report: Report) -> ReportResult:
    """As report_outcome, for a person: waits until the checks have ended and the verdict is settled."""
    result = _within(math.inf, session, report)
    settling = session.background.find(f"settle:{report.decision_id}")
    if settling is None or not settling.wait(math.inf) or settling.outcome() is None:
        return result
    return _within(math.inf, session, report)


def _within(seconds: float, session: Session, report: Report) -> ReportResult:
    from mcp_router.delegation import cancel as cancel_run
    from tools.reporting import take_in

    session.store.refresh()
    decision = session.store.decision(report.decision_id)
    if decision is None:
        raise BadInput(
            f"decision_id: {report.decision_id[:40]!r} is unknown; use the id that route_task returned, "
            'or find it by query_memory(view="outcomes").'
        )
    if report.cancel:
        cancel_run(session, decision.decision_id)
        return ReportResult(
            decision_id=decision.decision_id, status="cancelling", next="poll query_memory view=run until it ends"
        )
    _validate(report)
    job = session.background.start(
        f"report:{decision.decision_id}:{report.model}", lambda job: take_in(session, decision, report, job)
    )
    if not job.wait(seconds):
        poll = f'poll: query_memory(view="run", id="{decision.decision_id}")'
        return ReportResult(decision_id=decision.decision_id, status="running", next=poll)
    result: ReportResult = job.outcome()
    return result


def _validate(report: Report) -> None:
    if report.score is not None and not 0.0 <= report.score <= 1.0:
        raise BadInput(f"score is {report.score:g}; give a number from 0 to 1.")
    for name in ("cost_usd", "input_tokens", "output_tokens", "latency_ms"):
        value = getattr(report, name)
        if value is not None and value < 0:
            raise BadInput(f"{name} is {value:g}; give 0 or more, or leave it out if it is not known.")
