"""What every model would have got on every subtask: what "always" policies and regret are read from.

Each recorded first attempt is judged by the shipped verifier, as the one attempt of a decision in a memory of its
own, so that the router's memory learns nothing from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mcp_router.config import load_config
from mcp_router.demo.stage import Cast, answer_cost_usd, candidates, lay_answer, lay_tests
from mcp_router.demo.subtasks import Subtask
from mcp_router.loop import Ask, Router
from mcp_router.orchestrator.learner import Learner
from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
from mcp_router.orchestrator.task import make_task
from mcp_router.types import Attempt, Candidate
from mcp_router.verifier import workspace
from mcp_router.verifier.verifier import CheckVerifier
from memory_store.records import now
from memory_store.store import MemoryStore


def decision_id(subtask: Subtask, model: str) -> str:
    """The decision in the reference memory that gives a subtask to a model."""
    return f"{subtask.id}/{model}"


def fill_reference(subtasks: Sequence[Subtask], cast: Cast, repo: Path, home: Path, memory: Path) -> None:
    """Judge all first attempts in `repo`, a copy of the sample that nobody else works in, and keep them in `memory`.

    Verdicts are shared with the server through the cache in `home`.
    """
    store = MemoryStore(memory)
    router = Router(
        home=home,
        store=store,
        learner=Learner(store, lambda known: AcrouterPolicy(prices=candidate_prices(known))),
        verifier=CheckVerifier(home, load_config(home)),
        title=lambda text: text[:120],
    )
    for subtask in subtasks:
        for candidate in candidates():
            _judge(router, subtask, candidate, cast, repo)


def _judge(router: Router, subtask: Subtask, candidate: Candidate, cast: Cast, repo: Path) -> None:
    lay_tests(repo, subtask)
    repository = workspace.open_repository(repo)
    base = workspace.take_snapshot(repository)
    task = make_task(subtask.phrasings[0], repo=repository.identity, path=repo, dimension=subtask.dimension)
    ask = Ask(decision_id(subtask, candidate.id), task, (candidate,), base=base, max_attempts=1)
    router.route(ask)
    answer = cast.answer(candidate.id, subtask, 0)
    assert answer is not None
    lay_answer(repo, answer)
    patch = workspace.diff(repository, base.commit, workspace.take_snapshot(repository).commit)
    attempt = Attempt(
        attempt_id=f"{ask.decision_id}.1",
        decision_id=ask.decision_id,
        at=now(),
        candidate=candidate.id,
        model_asked=candidate.model,
        cost_usd=answer_cost_usd(candidate.id, answer),
        cost_source="computed",
    )
    router.store.append(attempt)
    router.first_verdict(ask, attempt, patch)
