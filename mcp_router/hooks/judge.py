"""From an ended subagent to what was learned: an attempt of the model that ran, and the verdict of the checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mcp_router.claims import nothing_changed
from mcp_router.hooks.attribute import SPLIT, Share, share_of
from mcp_router.hooks.calls import Call, Calls, base_of
from mcp_router.hooks.events import CODEX
from mcp_router.hooks.rollout import read_rollout
from mcp_router.hooks.transcript import Work, find_transcript, read_transcript
from mcp_router.intake import ask_of
from mcp_router.loop import Ask, ground
from mcp_router.models import resolve, same_model
from mcp_router.outcomes import digest, patch_digest, verified
from mcp_router.session import Session
from mcp_router.types import Attempt, Base, Candidate, Decision, Verdict, Verification
from mcp_router.verifier import history, workspace
from memory_store.records import now
from memory_store.store import MemoryStore


def judge(session: Session, calls: Calls, call: Call) -> None:
    """Write down what became of one call. What stands in the memory already is not written twice."""
    session.store.refresh()
    decision = session.store.decision(call.about)
    if decision is None or (call.asked_for is None and session.store.outcomes(decision.decision_id)):
        return
    session.texts[decision.decision_id] = call.text
    work = work_of(call)
    fault = call.fault or work.failed
    ask, share = (ask_of(session, decision), Share()) if fault else _share(session, calls, call, decision, work)
    known = session.candidates(decision.mode, decision.client)
    attempt = _attempt(known, call, work, share, decision, fault)
    if call.asked_for is not None:
        attempt = _as_reported(session.store, attempt)
    if fault or call.after is None:
        _write_down(session.store, attempt)
        return
    if share.unclear:
        _write_down(session.store, attempt)
        reason = (share.unclear,)
        session.store.append(verified(attempt, Verification(Verdict.NO_SIGNAL, None, 0.0, reason)))
        return
    if not share.patch or share.commit is None:
        _write_down(session.store, attempt)
        nothing_changed(session.store, attempt, call.worktree or call.root or call.cwd)
        return
    path, base = ground(ask)
    tree = workspace.tree_of(workspace.open_repository(path), share.commit)
    attempt = history.hold(path, base, attempt, tree)
    _write_down(session.store, attempt)
    held = session.store.effective_outcome(attempt.attempt_id)
    if held is None or held.source != "verified" or held.candidate != attempt.candidate:
        session.router.judge(ask, attempt, share.patch)


def _write_down(store: MemoryStore, attempt: Attempt) -> None:
    """Keep an attempt, once; one that the agent reported before gets the tokens and the cost that were seen."""
    with store.transaction():
        known = next((one for one in store.attempts(attempt.decision_id) if one.attempt_id == attempt.attempt_id), None)
        if known is None:
            store.append(attempt)
        elif known.turns is None and attempt.turns is not None:
            store.append(replace(attempt, result=known.result or attempt.result))


def work_of(call: Call) -> Work:
    """What the subagent's own file tells."""
    found = find_transcript(call)
    if found is None:
        return Work()
    path = Path(found)
    return read_rollout(path) if call.client == CODEX else read_transcript(path)


def _share(session: Session, calls: Calls, call: Call, decision: Decision, work: Work) -> tuple[Ask, Share]:
    ask = ask_of(session, decision)
    if call.asked_for is not None:
        # Between the question and the call others may have been at work, and it may be another worktree.
        base = base_of(call.base) if call.base else None
        ask = replace(ask, base=base, task=replace(ask.task, path=Path(call.root) if call.root else None))
    if call.after is None or ask.base is None or ask.task.path is None:
        return ask, Share()
    if call.worktree:
        return _share_of_worktree(ask, ask.base, call.after, work)
    repo = workspace.open_repository(ask.task.path)
    others = [work_of(other) for other in calls.overlapping(call)]
    if not call.foreground and call.main_transcript and call.client != CODEX:
        parent = read_transcript(Path(call.main_transcript), call.main_at)
        others += [parent] if parent.edits or parent.commands_ns else []
    return ask, share_of(repo, ask.base.commit, call.after, call, work, others)


def _share_of_worktree(ask: Ask, base: Base, after: str, work: Work) -> tuple[Ask, Share]:
    """A worktree of the client's starts from HEAD: the uncommitted work of the user was never in it."""
    head = base.head
    if head is None:
        return ask, Share(unclear="the repository had no commit from which a worktree could start")
    ask = replace(ask, base=Base(commit=head, tree=base.tree, head=head, dirty=False))
    if len(work.editors) > 1:
        return ask, Share(unclear=SPLIT)
    repo = workspace.open_repository(ground(ask)[0])
    return ask, Share(workspace.diff(repo, head, after), after)


def _as_reported(store: MemoryStore, attempt: Attempt) -> Attempt:
    """The attempt under the id of what the agent reported of it already, which cannot tell who ran and what it cost."""
    told = [one for one in store.attempts(attempt.decision_id) if one.turns is None and one.fault is None]
    same = [one for one in told if one.patch_sha256 and one.patch_sha256 == attempt.patch_sha256]
    same += [one for one in told if one.candidate == attempt.candidate]
    return replace(attempt, attempt_id=same[0].attempt_id) if same and attempt.fault is None else attempt


def _attempt(
    known: tuple[Candidate, ...], call: Call, work: Work, share: Share, decision: Decision, fault: str | None
) -> Attempt:
    served = work.served[-1] if work.served else None
    # Of a subagent that left nothing, it is not known that it was to be another than the chosen one.
    asked = work.asked or call.asked or (decision.chain[0].model if decision.chain else None)
    candidate = candidate_of(known, served or asked, work.effort or call.effort)
    ran = next((c for c in known if c.id == candidate), None)
    span = None
    if work.first_ns is not None and work.last_ns is not None:
        span = (work.last_ns - work.first_ns) / 1e6
    return Attempt(
        # What did not come to its end is no part of what comes after it.
        attempt_id=f"{decision.decision_id}."
        + digest(candidate, patch_digest(share.patch), *((call.decision_id,) if fault else ())),
        decision_id=decision.decision_id,
        at=now(),
        candidate=candidate,
        model_asked=_identity(asked) or (ran.model if ran else candidate),
        model_served=_identity(served),
        tokens=work.tokens,
        cost_usd=work.cost_usd,
        cost_source="unknown" if work.cost_usd is None else "computed",
        latency_ms=span,
        turns=work.turns or None,
        patch_sha256=patch_digest(share.patch) if share.patch else None,
        fault=fault,
    )


def candidate_of(candidates: tuple[Candidate, ...], model: str | None, effort: str | None) -> str:
    """The candidate that ran, with its effort where such a one is on offer; any other model under its own name."""
    if model is None:
        return "unknown"
    same = [c for c in candidates if same_model(c.model, model)]
    exact = [c for c in same if c.effort == effort] or [c for c in same if c.effort is None]
    return (exact or same)[0].id if exact or same else (_identity(model) or model)[:80]


def _identity(model: str | None) -> str | None:
    known = resolve(model) if model else None
    return known.identity if known else model
