"""Plays policies on a table and adds up, one row a policy: what `acrouter eval` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from mcp_router.evaluation.accounting import Totals, charges, spread, total
from mcp_router.evaluation.by_lambda import LAMBDAS, by_lambda
from mcp_router.evaluation.players import Player, chosen, in_hindsight
from mcp_router.evaluation.series import Series, figures
from mcp_router.evaluation.setting import Setting

FIGURES = ("avg_perf", "cum_regret", "cost_usd")


def evaluate(
    setting: Setting,
    names: Sequence[str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
    *,
    series: bool = False,
) -> dict[str, Any]:
    """One row a policy, in the shape that `acrouter eval --json` prints; all policies when none is named.

    progress is told what was played after each stream, `steps` times in all. series: with "figures", the numbers
    that figures are drawn from.

    Raises:
        BadInput: a name is of no policy, a decision file is damaged, or the table lacks the stop signal.
    """
    kept: dict[str, list[Series]] | None = {} if series else None
    rows = [_row(name, player, setting, progress, kept) for name, player in chosen(setting, names).items()]
    found = {
        "bench": setting.bench.name,
        "protocol": setting.protocol,
        "lambda": setting.price_of_usd,
        "orders": setting.orders,
        "seed": setting.seed,
        "n": len(setting.bench.tasks),
        "prior": "fitted" if setting.prior else "none",
        "stop_signal": setting.stop_signal,
        "verifier": {"fpr": setting.fpr, "fnr": setting.fnr},
        "rows": rows,
    }
    if kept is not None:
        found["figures"] = figures(kept) | {"by_lambda": by_lambda(setting, progress)}
    return found


def steps(setting: Setting, names: Sequence[str] | None = None, *, series: bool = False) -> int:
    """How often `evaluate` will tell its progress."""
    return len(chosen(setting, names)) * len(list(setting.streams())) + (2 * len(LAMBDAS) if series else 0)


def _row(
    name: str,
    player: Player,
    setting: Setting,
    progress: Callable[[str], None],
    kept: dict[str, list[Series]] | None,
) -> dict[str, Any]:
    totals = []
    for number, tasks in setting.streams():
        plays = player(tasks, number)
        charged = charges(tasks)
        totals.append(total(plays, charged, setting.price_of_usd))
        if kept is not None:
            kept.setdefault(name, []).append(Series.of(plays, charged, setting.price_of_usd))
        progress(name)
    given, shuffled = totals[0], totals[1:] or totals
    return {
        "policy": name,
        "hindsight": in_hindsight(name),
        "given_order": {figure: _rounded(getattr(given, figure)) for figure in FIGURES},
        **{figure: _spread(shuffled, figure) for figure in FIGURES},
        "unknown_costs": given.unknown_costs,
    }


def _spread(totals: Sequence[Totals], figure: str) -> dict[str, Any]:
    return {key: _rounded(value) for key, value in asdict(spread(getattr(one, figure) for one in totals)).items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_rounded(item) for item in value]
    return None if value is None else round(value, 4)
