"""What the rows of the ablation are shown of a task: the same policy with less information, or a wrong dimension."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from mcp_router.evaluation.tables import Bench, BenchTask
from mcp_router.orchestrator.dimension import UNKNOWN, infer
from mcp_router.types import DIMENSIONS, Task

Shown = Callable[[BenchTask], Task]


def everything(task: BenchTask) -> Task:
    """Dimension, repository and words."""
    return task.task


def nothing(_: BenchTask) -> Task:
    """That there is a task."""
    return Task("")


def dimension(task: BenchTask) -> Task:
    """Its dimension."""
    return Task("", dimension=task.task.dimension)


def bench(task: BenchTask) -> Task:
    """The benchmark that it was taken from, as a repository."""
    return Task("", repo=task.bench)


def repository(task: BenchTask) -> Task:
    """Its repository; its family in the ID bench."""
    return Task("", repo=task.task.repo)


def text(task: BenchTask) -> Task:
    """Its words."""
    return replace(task.task, repo=None, dimension="unknown")


def inferred_dimension(task: BenchTask) -> Task:
    """Everything, with the dimension that its words are taken for instead of its own."""
    return replace(task.task, dimension=infer(task.task.text)[0])


def wrong_dimension(task: BenchTask) -> Task:
    """Everything, with any other dimension than its own: the same one each time."""
    others = [name for name in DIMENSIONS if name != task.task.dimension]
    return replace(task.task, dimension=random.Random(f"wrong dimension of {task.task_id}").choice(others))


def ablations(table: Bench) -> dict[str, Shown]:
    """The rows that a table has the information for: less of it, least first, then what is wrong in it."""
    tasks = table.tasks
    found: dict[str, Shown] = {"no-context": nothing}
    dimensions = any(task.task.dimension != UNKNOWN for task in tasks)
    if dimensions:
        found["dimension-only"] = dimension
    if any(task.bench for task in tasks):
        found["bench-only"] = bench
    if any(task.task.repo for task in tasks):
        found["repository-only"] = repository
    if any(task.task.features for task in tasks):
        found["text-only"] = text
    if dimensions and any(task.task.text for task in tasks):
        found["inferred-dimension"] = inferred_dimension
    if dimensions:
        found["wrong-dimension"] = wrong_dimension
    return found


def hide(task: BenchTask, shown: Shown) -> BenchTask:
    """The row with only what is shown of its task; what became of it stays."""
    return replace(task, task=shown(task))
