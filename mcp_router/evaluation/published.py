"""What published routers chose, task by task, from the benchmark's `decisions` folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mcp_router.errors import BadInput
from mcp_router.evaluation.accounting import Play
from mcp_router.evaluation.tables import GET_IT, Bench, BenchTask, read_lines

Decisions = dict[str, tuple[tuple[str, ...], str]]
"""By task: who tried, in order, and whose result was kept."""
OTHER_SPELLINGS = {"通义千问Max": "Qwen3-Max"}
"""Names under which two of the files give a model of the table."""


def published_files(folder: Path, bench: str) -> dict[str, Path]:
    """The decision files on one bench by their names; none where the folder has no `decisions`."""
    return {path.stem: path for path in sorted(folder.glob(f"decisions/{bench}_*.jsonl"))}


def read_decisions(path: Path, bench: Bench) -> Decisions:
    """The decisions of one file on the tasks of `bench`; a cascade's `chain_run` is paid for in full.

    Raises:
        BadInput: the file is damaged, a task of the bench has no decision, or a model is none of the bench's.
    """
    models = {candidate.id for candidate in bench.candidates}
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for line in read_lines(path, ("task_id", "chosen_model")):
        chosen, run = _model(line["chosen_model"]), line.get("chain_run")
        found[str(line["task_id"])] = (tuple(map(_model, run)) if isinstance(run, list) else (chosen,), chosen)
    for task in bench.tasks:
        attempts, chosen = found.get(task.task_id, ((), ""))
        if unknown := {*attempts, chosen} - models:
            what = f"names {min(unknown)!r}, which is no model of the table" if chosen else "is missing"
            raise BadInput(f"{path}: the decision on {task.task_id} {what}; {GET_IT}.")
    return found


def _model(name: object) -> str:
    return OTHER_SPELLINGS.get(str(name), str(name))


def replay(decisions: Decisions, tasks: Sequence[BenchTask]) -> list[Play]:
    """The decisions on a stream."""
    return [Play(task, *decisions[task.task_id]) for task in tasks]
