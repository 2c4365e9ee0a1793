"""What `report_outcome` sets going: the attempt is found, its patch judged, the answer put into words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mcp_router.background import Job
from mcp_router.claims import Claim, nothing_changed, take_claim
from mcp_router.errors import AcrouterError, BadInput, Cancelled
from mcp_router.executors.advise import action
from mcp_router.intake import ask_of
from mcp_router.loop import Ask, ground
from mcp_router.models import cost_usd as computed_cost
from mcp_router.models import same_model
from mcp_router.outcomes import digest, patch_digest
from mcp_router.run_log import INTERNAL_FAULT, write_event
from mcp_router.session import Session
from mcp_router.types import HOST, Attempt, Base, Decision, Outcome, Tokens, Verdict
from mcp_router.verifier import history, workspace
from mcp_router.views import outcome_view
from memory_store.records import now
from tools.report_outcome import Report, ReportResult


def take_in(session: Session, decision: Decision, report: Report, job: Job) -> ReportResult:
    """What was claimed and what the checks say of it, written down; what was learned, and what to do next.

    Raises:
        AcrouterError: one sentence naming the argument at fault.
    """
    ask = ask_of(session, decision)
    candidate = _candidate(ask, decision, report.model)
    # Kept from the first report on: one that is repeated once its checks have ended says the same.
    before = session.believed.setdefault((decision.decision_id, candidate), session.router.belief(ask, candidate))
    if decision.mode == "delegate":
        outcome = _claim_delegated(session, decision, report)
    else:
        outcome = _judge_advised(session, ask, decision, report, candidate, job)
    return _result(session, ask, decision, candidate, outcome, before)


def _judge_advised(
    session: Session, ask: Ask, decision: Decision, report: Report, candidate: str, job: Job
) -> Outcome | None:
    ask, patch, tree = _changed(ask, decision, report.worktree)
    seen = _seen(session, decision, candidate if report.model else None, patch)
    attempt = seen or _attempt(ask, decision, report, candidate, patch)
    if patch:
        attempt = history.hold(*ground(ask), attempt, tree)
    known = session.store.effective_outcome(attempt.attempt_id)
    claimed = take_claim(session.store, Claim(attempt, _claimed(report), report.note))
    if known is not None and known.source == "verified" and known.score is not None:
        return known
    if not report.verify or patch is None:
        return claimed
    if not patch:
        return nothing_changed(session.store, attempt, _where(decision, report))
    return _judge(session, ask, attempt, patch, job)


def _seen(session: Session, decision: Decision, candidate: str | None, patch: bytes | None) -> Attempt | None:
    """The attempt as a hook saw it, which tells better than the agent who ran and what was changed by whom.

    candidate: the one that the report names, if any. An attempt without turns was reported, not seen.
    """
    own = [one for one in session.store.attempts(decision.decision_id) if one.turns is not None and one.fault is None]
    same = [one for one in own if patch and one.patch_sha256 == patch_digest(patch)]
    named = [one for one in own if candidate in (None, one.candidate)]
    return next(iter((same or named)[::-1]), None)


def _judge(session: Session, ask: Ask, attempt: Attempt, patch: bytes, job: Job) -> Outcome:
    """The verdict of the checks; whoever polls can tell that they run, and how that ended."""

    def mark(state: str, note: str | None = None) -> None:
        write_event(session.store, ask.decision_id, state, work="verify", note=note)

    mark("running")
    try:
        outcome, first = session.router.first_verdict(ask, attempt, patch, job.cancel)
    except Cancelled as error:
        mark("interrupted", str(error))
        raise
    except Exception as error:
        mark("failed", str(error) if isinstance(error, AcrouterError) else INTERNAL_FAULT)
        raise
    mark("done")
    # What takes longer to find out is not waited for: it raises or lowers the outcome when it is there.
    session.background.start(
        f"settle:{ask.decision_id}", lambda job: session.router.settle(ask, attempt, patch, first, job.cancel)
    )
    return outcome


def _claim_delegated(session: Session, decision: Decision, report: Report) -> Outcome | None:
    """What a user or agent says of a run's result counts for the attempt that made it."""
    attempts = [a for a in session.store.attempts(decision.decision_id) if report.model in (None, a.candidate)]
    if not attempts:
        raise BadInput("model: no attempt of that model is on record for this run; leave model out.")
    take_claim(session.store, Claim(attempts[-1], _claimed(report), report.note))
    return session.store.effective_outcome(attempts[-1].attempt_id)


