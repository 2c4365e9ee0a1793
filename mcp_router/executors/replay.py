"""Recorded answers: what a model once made of a task is put into the folder again, at what it cost then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from mcp_router.types import Attempt, Candidate, Limits, Task
from memory_store.records import now


@dataclass(frozen=True, slots=True)
class Recording:
    """An answer: the files that it left, by their path in the folder, and its cost; None where unknown."""

    files: Mapping[str, str]
    cost_usd: float | None = None


class ReplayExecutor:
    """Looks answers up by the task's text and the candidate's model. What was not recorded is a fault, no failure."""

    def __init__(self, recordings: Mapping[tuple[str, str], Recording]) -> None:
        self._recordings = recordings

    def attempt(
        self,
        task: Task,
        candidate: Candidate,
        folder: Path,
        limits: Limits,  # noqa: ARG002
        *,
        feedback: str | None,  # noqa: ARG002
        cancel: Event,  # noqa: ARG002
        progress: Callable[[str], None],  # noqa: ARG002
    ) -> Attempt:
        """The recorded answer of the candidate to the task."""
        found = self._recordings.get((task.text, candidate.model))
        for name, text in found.files.items() if found else ():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        cost = found.cost_usd if found else None
        return Attempt(
            attempt_id="",
            decision_id="",
            at=now(),
            candidate=candidate.id,
            model_asked=candidate.model,
            model_served=candidate.model if found else None,
            cost_usd=cost,
            cost_source="unknown" if cost is None else "reported",
            turns=1,
            fault=None if found else f"replay: no answer of {candidate.model} to this task was recorded.",
        )
