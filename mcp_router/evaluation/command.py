"""What the options of `acrouter eval` mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_router.config import load_config, state_home
from mcp_router.errors import BadInput
from mcp_router.evaluation.draw import draw, need_matplotlib
from mcp_router.evaluation.own_memory import judge_memory
from mcp_router.evaluation.run import evaluate, steps
from mcp_router.evaluation.setting import Setting
from mcp_router.evaluation.show import progress
from mcp_router.evaluation.tables import data_folder, read_bench, read_results
from memory_store.store import MemoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options as given; None where the default depends on the others."""

    bench: str | None
    data: Path | None
    results: Path | None
    memory: bool
    policy: str | None
    protocol: str
    prior: str | None
    orders: int
    seed: int
    price_of_usd: float | None
    fpr: float
    fnr: float
    stop_signal: str
    figures: Path | None


def run(options: Options) -> dict[str, Any]:
    """The figures that `--json` prints: of `run.evaluate`, or of `own_memory.judge_memory`.

    Raises:
        BadInput: options that contradict each other, or as the functions that they lead to.
    """
    if sum((options.bench is not None, options.results is not None, options.memory)) != 1:
        raise BadInput("eval: give one of --bench id, --bench ood176, --results FILE.csv and --memory.")
    if options.data is not None and options.bench is None:
        raise BadInput("--data is the folder of a bench; give --bench id or --bench ood176 with it.")
    return _judge(options) if options.memory else _play(options)


def _judge(options: Options) -> dict[str, Any]:
    if options.policy is not None:
        raise BadInput("--policy: --memory compares policies of its own; leave --policy out.")
    if options.figures is not None:
        raise BadInput("--figures draws what was played on a table; leave it out with --memory.")
    config, price = load_config(), options.price_of_usd
    config = config if price is None else config.model_copy(update={"lambda_usd": price})
    store = MemoryStore(state_home())
    with progress(len(store.decisions())) as done:
        return judge_memory(store, config, done)


def _play(options: Options) -> dict[str, Any]:
    if options.stop_signal == "apply_ok" and (options.fpr or options.fnr):
        raise BadInput(
            "--stop-signal apply_ok has error rates of its own; leave out --verifier-fpr and --verifier-fnr."
        )
    if options.fpr + options.fnr >= 1:
        raise BadInput("--verifier-fpr and --verifier-fnr must sum to less than 1; above, a pass means a failure.")
    if options.figures is not None:
        need_matplotlib()
    setting, series = _setting(options), options.figures is not None
    names = None if options.policy is None else [name.strip() for name in options.policy.split(",")]
    with progress(steps(setting, names, series=series)) as done:
        found = evaluate(setting, names, done, series=series)
    if options.figures is not None:
        draw(found, options.figures)
    return found


def _setting(options: Options) -> Setting:
    if options.results is not None:
        bench, decisions, prior = read_results(options.results), None, options.prior or "none"
    else:
        decisions, prior = data_folder(options.data), options.prior or "fitted"
        bench = read_bench(options.bench or "id", decisions)
    return Setting(
        bench,
        protocol=options.protocol,
        prior=prior == "fitted",
        orders=options.orders,
        seed=options.seed,
        price_of_usd=0.1 if options.price_of_usd is None else options.price_of_usd,
        fpr=options.fpr,
        fnr=options.fnr,
        stop_signal=options.stop_signal,
        decisions=decisions,
    )
