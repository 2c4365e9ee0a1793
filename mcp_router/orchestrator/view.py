"""One task as it is estimated: what the plan, the exploration and the answer are made from."""

from __future__ import annotations

from dataclasses import dataclass

from mcp_router.orchestrator.ease import Ease
from mcp_router.orchestrator.plan import Box
from mcp_router.orchestrator.posterior import Estimate, Place


@dataclass(frozen=True, slots=True)
class View:
    """estimates and costs (USD an attempt) by candidate; boxes: the same as the plan sees them, with a little of the
    doubt in each one's favour; neighbours: similar past tasks with their kinship.
    """

    place: Place
    estimates: dict[str, Estimate]
    costs: dict[str, float]
    boxes: dict[str, Box]
    ease: Ease
    neighbours: tuple[tuple[str, float], ...]
