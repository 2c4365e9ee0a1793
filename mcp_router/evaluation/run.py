"""Plays policies on a table and adds up, one row a policy: what `acrouter eval` prints."""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mcp_router.errors import BadInput
from mcp_router.evaluation import hindsight
from mcp_router.evaluation.accounting import Play, Totals, charges, spread, total
from mcp_router.evaluation.policies import Builder, policies
from mcp_router.evaluation.protocols import Signal, apply_ok, noisy, play, resolved
from mcp_router.evaluation.published import published_files, read_decisions, replay
from mcp_router.evaluation.tables import Bench, BenchTask

FIGURES = ("avg_perf", "cum_regret", "cost_usd")


@dataclass(frozen=True, slots=True)
class Setting:
    """How all policies are played.

    protocol: single, one choice a task, or cascade, until the stop signal. orders: seeded shuffles of the stream
    beside the order of the file; 1 for that alone. price_of_usd: lambda. fpr, fnr: the verifier's error rates.
    stop_signal: what the verifier reports, resolved or apply_ok. decisions: the folder of published decisions.
    """

    bench: Bench
    protocol: str = "single"
    prior: bool = True
    orders: int = 1
    seed: int = 7
    price_of_usd: float = 0.1
    fpr: float = 0.0
    fnr: float = 0.0
    stop_signal: str = "resolved"
    decisions: Path | None = None


Player = Callable[[Sequence[BenchTask], int], list[Play]]
"""Plays a stream; the number of its order, 0 for the file's, seeds what is drawn."""


def evaluate(
    setting: Setting, names: Sequence[str] | None = None, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """One row a policy, in the shape that `acrouter eval --json` prints; all policies when none is named.

    progress is told a policy's name after each stream, `steps(setting, names)` times in all.

    Raises:
        BadInput: a name is of no policy, a decision file is damaged, or the table lacks the stop signal.
    """
    known = players(setting)
    rows = [_row(name, known[name], setting, progress) for name in _chosen(names, known)]
    return {
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


def steps(setting: Setting, names: Sequence[str] | None = None) -> int:
    """How many streams `evaluate` will play."""
    return len(_chosen(names, players(setting))) * len(list(_orders(setting)))


def players(setting: Setting) -> dict[str, Player]:
    """By name, in the order of the table: the product's policy, baselines, bounds, published decisions."""
    bench = setting.bench
    if setting.stop_signal == "apply_ok" and any(r.apply_ok is None for t in bench.tasks for r in t.runs.values()):
        raise BadInput(f"--stop-signal: {bench.name} has no column apply_ok for every row; use resolved.")
    built = policies(
        bench.candidates, price_of_usd=setting.price_of_usd, prior=setting.prior, fpr=setting.fpr, fnr=setting.fnr
    )
    files = published_files(setting.decisions, bench.name) if setting.decisions else {}
    return {
        **{name: partial(_play, setting, builder) for name, builder in built.items()},
        "best-single": partial(_in_hindsight, setting, hindsight.best_single),
        "oracle": partial(_in_hindsight, setting, hindsight.oracle),
        **{name: partial(_replay, setting, path) for name, path in files.items()},
    }


def _play(setting: Setting, builder: Builder, tasks: Sequence[BenchTask], order: int) -> list[Play]:
    seed = f"{setting.seed}/{order}"
    candidates = setting.bench.candidates
    return play(
        builder(seed),
        candidates,
        tasks,
        max_attempts=1 if setting.protocol == "single" else len(candidates),
        signal=_signal(setting, seed),
        draw=seed,
    )


def _signal(setting: Setting, seed: str) -> Signal:
    if setting.stop_signal == "apply_ok":
        return apply_ok
    return noisy(setting.fpr, setting.fnr, seed) if setting.fpr or setting.fnr else resolved


def _in_hindsight(
    setting: Setting, choose: Callable[..., list[Play]], tasks: Sequence[BenchTask], _: int
) -> list[Play]:
    return choose(tasks, charges(tasks), setting.price_of_usd)


def _replay(setting: Setting, path: Path, tasks: Sequence[BenchTask], _: int) -> list[Play]:
    return replay(read_decisions(path, setting.bench), tasks)


def _row(name: str, player: Player, setting: Setting, progress: Callable[[str], None]) -> dict[str, Any]:
    totals = []
    for number, tasks in _orders(setting):
        plays = player(tasks, number)
        totals.append(total(plays, charges(tasks), setting.price_of_usd))
        progress(name)
    given, shuffled = totals[0], totals[1:] or totals
    return {
        "policy": name,
        "hindsight": name in ("oracle", "best-single"),
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


def _orders(setting: Setting) -> Iterator[tuple[int, list[BenchTask]]]:
    """The order of the file, number 0, and the shuffles."""
    yield 0, list(setting.bench.tasks)
    for number in range(1, setting.orders + 1 if setting.orders > 1 else 1):
        tasks = list(setting.bench.tasks)
        random.Random(f"{setting.seed}/{number}").shuffle(tasks)
        yield number, tasks


def _chosen(names: Sequence[str] | None, known: dict[str, Player]) -> list[str]:
    for name in names or ():
        if name not in known:
            near = difflib.get_close_matches(name, known, 3, 0.4) or sorted(known)
            raise BadInput(f"--policy: {name!r} is no policy here; give one of {', '.join(near)}.")
    return list(known if names is None else dict.fromkeys(names))
