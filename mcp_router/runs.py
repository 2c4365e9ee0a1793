"""What delegated runs left behind, for people: list, diff, apply, discard, and gc of what is old.

Results are commits under refs/acrouter/; nothing is deleted that a ref does not hold, and nothing is applied
unless asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mcp_router.errors import BadInput, PatchRefused
from mcp_router.run_log import status
from mcp_router.session import Session
from mcp_router.types import Decision
from mcp_router.verifier import workspace
from mcp_router.verifier.git import git
from mcp_router.verifier.workspace import Repository

KEEP_DAYS = 14


@dataclass(frozen=True, slots=True)
class Run:
    """A delegated decision with its state and the ref that holds its result, None where there is none."""

    decision: Decision
    status: str
    note: str | None
    result: str | None
    verdict: str | None
    cost_usd: float | None


def list_runs(session: Session) -> list[Run]:
    """All delegated runs, the newest first."""
    session.store.refresh()
    delegated = [d for d in session.store.decisions() if d.mode == "delegate"]
    return [_run(session, decision) for decision in reversed(delegated)]


def find_run(session: Session, decision_id: str) -> Run:
    """One run by its decision's id.

    Raises:
        BadInput: there is none.
    """
    session.store.refresh()
    decision = session.store.decision(decision_id)
    if decision is None or decision.mode != "delegate":
        raise BadInput(f"ID: {decision_id!r} is not a delegated run; `acrouter runs` lists them.")
    return _run(session, decision)


def diff_of(run: Run) -> bytes:
    """The result as a patch on the state that the run started from.

    Raises:
        BadInput: the run has no result.
    """
    repository, result = _result(run)
    assert run.decision.base is not None
    return workspace.diff(repository, run.decision.base.commit, result)


def apply(run: Run) -> None:
    """Apply the result to the working tree, wholly or not at all; the index and HEAD stay as they are.

    Raises:
        PatchRefused: the tree has changed where the patch applies.
    """
    repository, _ = _result(run)
    patch = diff_of(run)
    if not patch:
        raise BadInput(f"ID: the result of {run.decision.decision_id} changes nothing.")
    try:
        git(repository.root, "apply", "--whitespace=nowarn", "-", input=patch)
    except Exception:
        raise PatchRefused(
            f"the result does not apply to {repository.root} as it is now; commit or undo what you changed there since."
        ) from None


def discard(run: Run) -> int:
    """Forget the refs of a run; how many there were. The journal keeps what was learned."""
    repository = _repository(run.decision)
    names = refs_of(repository, run.decision.decision_id)
    for name in names:
        workspace.drop(repository, name)
    return len(names)


def collect(session: Session, *, days: int = KEEP_DAYS, dry_run: bool = True) -> list[str]:
    """Refs of decisions older than `days`, in repositories that are still there; dropped unless dry_run."""
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    workspace.sweep(session.home)
    dropped: list[str] = []
    for decision in session.store.decisions():
        if decision.at >= before or decision.path is None or not Path(decision.path).is_dir():
            continue
        repository = _repository(decision)
        for name in refs_of(repository, decision.decision_id):
            dropped.append(f"{decision.path}: {name}")
            if not dry_run:
                workspace.drop(repository, name)
    return dropped


def refs_of(repository: Repository, decision_id: str) -> list[str]:
    """Names under refs/acrouter/ that belong to a decision."""
    out = git(repository.root, "for-each-ref", "--format=%(refname)", "refs/acrouter/").decode()
    names = (line.removeprefix("refs/acrouter/") for line in out.splitlines())
    return [name for name in names if decision_id in name.split("/")]


def _run(session: Session, decision: Decision) -> Run:
    event = status(session.store, decision.decision_id)
    attempts = session.store.attempts(decision.decision_id)
    last = attempts[-1] if attempts else None
    result = event.result if event and event.result else (last.result if last else None)
    holder = next((a for a in attempts if a.result == result), last)
    outcome = session.store.effective_outcome(holder.attempt_id) if holder else None
    costs = [a.cost_usd for a in attempts]
    return Run(
        decision=decision,
        status=event.status if event else "not started",
        note=event.note if event else None,
        result=result,
        verdict=outcome.verdict if outcome else None,
        cost_usd=None if None in costs else sum(c for c in costs if c is not None),
    )


def _result(run: Run) -> tuple[Repository, str]:
    if run.result is None or run.decision.base is None:
        raise BadInput(f"ID: {run.decision.decision_id} has no result ({run.status}).")
    repository = _repository(run.decision)
    if run.result.removeprefix("refs/acrouter/") not in refs_of(repository, run.decision.decision_id):
        raise BadInput(f"ID: the result of {run.decision.decision_id} was discarded.")
    return repository, run.result


def _repository(decision: Decision) -> Repository:
    if decision.path is None or not Path(decision.path).is_dir():
        raise BadInput(f"ID: the folder of {decision.decision_id}, {decision.path}, is gone.")
    return workspace.open_repository(Path(decision.path))
