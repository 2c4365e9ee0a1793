"""What the rows of the ablation are shown of a task: the same policy with less information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mcp_router.evaluation.tables import Bench, BenchTask
from mcp_router.types import Task

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


def ablations(table: Bench) -> dict[str, Shown]:
    """The rows that a table has the information for, least first."""
    tasks = table.tasks
    found: dict[str, Shown] = {"no-context": nothing}
    if any(task.task.dimension != "unknown" for task in tasks):
        found["dimension-only"] = dimension
    if any(task.bench for task in tasks):
        found["bench-only"] = bench
    if any(task.task.repo for task in tasks):
        found["repository-only"] = repository
    if any(task.task.features for task in tasks):
        found["text-only"] = text
    return found


def hide(task: BenchTask, shown: Shown) -> BenchTask:
    """The row with only what is shown of its task; what became of it stays."""
    return replace(task, task=shown(task))
