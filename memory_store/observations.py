"""What a policy learns from: an attempt joined with its task and the outcome that holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One attempt as a policy sees it.

    task_id groups the attempts on one task. score in [0, 1], None if nothing was found out (the cost still
    counts). weight in [0, 1] is the strength of the evidence. cost_usd is None where unknown. imported: known only
    from the transcript of a past session.
    """

    task_id: str
    at: str
    candidate: str
    score: float | None
    weight: float = 1.0
    cost_usd: float | None = None
    verified: bool = True
    imported: bool = False
    repo: str | None = None
    dimension: str = "unknown"
    features: tuple[int, ...] = ()
