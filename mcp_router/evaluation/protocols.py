"""How a policy meets a stream of tasks: one choice a task, or attempts until the stop signal says that it is done.

A policy is given contexts and observations, never a table.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mcp_router.evaluation.accounting import Play
from mcp_router.evaluation.tables import BenchTask
from mcp_router.types import Candidate, Context, Orchestrator
from memory_store.observations import Observation


@dataclass(frozen=True, slots=True)
class Said:
    """What the verifier says of an attempt: the score that is learned, and whether the search may stop."""

    score: float
    passed: bool


Signal = Callable[[BenchTask, str], Said]


def resolved(task: BenchTask, model: str) -> Said:
    """The truth: the score itself, done when it is full."""
    score = task.runs[model].score
    return Said(score, score >= 1.0)


def apply_ok(task: BenchTask, model: str) -> Said:
    """Whether the patch applied: what can be seen without running anything."""
    applied = bool(task.runs[model].apply_ok)
    return Said(float(applied), applied)


def noisy(fpr: float, fnr: float, seed: str) -> Signal:
    """The truth told by a verifier that errs: an attempt that failed passes with probability fpr, one that is
    resolved fails with probability fnr. The same seed errs on the same attempts, whoever asks.
    """

    def signal(task: BenchTask, model: str) -> Said:
        truth = resolved(task, model)
        dice = random.Random(f"{seed}/{task.task_id}/{model}").random()
        if truth.passed:
            return Said(0.0, False) if dice < fnr else truth
        return Said(1.0, True) if dice < fpr else truth

    return signal


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
        said = signal(task, name)
        policy.learn(_observation(task, name, said))
        if kept is None or said.score >= kept[0]:
            kept = (said.score, name)
        if said.passed:
            break
    return Play(task, tuple(tried), kept[1] if kept else None)


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
