"""From a caller's request to an Ask: the repository as it stands, the task, and who may do it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mcp_router.budget import least
from mcp_router.config import RepositoryConfig, read_repository_config
from mcp_router.errors import BadInput, RepositoryError
from mcp_router.loop import Ask
from mcp_router.orchestrator.filters import Wishes, eligible
from mcp_router.orchestrator.outages import standing_aside
from mcp_router.orchestrator.task import make_task
from mcp_router.outcomes import digest
from mcp_router.session import Session
from mcp_router.types import Decision, Task
from mcp_router.verifier import workspace
from mcp_router.verifier.workspace import Repository


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of route_task, as given."""

    task: str
    repo: str | None = None
    files: tuple[str, ...] = ()
    dimension: str | None = None
    mode: str = "advise"
    candidates: tuple[str, ...] | None = None
    force_model: str | None = None
    max_cost_usd: float | None = None
    max_attempts: int | None = None
    checks: str | None = None
    dry_run: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An ask, the repository it is about, and what the caller should know of both."""

    ask: Ask
    repository: Repository | None
    notes: tuple[str, ...]


def new_decision_id() -> str:
    """An id that nobody else makes."""
    return f"d_{secrets.token_hex(6)}"


def prepare(session: Session, request: Request, client: str | None, decision_id: str) -> Prepared:
    """All that a decision needs, with the repository's state recorded.

    Raises:
        BadInput, RepositoryError: one sentence naming the argument at fault.
    """
    repository, notes = _repository(session, request)
    task = make_task(
        request.task,
        repo=repository.identity if repository else None,
        path=repository.root if repository else None,
        files=request.files,
        dimension=request.dimension,
    )
    own = _repository_config(repository)
    known = session.candidates(request.mode, client)
    session.router.learner.meet(known)
    wishes = Wishes(request.candidates, request.force_model)
    session.store.refresh()
    aside = standing_aside(known, session.store.attempts(), session.config.models, datetime.now(UTC))
    candidates, why = eligible(task, known, session.config, own, wishes, aside)
    base = workspace.take_snapshot(repository) if repository and not request.dry_run else None
    if base and base.left_out:
        notes += (f"left out of the recorded state, too large: {', '.join(base.left_out[:3])}",)
    ask = Ask(
        decision_id=decision_id,
        task=task,
        candidates=candidates,
        mode=request.mode,
        client=client,
        base=base,
        checks=request.checks,
        max_cost_usd=least(request.max_cost_usd, own.budget.run_usd),
        max_attempts=request.max_attempts or session.config.max_attempts,
    )
    return Prepared(replace(ask, idempotency_key=_key(request, ask)), repository, (*notes, *why))


def ask_of(session: Session, decision: Decision) -> Ask:
    """The ask behind an earlier decision. Of the task's words only what the memory keeps may be left."""
    text = session.texts.get(decision.decision_id) or " ".join((decision.title, *decision.names))
    task = Task(
        text=text,
        repo=decision.repo,
        path=Path(decision.path) if decision.path else None,
        dimension=decision.dimension,
        dimension_confidence=decision.dimension_confidence,
        language=decision.language,
        features=decision.features,
    )
    known = session.candidates(decision.mode, decision.client)
    return Ask(
        decision_id=decision.decision_id,
        task=task,
        candidates=tuple(c for c in known if c.id in decision.eligible),
        mode=decision.mode,
        client=decision.client,
        base=decision.base,
        checks=decision.checks,
        max_cost_usd=decision.max_cost_usd,
        max_attempts=decision.max_attempts or session.config.max_attempts,
        idempotency_key=decision.idempotency_key,
    )


def folder_of(session: Session, repo: str | None) -> Path:
    """The folder that a `repo` argument means.

    Raises:
        BadInput: it does not exist.
    """
    folder = Path(repo).expanduser() if repo else session.folder
    folder = folder if folder.is_absolute() else session.folder / folder
    if not folder.is_dir():
        raise BadInput(
            f"repo: {str(folder)[:200]!r} is not a folder; give the path of a git repository or leave it out."
        )
    return folder


def _repository(session: Session, request: Request) -> tuple[Repository | None, tuple[str, ...]]:
    folder = folder_of(session, request.repo)
    try:
        repository = workspace.open_repository(folder)
    except RepositoryError as error:
        if request.mode == "delegate":
            raise
        return None, (f"{error} Advice is given all the same; nothing can be verified.",)
    notes: tuple[str, ...] = ()
    if repository.busy and request.mode == "delegate":
        raise RepositoryError(f"repo: a {repository.busy} is under way in {folder}; finish or abort it first.")
    if repository.busy:
        notes = (f"a {repository.busy} is under way: the state with its conflicts is what results are compared with",)
    if repository.head is None:
        notes = (*notes, "the repository has no commit yet: the files as they are now are the base")
    return repository, notes


def _repository_config(repository: Repository | None) -> RepositoryConfig:
    return RepositoryConfig() if repository is None else read_repository_config(repository.root)


def _key(request: Request, ask: Ask) -> str | None:
    """The same delegation, asked again of the same tree, is the same run: clients repeat calls they gave up on."""
    if request.idempotency_key is not None or request.mode != "delegate" or ask.base is None:
        return request.idempotency_key
    wishes = (request.candidates, request.force_model, request.max_cost_usd, request.max_attempts, request.checks)
    return "auto:" + digest(ask.task.repo or "", ask.base.tree, ask.task.text, repr(wishes))
