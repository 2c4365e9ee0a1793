"""The demo's figures, each computed from the memories alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mcp_router.demo.reference import decision_id
from mcp_router.demo.stage import CHEAPEST, DEAREST, MODELS, PRICE_OF_USD, Step
from mcp_router.types import Decision, Verdict
from memory_store.regret import TaskReward, task_rewards
from memory_store.store import MemoryStore


@dataclass(frozen=True, slots=True)
class Totals:
    """Over a stream: subtasks resolved, USD over all attempts, and regret against the best single model."""

    subtasks: int
    resolved: int
    cost_usd: float
    cum_regret: float


def row(store: MemoryStore, decision: Decision, half: int) -> dict[str, Any]:
    """One subtask: what was decided and why, each attempt, and what came of it."""
    attempts = []
    for attempt in store.attempts(decision.decision_id):
        outcome = store.effective_outcome(attempt.attempt_id)
        attempts.append(
            {
                "model": attempt.candidate,
                "verdict": outcome.verdict if outcome else None,
                "score": outcome.score if outcome else None,
                "source": outcome.source if outcome else None,
                "reasons": list(outcome.reasons[:2]) if outcome else [],
                "cost_usd": attempt.cost_usd,
            }
        )
    return {
        "half": half + 1,
        "decision_id": decision.decision_id,
        "task": decision.title,
        "dimension": decision.dimension,
        "mode": decision.mode,
        "decision": [choice.candidate for choice in decision.chain],
        "reason": decision.reason,
        "attempts": attempts,
        "outcome": "resolved" if _resolved(store, decision.decision_id) else "not resolved",
    }


def totals(
    store: MemoryStore, reference: MemoryStore, steps: tuple[Step, ...], decisions: list[str], half: int | None = None
) -> Totals:
    """What the router got, over the whole stream or one half."""
    rewards = {reward.task_id: reward for reward in task_rewards(store.observations(), PRICE_OF_USD)}
    best = _best(reference)
    chosen = [(s, d) for s, d in zip(steps, decisions, strict=True) if half in (None, s.half)]
    return Totals(
        subtasks=len(chosen),
        resolved=sum(_resolved(store, d) for _, d in chosen),
        cost_usd=round(sum(rewards[d].cost_usd for _, d in chosen if d in rewards), 6),
        cum_regret=round(sum(best[s.subtask.id] - _reward(rewards.get(d)) for s, d in chosen), 4),
    )


def always(reference: MemoryStore, steps: tuple[Step, ...], model: str) -> Totals:
    """What one model alone would have got on the same recorded answers."""
    rewards = {reward.task_id: reward for reward in task_rewards(reference.observations(), PRICE_OF_USD)}
    best = _best(reference)
    own = [(step.subtask.id, decision_id(step.subtask, model)) for step in steps]
    return Totals(
        subtasks=len(own),
        resolved=sum(_resolved(reference, key) for _, key in own),
        cost_usd=round(sum(rewards[key].cost_usd for _, key in own), 6),
        cum_regret=round(sum(best[subtask] - rewards[key].reward for subtask, key in own), 4),
    )


def learned(store: MemoryStore, steps: tuple[Step, ...], decisions: list[str]) -> dict[str, Any] | None:
    """The kind of task whose first choice gained most: the decision at its first and at its last showing."""
    found = []
    for dimension in sorted({step.subtask.dimension for step in steps}):
        own = [d for s, d in zip(steps, decisions, strict=True) if s.subtask.dimension == dimension]
        before, after = store.decision(own[0]), store.decision(own[-1])
        if before and after and before.chain and after.chain:
            gained = after.chain[0].p_success - before.chain[0].p_success
            changed = before.chain[0].candidate != after.chain[0].candidate
            found.append(((changed and gained > 0, gained), dimension, before, after))
    if not found:
        return None
    _, dimension, before, after = max(found, key=lambda item: item[0])
    return {"dimension": dimension, "before": _belief(before), "after": _belief(after)}


def report(store: MemoryStore, reference: MemoryStore, steps: tuple[Step, ...], decisions: list[str]) -> dict[str, Any]:
    """All that the demo shows, as JSON."""
    found = [store.decision(d) for d in decisions]
    return {
        "rows": [
            {"subtask": s.subtask.id, **row(store, d, s.half)}
            for s, d in zip(steps, found, strict=True)
            if d is not None
        ],
        "acrouter": asdict(totals(store, reference, steps, decisions)),
        "first_half": asdict(totals(store, reference, steps, decisions, half=0)),
        "second_half": asdict(totals(store, reference, steps, decisions, half=1)),
        f"always:{DEAREST}": asdict(always(reference, steps, DEAREST)),
        f"always:{CHEAPEST}": asdict(always(reference, steps, CHEAPEST)),
        "learned": learned(store, steps, decisions),
    }


def _belief(decision: Decision) -> dict[str, Any]:
    first = decision.chain[0]
    return {
        "model": first.candidate,
        "p_success": first.p_success,
        "interval": [first.low, first.high],
        "outcomes": first.outcomes,
        "reason": decision.reason,
    }


def _best(reference: MemoryStore) -> dict[str, float]:
    """The best single model's reward on each subtask."""
    best: dict[str, float] = {}
    for reward in task_rewards(reference.observations(), PRICE_OF_USD):
        subtask, _, model = reward.task_id.partition("/")
        assert model in MODELS
        best[subtask] = max(best.get(subtask, reward.reward), reward.reward)
    return best


def _reward(reward: TaskReward | None) -> float:
    return reward.reward if reward else 0.0


def _resolved(store: MemoryStore, decision_id: str) -> bool:
    outcomes = (store.effective_outcome(a.attempt_id) for a in store.attempts(decision_id))
    return any(o is not None and o.verdict == Verdict.PASS and o.source == "verified" for o in outcomes)
