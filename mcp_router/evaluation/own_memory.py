"""The sceptic's first screen: on the user's own log, what would have happened without routing, as far as that can be
told, and whether routing is worth it.

Only choices that were drawn can say what another choice would have done (off_policy.py). Where none was, the log is
described, and a model of its means is asked; neither is an estimate of what would have happened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcp_router.config import Config
from mcp_router.evaluation import off_policy
from mcp_router.evaluation.off_policy import Interval, Logged, Means
from mcp_router.evaluation.own_imports import judge_imports
from mcp_router.evaluation.own_log import Entry, candidates_of, read_log
from mcp_router.evaluation.rivals import Wanted, rivals
from memory_store.statistics import by_candidate
from memory_store.store import MemoryStore

ENOUGH = 30
"""Verified outcomes under which nothing is said of whether routing pays."""
ENOUGH_CARRIERS = 20
"""Decisions that an interval must rest on: what the simulations in the tests need for it to cover."""
AS_IT_WAS = "what was done"
NOT_YET = "not worth it here yet"
ONLY_IMPORTED = "not known yet: all of this memory is imported history, in which nothing was routed"
DRAWN = (
    "estimated by inverse propensity (ips) and doubly robust (dr) from the decisions that were drawn: acrouter by the "
    "whole task, with what was tried after a failure, the others by the first attempt, because they make no other; "
    "right if outcomes were reported whatever they were"
)
NOT_DRAWN = (
    "descriptive and model-based: no choice was drawn here, so nothing weighs what was not done; the model takes the "
    "means by candidate and kind of task, as if tasks had fallen to candidates by chance"
)


def judge_memory(
    store: MemoryStore, config: Config, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """What `acrouter eval --memory` prints. resolved is a mean score in percent, USD are by task.

    progress is told once for each decision that has an outcome.
    """
    entries = read_log(store)
    observations = store.observations()
    verified = sum(one.verified and one.score is not None for one in observations)
    imports = judge_imports(store, config, progress)
    drawn = [n for n, one in enumerate(entries) if one.drawn]
    at = drawn or range(len(entries))
    seen = [entries[n] for n in at]
    choices = rivals(entries, observations, candidates_of(entries, config), config, progress)
    wanted = {name: [choice[n] for n in at] for name, choice in choices.items()}
    rows = [_row(name, seen, choice, bool(drawn)) for name, choice in wanted.items()]
    gains = _gains(seen, wanted, rows, config.lambda_usd)
    return {
        "bench": "memory",
        "kind": DRAWN if drawn else NOT_DRAWN,
        "lambda": config.lambda_usd,
        "n": len(entries),
        "verified": verified,
        "drawn": len(drawn),
        "not_followed": sum(not one.followed for one in entries),
        "unknown_costs": sum(one.unknown_costs for one in entries),
        "logged": _means(seen),
        "rows": rows,
        "gains": gains,
        "verdict": _verdict(verified, bool(drawn), gains, rows) if entries or not imports else ONLY_IMPORTED,
        "imported": imports,
        "candidates": by_candidate(observations),
    }


def _row(name: str, seen: Sequence[Entry], wanted: Wanted, drawn: bool) -> dict[str, Any]:
    """One policy: what can be told of it, and if nothing, why."""
    values = _values(name, seen)
    scores, costs = _log(seen, [score for score, _ in values]), _log(seen, [usd for _, usd in values])
    agreeing = sum(one.ran == name for one, name in zip(seen, wanted, strict=True))
    row: dict[str, Any] = {
        "policy": name,
        "agreeing": agreeing,
        "effective_size": round(off_policy.effective_size(scores, wanted), 1) if drawn else None,
        "clipped": sum(w >= off_policy.CLIP for w in off_policy.weights(scores, wanted)) if drawn else None,
        "reason": None,
        "resolved": None,
        "cost_usd": None,
        "model": None,
    }
    if not all(wanted) or not seen:
        return row | {"reason": "nobody to ask on some decisions, or no price or cost is known" if seen else "no log"}
    row["model"] = {"resolved": _model(scores, wanted, 100), "cost_usd": _model(costs, wanted)}
    row["reason"] = _why_not(scores, wanted) if drawn else "no choice was drawn"
    if row["reason"] is None:
        size = off_policy.carriers(scores, wanted)
        scored = {key: off_policy.bounded(found, size) for key, found in _both(scores, wanted).items()}
        row["resolved"] = {key: _plain(found, 100) for key, found in scored.items()}
        row["cost_usd"] = {key: _plain(found) for key, found in _both(costs, wanted).items()}
    return row


def _why_not(log: Sequence[Logged], wanted: Wanted) -> str | None:
    """Why nothing is estimated of a policy, None if it can be."""
    carriers = off_policy.carriers(log, wanted)
    if carriers < ENOUGH_CARRIERS:
        return (
            f"too few draws chose as it would: the estimate would rest on {carriers:.0f}, {ENOUGH_CARRIERS} are needed"
        )
    w = off_policy.weights(log, wanted)
    mean = math.fsum(w) / len(w)
    error = math.sqrt(math.fsum((x - mean) ** 2 for x in w)) / len(w)
    if mean + 3 * error < 1:
        return f"in about {1 - mean:.0%} of the decisions it had no chance to be drawn"
    return None


def _gains(
    seen: Sequence[Entry], wanted: Mapping[str, Wanted], rows: Sequence[Mapping[str, Any]], price: float
) -> list[dict[str, Any]]:
    """Reward a task of the shipped policy less that of each other, where both can be told; less what was really got,
    it is the price of exploring."""
    told = [str(row["policy"]) for row in rows if row["resolved"] is not None]
    if "acrouter" not in told:
        return []
    terms, size = {}, {}
    for name in told:
        log = _log(seen, _rewards(name, seen, price))
        terms[name], size[name] = (
            off_policy.doubly_robust_terms(log, wanted[name]),
            off_policy.carriers(log, wanted[name]),
        )
    terms[AS_IT_WAS], size[AS_IT_WAS] = _rewards(AS_IT_WAS, seen, price), float(len(seen))
    ours = size["acrouter"]
    return [
        {"against": name} | _plain(off_policy.difference(terms["acrouter"], terms[name], min(ours, size[name])))
        for name in terms
        if name != "acrouter"
    ]


def _verdict(verified: int, drawn: bool, gains: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> str:
    """One sentence; only a gain over every rival that is clear of 0 makes it a good one."""
    if verified < ENOUGH:
        return f"{NOT_YET}: {verified} verified outcomes are too few to tell"
    if not drawn:
        return f"{NOT_YET}: no choice was drawn, so nothing can be compared; set explore above 0 in config.toml"
    untold = [row for row in rows if row["resolved"] is None]
    if untold:
        return f"{NOT_YET}: of {untold[0]['policy']} nothing can be told, {untold[0]['reason']}"
    worst = min((gain for gain in gains if gain["against"] != AS_IT_WAS), key=lambda gain: float(gain["low"]))
    told = f"{worst['value']:+.3f} [{worst['low']:+.3f}, {worst['high']:+.3f}] reward a task against {worst['against']}"
    return f"worth it here: at least {told}" if worst["low"] > 0 else f"{NOT_YET}: {told}"


def _values(name: str, seen: Sequence[Entry]) -> list[tuple[float, float]]:
    """Score and USD of each decision, to a policy of this name: one that goes on after a failure, or one that stops."""
    if name in ("acrouter", AS_IT_WAS):
        return [(one.task_score, one.task_cost_usd) for one in seen]
    return [(one.score, one.cost_usd) for one in seen]


def _rewards(name: str, seen: Sequence[Entry], price: float) -> list[float]:
    return [score - price * usd for score, usd in _values(name, seen)]


def _log(seen: Sequence[Entry], values: Sequence[float]) -> list[Logged]:
    return [
        Logged(one.decision.dimension, one.ran, one.decision.propensity, value)
        for one, value in zip(seen, values, strict=True)
    ]


def _means(seen: Sequence[Entry]) -> dict[str, float] | None:
    """What was really got in the decisions that the rows are about."""
    if not seen:
        return None
    scores, costs = zip(*_values(AS_IT_WAS, seen), strict=True)
    return {
        "resolved": round(100 * math.fsum(scores) / len(seen), 2),
        "cost_usd": round(math.fsum(costs) / len(seen), 6),
    }


def _model(log: Sequence[Logged], wanted: Wanted, scale: float = 1.0) -> float:
    means = Means(log)
    return round(scale * math.fsum(means.of(one.kind, n) for one, n in zip(log, wanted, strict=True)) / len(log), 6)


def _both(log: Sequence[Logged], wanted: Wanted) -> dict[str, Interval]:
    return {"ips": off_policy.snips(log, wanted), "dr": off_policy.doubly_robust(log, wanted)}


def _plain(found: Interval, scale: float = 1.0) -> dict[str, float]:
    return {key: round(scale * getattr(found, key), 6) for key in ("value", "low", "high")}
