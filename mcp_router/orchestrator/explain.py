"""What a decision says of itself: each candidate with its evidence, and why the first leads."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_router.orchestrator.history import History
from mcp_router.orchestrator.view import View
from mcp_router.types import HOST, Candidate, Choice


def choice(candidate: Candidate, view: View, known_usd: float | None, history: History) -> Choice:
    """A candidate as the answer shows it. known_usd: None where nothing tells its cost, which is then a guess."""
    name = candidate.id
    seen = view.estimates[name]
    guess = known_usd is None and name != HOST
    return Choice(
        candidate=name,
        model=candidate.model,
        effort=candidate.effort,
        p_success=round(seen.p, 4),
        low=round(seen.low, 4),
        high=round(seen.high, 4),
        cost_usd=None if guess else round(view.costs[name], 6),
        outcomes=history.seen[name],
        verified=history.verified[name],
        neighbours=tuple(key for key, _ in view.neighbours if any(o.candidate == name for o in history.outcomes(key))),
    )


def reason(chain: Sequence[Choice], dimension: str | None, history: History, *, explored: bool) -> str:
    """Why the first leads, in one sentence."""
    if not chain:
        return "No candidate is worth its cost on this task."
    first = chain[0]
    where = (dimension or "tasks of any kind").replace("_", " ")
    if not first.outcomes:
        known = "no evidence of it here yet, so this is a prior"
    else:
        known = f"{history.here[(first.candidate, dimension)]} of its {first.outcomes} outcomes are on {where}"
        known += f", {len(first.neighbours)} on similar tasks" if first.neighbours else ""
    cost = "at an unknown cost" if first.cost_usd is None else f"for about ${first.cost_usd:.3g}"
    chance = f"{first.p_success:.0%} [{first.low:.0%}, {first.high:.0%}]"
    lead = "is tried to learn about it" if explored else "promises most"
    after = f"; then {chain[1].candidate} ({chain[1].p_success:.0%})" if len(chain) > 1 else ""
    return f"{first.candidate} {lead}: {chance} to succeed {cost} ({known}){after}."
