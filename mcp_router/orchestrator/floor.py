"""The floor for risky work: never below a model that the user named for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from mcp_router.errors import BadInput
from mcp_router.models import EFFORTS, resolve, same_model
from mcp_router.orchestrator.task import names_in
from mcp_router.types import HOST, Candidate, Task

DEFAULT_EFFORT = "medium"
"""What a candidate without an effort counts as."""


def above_floor(
    task: Task, candidates: Sequence[Candidate], floors: Mapping[str, str]
) -> tuple[list[Candidate], list[str]]:
    """The candidates that reach every floor the task touches, and a sentence for each; the host always does.

    floors: the model, MODEL or MODEL@EFFORT, by a word of the task or a pattern of paths. Other models are
    compared with it by their list price of output.

    Raises:
        BadInput: a floor is neither among the candidates nor in the catalogue.
    """
    left, notes = list(candidates), []
    for pattern, floor in floors.items():
        if not _touches(task, pattern):
            continue
        bar = _price_of(floor, candidates)
        if bar is None and not any(_is(c, floor) for c in candidates):
            raise BadInput(f"floor: {floor!r}, set for {pattern!r} in config.toml, is not a model that is known here.")
        left = [c for c in left if c.id == HOST or _reaches(c, floor, bar)]
        notes.append(f"{pattern!r} is risky here: nothing below {floor}")
    return left, notes


def _touches(task: Task, pattern: str) -> bool:
    """Whether the task has the word, or names a path that fits, as a file of its own or in its text."""
    wanted = pattern.lower()
    if wanted in task.text.lower():
        return True
    paths = ("/" + name.lower().replace("\\", "/").lstrip("/") for name in (*task.files, *names_in(task.text)))
    return any(fnmatchcase(path, form) for path in paths for form in (wanted, f"*/{wanted}"))


def _reaches(candidate: Candidate, floor: str, bar: float | None) -> bool:
    if _is(candidate, floor):
        effort = _split(floor)[1]
        return effort is None or _rank(candidate.effort) >= _rank(effort)
    mine = candidate.price.output
    return mine is not None and bar is not None and mine >= bar


def _is(candidate: Candidate, floor: str) -> bool:
    model = _split(floor)[0]
    return _split(candidate.id)[0] == model or same_model(candidate.model, model)


def _price_of(floor: str, candidates: Sequence[Candidate]) -> float | None:
    """The list price of the floor's output: the user's own where it is a candidate, else the catalogue's."""
    own = next((c.price.output for c in candidates if _is(c, floor)), None)
    known = resolve(_split(floor)[0])
    return own if own is not None else known.price.output if known else None


def _split(name: str) -> tuple[str, str | None]:
    model, _, effort = name.rpartition("@")
    return (model, effort) if effort in EFFORTS and model else (name, None)


def _rank(effort: str | None) -> int:
    return EFFORTS.index(effort or DEFAULT_EFFORT)
