"""What past sessions cost, and on what; and what a model of them says that routing would have saved.

Nobody drew lots in a past session: hard tasks went to dear models, and no weighting can undo that. So nothing here is
an estimate of what would have happened. It is arithmetic on two assumptions, which its label names: another model
would have used the same tokens, and would succeed as often as it did on such tasks when it was asked.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mcp_router.config import Config
from mcp_router.evaluation.off_policy import Logged, Means
from mcp_router.evaluation.own_log import named
from mcp_router.evaluation.rivals import replayed
from mcp_router.models import cost_usd, price_at
from mcp_router.types import Attempt, Candidate, Decision
from memory_store.store import MemoryStore

MODEL = (
    "model-based, on imported history: no choice was drawn there, so this is no estimate of what would have happened; "
    "it takes the same tokens at the other model's list price, one attempt a subtask, and success as often as that "
    "model had it on such tasks, as if tasks had fallen to models by chance"
)


@dataclass(frozen=True, slots=True)
class _Past:
    """A subtask of a past session that one model worked on alone. score is None where nothing tells."""

    decision: Decision
    attempt: Attempt
    score: float | None


def judge_imports(store: MemoryStore, config: Config, progress: Callable[[str], None]) -> dict[str, Any] | None:
    """What `acrouter eval --memory` says of imported history; None without any. USD are sums.

    progress is told once for each subtask that is judged.
    """
    decisions = [one for one in store.decisions() if one.mode == "import"]
    if not decisions:
        return None
    groups: defaultdict[tuple[str, str], list[tuple[Attempt, str]]] = defaultdict(list)
    past: list[_Past] = []
    for decision in decisions:
        attempts = store.attempts(decision.decision_id)
        for attempt in attempts:
            outcome = store.effective_outcome(attempt.attempt_id)
            verdict = "fault" if attempt.fault else outcome.verdict if outcome else "no_signal"
            groups[(attempt.candidate, decision.dimension)].append((attempt, verdict))
            if len(attempts) == 1 and attempt.fault is None:
                past.append(_Past(decision, attempt, outcome.score if outcome else None))
    rows = [
        {"model": model, "dimension": dimension, **_spent(group)}
        for (model, dimension), group in sorted(groups.items())
    ]
    everything = [one for group in groups.values() for one in group]
    return {"total": _spent(everything), "rows": rows, "model": _modelled(past, store, config, progress)}


def _spent(group: Sequence[tuple[Attempt, str]]) -> dict[str, Any]:
    costs = [attempt.cost_usd for attempt, _ in group if attempt.cost_usd is not None]
    verdicts = [verdict for _, verdict in group]
    counts = ("input", "cache_read", "cache_write", "output")
    known = {name: [count for one, _ in group if (count := getattr(one.tokens, name)) is not None] for name in counts}
    return {
        "attempts": len(group),
        **{name: verdicts.count(name) for name in ("pass", "fail", "no_signal", "fault")},
        "spent_usd": round(math.fsum(costs), 6) if costs else None,
        "unknown_costs": len(group) - len(costs),
        "tokens": {name: sum(own) if own else None for name, own in known.items()},
    }


def _modelled(
    past: Sequence[_Past], store: MemoryStore, config: Config, progress: Callable[[str], None]
) -> dict[str, Any]:
    """What each policy would have cost by the model, on the subtasks whose cost is known under all of them."""
    ran: defaultdict[str | None, set[str]] = defaultdict(set)
    for one in past:
        ran[one.decision.client].add(one.attempt.candidate)
    candidates = named({name for names in ran.values() for name in names}, config)
    decisions = [replace(one.decision, eligible=tuple(sorted(ran[one.decision.client]))) for one in past]
    wanted = {
        "acrouter": replayed(decisions, store.observations(), candidates, config, progress),
        "always-cheapest": [
            _extreme(min, one, decision, candidates) for one, decision in zip(past, decisions, strict=True)
        ],
        "always-dearest": [
            _extreme(max, one, decision, candidates) for one, decision in zip(past, decisions, strict=True)
        ],
    }
    costs = {
        name: [_cost(one, choice, candidates) for one, choice in zip(past, own, strict=True)]
        for name, own in wanted.items()
    }
    told = [
        n
        for n, one in enumerate(past)
        if one.attempt.cost_usd is not None and None not in [c[n] for c in costs.values()]
    ]
    means = Means(
        [Logged(one.decision.dimension, one.attempt.candidate, 1.0, one.score) for one in past if one.score is not None]
    )
    was = [past[n] for n in told]
    spent = math.fsum(one.attempt.cost_usd or 0.0 for one in was)
    judged = sum(one.score is not None for one in past)
    rows = [
        _row(name, was, [own[n] for n in told], [costs[name][n] or 0.0 for n in told], means if judged else None, spent)
        for name, own in wanted.items()
    ]
    as_it_was = _row(
        "as it was",
        was,
        [one.attempt.candidate for one in was],
        [one.attempt.cost_usd or 0.0 for one in was],
        means if judged else None,
        spent,
    )
    return {
        "kind": MODEL,
        "subtasks": len(was),
        "left_out": len(past) - len(was),
        "judged": judged,
        "rows": [as_it_was, *rows],
    }


def _row(
    name: str, was: Sequence[_Past], chosen: Sequence[str], costs: Sequence[float], means: Means | None, spent: float
) -> dict[str, Any]:
    """resolved is in percent; saved_usd is what was spent less what the policy costs by the model."""
    scores = (
        [means.of(one.decision.dimension, choice) for one, choice in zip(was, chosen, strict=True)] if means else []
    )
    cost = math.fsum(costs)
    return {
        "policy": name,
        "same_choice": sum(one.attempt.candidate == choice for one, choice in zip(was, chosen, strict=True)),
        "resolved": round(100 * math.fsum(scores) / len(scores), 2) if scores else None,
        "cost_usd": round(cost, 6),
        "saved_usd": round(spent - cost, 6),
    }


def _cost(one: _Past, choice: str, candidates: Mapping[str, Candidate]) -> float | None:
    if choice == one.attempt.candidate:
        return one.attempt.cost_usd
    if not choice:
        return None
    tokens = one.attempt.tokens
    return cost_usd(price_at(candidates[choice], tokens.prompt // max(1, one.attempt.turns or 1)), tokens)


def _extreme(pick: Callable[..., str], one: _Past, decision: Decision, candidates: Mapping[str, Candidate]) -> str:
    """The cheapest or the dearest for a subtask's own tokens; "" where no price is known."""
    costs = {name: cost for name in decision.eligible if (cost := _cost(one, name, candidates)) is not None}
    return pick(costs, key=lambda name: (costs[name], name)) if costs else ""
