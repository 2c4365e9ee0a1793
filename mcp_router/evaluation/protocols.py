"""How a policy meets a stream of tasks: one choice a task, or attempts until the stop signal says that it is done.

A policy is given contexts and observations, never a table.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_router.evaluation.accounting import Play
from mcp_router.evaluation.signals import Said, Signal
from mcp_router.evaluation.tables import BenchTask
from mcp_router.types import Candidate, Context, Orchestrator
from memory_store.observations import Observation


def play(
    policy: Orchestrator,
    candidates: tuple[Candidate, ...],
    tasks: Sequence[BenchTask],
    *,
    max_attempts: int,
    signal: Signal,
    draw: str = "",
) -> list[Play]:
    """Lead a policy through a stream; it learns what the signal says. `draw` seeds what it draws."""
    plays = []
    for number, task in enumerate(tasks):
        context = (candidates, max_attempts, f"{draw}/{number}/{task.task_id}")
        plays.append(_play_one(policy, task, signal, *context))
    return plays


def _play_one(
    policy: Orchestrator,
    task: BenchTask,
    signal: Signal,
    candidates: tuple[Candidate, ...],
    max_attempts: int,
    draw: str,
) -> Play:
    """Attempts along the chain, planned anew after each failure.

    Kept is the attempt of which the verifier said the best, the last of equals: the one that passed, if any did.
    """
    tried: list[str] = []
    believed: list[float] = []
    kept: tuple[float, str] | None = None
    while len(tried) < max_attempts:
        plan = policy.choose(
            Context(
                task=task.task,
                candidates=candidates,
                max_attempts=max_attempts,
                tried=tuple(tried),
                task_id=task.task_id,
                draw=draw,
            )
        )
        if not plan.chain:
            break
        name = plan.chain[0].candidate
        tried.append(name)
        believed.append(plan.chain[0].p_success)
        said = signal(task, name)
        policy.learn(_observation(task, name, said))
        if kept is None or said.score >= kept[0]:
            kept = (said.score, name)
        if said.passed:
            break
    return Play(task, tuple(tried), kept[1] if kept else None, tuple(believed))


def _observation(task: BenchTask, name: str, said: Said) -> Observation:
    return Observation(
        task_id=task.task_id,
        at="",
        candidate=name,
        score=said.score,
        cost_usd=task.runs[name].cost_usd,
        repo=task.task.repo,
        dimension=task.task.dimension,
        features=task.task.features,
    )
