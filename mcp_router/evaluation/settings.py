"""What other settings of the policy would have done, on the streams that settings are chosen on.

`python -m mcp_router.evaluation.settings --data DIR --runs FILE` plays the policy as shipped and with one constant
changed at a time. DIR is the benchmark's folder: of its fitting set, the tasks marked `val` are played, one choice a
task. FILE is a table of real agent runs, as for `acrouter eval --results`: pools of eight of its models are played
cold and without prices, as a cascade, at three prices of a dollar. Nothing of the ID test or of OOD176 is read.
"""

from __future__ import annotations

import argparse
import importlib
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from mcp_router.errors import BadInput
from mcp_router.evaluation.accounting import charges, spread, total
from mcp_router.evaluation.players import players
from mcp_router.evaluation.setting import Setting
from mcp_router.evaluation.tables import Bench, read_results, read_validation

SEED, POOLS, POOL_SIZE, ORDERS = 7, 12, 8, 2
PRICES_OF_USD = (0.1, 0.3, 1.0)
CHAIN = 3
"""Length of the fixed chain, best in hindsight, that a cascade is compared with."""
_BASE = {"": 1.0, "dimension": 0.6, "repo": 0.4}
ALTERNATIVES: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "loading A 1": {"posterior.LOADING": 1.0},
    "loading A 3": {"posterior.LOADING": 3.0},
    "variances halved": {"posterior.VARIANCES": {key: value / 2 for key, value in _BASE.items()}},
    "variances doubled": {"posterior.VARIANCES": {key: value * 2 for key, value in _BASE.items()}},
    "repository variance 0.1": {"posterior.VARIANCES": {**_BASE, "repo": 0.1}},
    "ease variance 0.3": {"posterior.EASE_VARIANCE": 0.3},
    "optimism 0": {"explore.OPTIMISM": 0.0},
    "optimism 0.2": {"explore.OPTIMISM": 0.2},
    "optimism 0.5": {"explore.OPTIMISM": 0.5},
    "optimism 1": {"explore.OPTIMISM": 1.0},
    "costs never clipped": {"cost.CLIP": 1e9},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row an alternative: regret on `val`; on the runs, regret over that of the best fixed chain."""
    parser = argparse.ArgumentParser(prog="python -m mcp_router.evaluation.settings")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the benchmark's folder")
    parser.add_argument("--runs", type=Path, required=True, metavar="FILE", help="a table of real runs")
    options = parser.parse_args(arguments)
    try:
        val, runs = read_validation(options.data), read_results(options.runs)
    except BadInput as error:
        parser.error(str(error))
    pools = [_pool(runs, number) for number in range(POOLS)]
    columns = ("val", *(f"runs, {price}" for price in PRICES_OF_USD))
    print(
        f"{ORDERS} orders, {POOLS} pools of {POOL_SIZE}, seed {SEED}; val: regret, {len(val.tasks)} tasks, one choice;"
    )
    print(
        f"runs at lambda 0.1, 0.3, 1.0: regret over that of the best fixed chain of {CHAIN} in hindsight; n {POOLS}\n"
    )
    print(f"{'':24}" + "".join(f"{column:>20}" for column in columns))
    cascades = [[_cascade(pool, price) for pool in pools] for price in PRICES_OF_USD]
    bounds = [[_regret(setting, f"hindsight-chain-{CHAIN}") for setting in of_price] for of_price in cascades]
    for name, constants in ALTERNATIVES.items():
        with _set(constants):
            single = _regret(Setting(val, prior=False, orders=ORDERS, seed=SEED), "acrouter")
            found = [[_regret(setting, "acrouter") for setting in of_price] for of_price in cascades]
        ratios = [[a / b for a, b in zip(*pair, strict=True)] for pair in zip(found, bounds, strict=True)]
        print(f"{name:24}{single:20.1f}" + "".join(_shown(of_price) for of_price in ratios), flush=True)


def _regret(setting: Setting, name: str) -> float:
    """Mean over the shuffles."""
    play = players(setting)[name]
    streams = ((number, tasks) for number, tasks in setting.streams() if number)
    return fmean(total(play(tasks, n), charges(tasks), setting.price_of_usd).cum_regret for n, tasks in streams)


def _cascade(pool: Bench, price: float) -> Setting:
    return Setting(pool, "cascade", prior=False, orders=ORDERS, seed=SEED, price_of_usd=price)


def _shown(ratios: Sequence[float]) -> str:
    found = spread(ratios)
    low, high = found.ci95 or (found.mean, found.mean)
    return f"  {found.mean:.3f} [{low:.2f}, {high:.2f}]"


def _pool(bench: Bench, number: int) -> Bench:
    """Some of a table's models, drawn with a seed."""
    drawn = tuple(random.Random(f"{SEED}/{number}").sample(bench.candidates, POOL_SIZE))
    names = [candidate.id for candidate in drawn]
    tasks = (replace(task, runs={name: task.runs[name] for name in names}) for task in bench.tasks)
    return Bench(f"{bench.name}/{number}", drawn, tuple(tasks))


@contextmanager
def _set(constants: dict[str, Any]) -> Iterator[None]:
    """Constants of the orchestrator's modules changed for a while."""
    modules = {key: importlib.import_module(f"mcp_router.orchestrator.{key.partition('.')[0]}") for key in constants}
    before = {key: getattr(module, key.partition(".")[2]) for key, module in modules.items()}
    for key, module in modules.items():
        setattr(module, key.partition(".")[2], constants[key])
    yield
    for key, module in modules.items():
        setattr(module, key.partition(".")[2], before[key])


if __name__ == "__main__":
    main()
