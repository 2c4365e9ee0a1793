"""Everything that has a row in the table, by name: policies, the ablation, bounds of hindsight, published decisions."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from functools import cache, partial

from mcp_router.errors import BadInput
from mcp_router.evaluation import shown
from mcp_router.evaluation.accounting import Play, charges
from mcp_router.evaluation.hindsight import best_chain, oracle
from mcp_router.evaluation.policies import Builder, chain, policies
from mcp_router.evaluation.protocols import play
from mcp_router.evaluation.published import published_files, read_decisions, replay
from mcp_router.evaluation.setting import Setting
from mcp_router.evaluation.signals import resolved
from mcp_router.evaluation.tables import BenchTask

HINDSIGHT_LENGTHS = (3, 4, 5)
"""Of the chains that are shown when no policy is named; any other length has a row when it is named."""

Player = Callable[[Sequence[BenchTask], int], list[Play]]
"""Plays a stream; the number of its order, 0 for the file's, seeds what is drawn."""


def players(setting: Setting) -> dict[str, Player]:
    """By name, in the order of the table.

    Raises:
        BadInput: the table lacks the stop signal.
    """
    bench = setting.bench
    if setting.stop_signal == "apply_ok" and any(r.apply_ok is None for t in bench.tasks for r in t.runs.values()):
        raise BadInput(f"--stop-signal: {bench.name} has no column apply_ok for every row; use resolved.")
    built = policies(
        bench.candidates, price_of_usd=setting.price_of_usd, prior=setting.prior, fpr=setting.fpr, fnr=setting.fnr
    )
    files = published_files(setting.decisions, bench.name) if setting.decisions else {}
    return {
        **{name: partial(_play, setting, build, shown.everything) for name, build in built.items()},
        **{
            f"acrouter:{name}": partial(_play, setting, built["acrouter"], seen)
            for name, seen in shown.ablations(bench).items()
        },
        "best-single": _hindsight_chain(setting, 1),
        **{f"hindsight-chain-{n}": _hindsight_chain(setting, n) for n in range(2, len(bench.candidates) + 1)},
        "oracle": lambda tasks, _: oracle(tasks, charges(tasks), setting.price_of_usd),
        **{name: _published(setting, name) for name in files},
    }


def chosen(setting: Setting, names: Sequence[str] | None) -> dict[str, Player]:
    """The players of these names; without any, those that say something under this setting.

    Raises:
        BadInput: a name is of no policy, or as `players`.
    """
    known = players(setting)
    for name in names or ():
        if name not in known:
            near = difflib.get_close_matches(name, known, 3, 0.4) or sorted(known)
            raise BadInput(f"--policy: {name!r} is no policy here; give one of {', '.join(near)}.")
    if names is None:
        names = [name for name in known if _says_something(setting, name)]
    return {name: known[name] for name in names}


def in_hindsight(name: str) -> bool:
    """Whether a row was chosen with all outcomes in sight."""
    return name in ("oracle", "best-single") or name.startswith("hindsight-chain-")


def _says_something(setting: Setting, name: str) -> bool:
    if name == "acrouter:rates-unknown":
        return setting.signal(0) is not resolved
    if name.startswith("hindsight-chain-"):
        return setting.protocol == "cascade" and int(name.rpartition("-")[2]) in HINDSIGHT_LENGTHS
    return True


def _play(
    setting: Setting, build: Builder, seen: shown.Shown, tasks: Sequence[BenchTask], order: int, attempts: int = 0
) -> list[Play]:
    return play(
        build(setting.seed_of(order)),
        setting.bench.candidates,
        [shown.hide(task, seen) for task in tasks],
        max_attempts=attempts or setting.max_attempts,
        signal=setting.signal(order),
        draw=setting.seed_of(order),
    )


def _hindsight_chain(setting: Setting, length: int) -> Player:
    """The chain that is best in the order of the file; it is chosen when it is first played."""

    @cache
    def best() -> tuple[str, ...]:
        tasks = setting.bench.tasks
        return best_chain(tasks, charges(tasks), setting.price_of_usd, length=length, signal=setting.signal(0))

    def player(tasks: Sequence[BenchTask], order: int) -> list[Play]:
        return _play(setting, chain("hindsight", best()), shown.everything, tasks, order, attempts=length)

    return player


def _published(setting: Setting, name: str) -> Player:
    """A published router's decisions; the file is read when it is first played."""

    @cache
    def decisions() -> dict[str, tuple[tuple[str, ...], str]]:
        assert setting.decisions is not None
        path = published_files(setting.decisions, setting.bench.name)[name]
        return dict(read_decisions(path, setting.bench))

    return lambda tasks, _: replay(decisions(), tasks)
