"""`route_task`: for this subtask, in this repository, which model?"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field

from mcp_router.background import ANSWER_WITHIN_S, Job
from mcp_router.config import is_off
from mcp_router.executors.advise import action
from mcp_router.repeats import failed, standing_key
from mcp_router.session import Session
from mcp_router.types import Candidate, Decision, Task
from mcp_router.views import choice_view, compact, run_view

if TYPE_CHECKING:
    from mcp_router.intake import Prepared, Request
    from mcp_router.loop import Ask

DESCRIPTION = (
    "Which model should do this subtask? Call it before you hand work to a subagent. Returns the model, why, the "
    "expected cost and what to try if it fails. mode=delegate: a model is called here, its diff is verified by the "
    "repository's own checks and handed back, not applied."
)

TaskText = Annotated[str, Field(description="The subtask in full: goal, files, the tests that must pass")]
Repo = Annotated[str | None, Field(description="Path of the repository; default: the current folder")]
Files = Annotated[list[str] | None, Field(description="Files it is about")]
Dimension = Annotated[str | None, Field(description="Kind of task, such as bug_fixing; inferred if absent")]
Mode = Literal["advise", "delegate"]
Candidates = Annotated[list[str] | None, Field(description="Choose only among these models")]
ForceModel = Annotated[str | None, Field(description="Use this model")]
MaxCost = Annotated[float | None, Field(ge=0, description="Hard cap in USD for all attempts")]
MaxAttempts = Annotated[int | None, Field(ge=1, le=10)]
ChecksCommand = Annotated[str | None, Field(description="Command that verifies the result")]
DryRun = Annotated[bool, Field(description="Decide only, record nothing")]
Key = Annotated[str | None, Field(description="Repeating a call with it finds the same decision")]


class RouteResult(BaseModel):
    """What route_task returns."""

    decision_id: str = Field(description="Give it to report_outcome")
    status: str = Field(description="advised, off, or of a run: running, done, failed, cancelled, interrupted")
    model: str | None = Field(default=None, description="First choice; host: do it yourself")
    action: str = Field(description="What to do now")
    reason: str = ""
    dimension: str = "unknown"
    chain: list[dict[str, Any]] = Field(default=[], description="Candidates in order: p_success, cost_usd, evidence")
    propensity: float | None = None
    checks: dict[str, Any] | None = Field(default=None, description="How the result is verified, or why it cannot be")
    notes: list[str] = []
    run: dict[str, Any] | None = Field(default=None, description="delegate: attempts, verdicts, costs, result")


def route_task(session: Session, request: Request, client: str | None) -> RouteResult:
    """Decide, and in delegate mode start; answers within two seconds, `running` if there is more to come.

    Raises:
        AcrouterError: one sentence naming the argument at fault.
    """
    if is_off():
        return RouteResult(decision_id="", status="off", action="ACRouter is off: work as you would without it.")
    return _within(ANSWER_WITHIN_S, session, request, client)


def route_and_wait(session: Session, request: Request, client: str | None) -> RouteResult:
    """As route_task, for a person: waits until a run has ended."""
    return _within(math.inf, session, request, client)


def _within(seconds: float, session: Session, request: Request, client: str | None) -> RouteResult:
    from mcp_router.intake import new_decision_id

    # Half a surrogate pair, which is left where a client cuts a text, is no text.
    request = replace(request, task=request.task.encode(errors="replace").decode())
    decision_id = new_decision_id()
    deadline = time.monotonic() + seconds
    job = session.background.start(f"route:{decision_id}", lambda _: _route(session, request, client, decision_id))
    if not job.wait(seconds):
        return RouteResult(decision_id=decision_id, status="running", action=_poll(decision_id))
    decision, prepared, run = job.outcome()
    if run is not None:
        run.wait(deadline - time.monotonic())
    return _result(session, decision, prepared, client)


def _route(
    session: Session, request: Request, client: str | None, decision_id: str
) -> tuple[Decision, Prepared, Job | None]:
    from mcp_router.delegation import delegate
    from mcp_router.intake import ask_of, prepare

    prepared = prepare(session, request, client, decision_id)
    key = prepared.ask.idempotency_key or _standing_key(session, request, prepared.ask)
    prepared = replace(prepared, ask=replace(prepared.ask, idempotency_key=key))
    known = session.store.find_by_key(key)
    decision = _as_it_stands(session, known) if known else session.router.route(prepared.ask, keep=not request.dry_run)
    session.texts[decision.decision_id] = request.task
    if request.dry_run:
        return decision, prepared, None
    if request.mode == "advise":
        _compute_baseline(session, prepared)
        # A subagent that is started now is given this advice.
        session.advised(client)
        return decision, prepared, None
    return decision, prepared, delegate(session, ask_of(session, decision), decision)


def _standing_key(session: Session, request: Request, ask: Ask) -> str:
    """The same words, asked again in a session, are one decision: a switch would throw the prompt cache away."""
    from mcp_router.outcomes import digest

    same = replace(request, repo=ask.task.repo or request.repo, dry_run=False)
    return standing_key(session.store, "asked:" + digest(session.token, ask.client or "", repr(same)))


def _as_it_stands(session: Session, decision: Decision) -> Decision:
    """An earlier decision: as it was made, until something failed on it; then with what is left."""
    tried = failed(session.store, decision.decision_id)
    if decision.mode != "advise" or not tried:
        return decision
    from mcp_router.intake import ask_of

    chain = session.router.rest(ask_of(session, decision))
    return replace(decision, chain=chain, reason=f"{', '.join(tried)} failed on this very task; what is left to try.")


def _compute_baseline(session: Session, prepared: Prepared) -> None:
    """Run the checks on the base while the agent works, so that its report waits for one run only."""
    repository, base, checks = prepared.repository, prepared.ask.base, prepared.ask.checks
    if repository is not None and base is not None:
        session.background.start(
            "baseline", lambda job: session.verifier.baseline(repository.root, base.commit, checks, job.cancel)
        )


def _result(session: Session, decision: Decision, prepared: Prepared, client: str | None) -> RouteResult:
    delegated = decision.mode == "delegate"
    run = run_view(session, decision.decision_id) if delegated else None
    first = decision.chain[0] if decision.chain else None
    chosen = next((c for c in prepared.ask.candidates if first and c.id == first.candidate), None)
    return RouteResult(
        decision_id=decision.decision_id,
        status=run["status"] if run else "advised",
        model=first.candidate if first else None,
        action=str(run.get("next") or run.get("note") or "see run")
        if run
        else _advice(chosen, client, decision, prepared.ask.task),
        reason=decision.reason,
        dimension=decision.dimension,
        chain=[choice_view(choice) for choice in decision.chain],
        propensity=decision.propensity,
        checks=_checks(session, prepared),
        notes=list(prepared.notes),
        run=run,
    )


def _checks(session: Session, prepared: Prepared) -> dict[str, Any] | None:
    if prepared.repository is None:
        return None
    base = prepared.ask.base.commit if prepared.ask.base else None
    return session.verifier.describe(prepared.repository.root, base, prepared.ask.checks)


def _advice(chosen: Candidate | None, client: str | None, decision: Decision, task: Task) -> str:
    if chosen is None:
        return "Do it yourself, or leave it: no candidate is worth its cost."
    then = f' Then report_outcome(decision_id="{decision.decision_id}").'
    return action(chosen, client, task) + then


def _poll(decision_id: str) -> str:
    return f'Still recording the repository; poll query_memory(view="decision", id="{decision_id}").'


def describe(result: RouteResult) -> dict[str, Any]:
    """The result without what is empty: every token is read by a model."""
    return compact(**result.model_dump())
