"""What a verifier says of an attempt, and whether the search may stop there."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from mcp_router.evaluation.tables import BenchTask


@dataclass(frozen=True, slots=True)
class Said:
    """The score that is learned, and whether the attempt passed."""

    score: float
    passed: bool


Signal = Callable[[BenchTask, str], Said]
"""Of a model on a task."""


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
