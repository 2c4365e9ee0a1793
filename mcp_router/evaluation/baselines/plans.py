"""A plan of bare names: what a policy without beliefs answers."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_router.types import Choice, Context, Plan


def plan_of(context: Context, names: Sequence[str], reason: str, propensity: float = 1.0) -> Plan:
    """The chain of those of `names` that were not tried yet; nothing is claimed of their success or cost."""
    models = {candidate.id: candidate.model for candidate in context.candidates}
    left = [name for name in names if name not in context.tried]
    chain = tuple(
        Choice(candidate=name, model=models[name], p_success=0.5, low=0.0, high=1.0, cost_usd=None) for name in left
    )
    return Plan(chain, propensity, reason)