def _changed(ask: Ask, decision: Decision, worktree: str | None) -> tuple[Ask, bytes | None, str]:
    """The ask with the base that fits, the patch from there to the tree as it is, and that tree.

    None for the patch where nothing was recorded.

    Raises:
        BadInput, RepositoryError: the worktree is none of this repository's, or it is gone.
    """
    if ask.base is None or ask.task.path is None:
        return ask, None, ""
    folder = Path(worktree).expanduser() if worktree else ask.task.path
    if not folder.is_dir():
        raise BadInput(f"worktree: {str(folder)[:200]!r} is not a folder; name the one in which the work was done.")
    repository = workspace.open_repository(folder)
    if repository.identity != decision.repo:
        raise BadInput(f"worktree: {folder} belongs to another repository than the decision ({decision.repo}).")
    base = ask.base
    if repository.root != ask.task.path and base.head is not None:
        # A client's own worktree starts from HEAD: the user's uncommitted work was never in it.
        base = Base(commit=base.head, tree=base.tree, head=base.head, dirty=False)
    state = workspace.take_snapshot(repository)
    return replace(ask, base=base), workspace.diff(repository, base.commit, state.commit), state.tree


def _attempt(ask: Ask, decision: Decision, report: Report, candidate: str, patch: bytes | None) -> Attempt:
    """An attempt is known by its decision, its model and its patch: reporting it twice is one attempt."""
    known = next((c for c in ask.candidates if c.id == candidate), None)
    tokens = Tokens(input=report.input_tokens, output=report.output_tokens)
    cost, source = report.cost_usd, "reported"
    if cost is None and known is not None:
        # A host tells input and output only; with its cached input priced in full this is an upper bound.
        cost, source = computed_cost(known.price, replace(tokens, cache_read=0, cache_write=0)), "computed"
    return Attempt(
        attempt_id=f"{decision.decision_id}.{digest(candidate, patch_digest(patch))}",
        decision_id=decision.decision_id,
        at=now(),
        candidate=candidate,
        model_asked=known.model if known else candidate,
        tokens=tokens,
        cost_usd=cost,
        cost_source=source if cost is not None else "unknown",
        latency_ms=report.latency_ms,
        patch_sha256=patch_digest(patch) or None,
    )


def _candidate(ask: Ask, decision: Decision, model: str | None) -> str:
    """The candidate that a report is about; a model that was not on offer counts under its own name."""
    if model is None:
        return decision.chain[0].candidate if decision.chain else HOST
    chain = [choice.candidate for choice in decision.chain]
    # Of the efforts of one model the one that was chosen: who reports it may name the model alone.
    ranked = sorted(ask.candidates, key=lambda c: chain.index(c.id) if c.id in chain else len(chain))
    named = next((c.id for c in ranked if model in (c.id, c.model)), None)
    return named or next((c.id for c in ranked if same_model(c.model, model)), model[:80])


def _claimed(report: Report) -> float | None:
    if report.score is not None:
        return report.score
    return None if report.success is None else float(report.success)


def _where(decision: Decision, report: Report) -> str:
    return report.worktree or decision.path or "the repository"


def _result(
    session: Session, ask: Ask, decision: Decision, candidate: str, outcome: Outcome | None, before: float | None
) -> ReportResult:
    seen: dict[str, Any] = outcome_view(outcome) if outcome else {}
    step, model = _next(session, ask, decision, outcome)
    return ReportResult(
        decision_id=decision.decision_id,
        status="done",
        learned=_learned(session, ask, candidate, outcome, before),
        next=step,
        next_model=model,
        **seen,
    )


def _learned(session: Session, ask: Ask, candidate: str, outcome: Outcome | None, before: float | None) -> str | None:
    after = session.router.belief(ask, candidate)
    if before is None or after is None or (outcome is not None and outcome.candidate != candidate):
        return None
    kind = ask.task.dimension.replace("_", " ")
    return f"{candidate} on {kind} like this: {before:.0%} -> {after:.0%}"


def _next(session: Session, ask: Ask, decision: Decision, outcome: Outcome | None) -> tuple[str | None, str | None]:
    """What to do now, and by whom; what the host itself says of a failure is enough to go on."""
    held = session.store.effective_outcome(outcome.attempt_id) if outcome else None
    if held is None or held.verdict == Verdict.PASS:
        return None, None
    if held.verdict == Verdict.NO_SIGNAL:
        return "Nothing was verified: judge it yourself.", None
    rest = session.router.rest(ask)
    if not rest:
        return "No other candidate is worth its cost: do it yourself.", None
    chosen = next(c for c in ask.candidates if c.id == rest[0].candidate)
    undo = "Undo the change, then: " if decision.path else ""
    return f"{undo}{action(chosen, decision.client, ask.task)} Report with model={chosen.id!r}.", chosen.id
