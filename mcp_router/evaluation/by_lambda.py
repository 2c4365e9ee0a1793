"""What the product's policy comes to at other prices of a dollar, beside the best fixed chain of hindsight at each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from mcp_router.evaluation.accounting import Totals, charges, total
from mcp_router.evaluation.players import players
from mcp_router.evaluation.setting import Setting

LAMBDAS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Reward that a dollar costs."""
MOST_ORDERS = 5
LONGEST_CHAIN = 5


def by_lambda(setting: Setting, progress: Callable[[str], None] = lambda _: None) -> dict[str, list[dict[str, Any]]]:
    """Two rows a lambda: mean performance in percent and USD over up to five orders."""
    found: dict[str, list[dict[str, Any]]] = {"acrouter": [], "hindsight": []}
    length = min(LONGEST_CHAIN, setting.max_attempts)
    bound = f"hindsight-chain-{length}" if length > 1 else "best-single"
    for value in LAMBDAS:
        at = replace(setting, price_of_usd=value, orders=min(setting.orders, MOST_ORDERS))
        known = players(at)
        streams = list(at.streams())
        plays = [total(known["acrouter"](tasks, n), charges(tasks), value) for n, tasks in streams[1:] or streams]
        found["acrouter"].append(_point(value, plays))
        progress(f"lambda {value:g}")
        tasks = streams[0][1]
        found["hindsight"].append(_point(value, [total(known[bound](tasks, 0), charges(tasks), value)]))
        progress(f"lambda {value:g}")
    return found


def _point(value: float, totals: Sequence[Totals]) -> dict[str, Any]:
    return {
        "lambda": value,
        "avg_perf": round(fmean(one.avg_perf for one in totals), 4),
        "cost_usd": round(fmean(one.cost_usd for one in totals), 4),
    }
