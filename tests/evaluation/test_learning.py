"""What is learned pays, and nothing is learned that was not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mcp_router.evaluation import shown
from mcp_router.evaluation.accounting import spread
from mcp_router.evaluation.players import players
from mcp_router.evaluation.policies import policies
from mcp_router.evaluation.protocols import play
from mcp_router.evaluation.run import evaluate
from mcp_router.evaluation.setting import Setting
from mcp_router.evaluation.signals import resolved
from mcp_router.evaluation.tables import Bench, BenchTask, Run
from mcp_router.orchestrator.dimension import infer
from mcp_router.types import DIMENSIONS
from memory_store.similarity import features
from tests.evaluation.benches import specialists

STREAMS = range(8)


def attempts(table: Bench, name: str, max_attempts: int) -> list[tuple[str, ...]]:
    policy = policies(table.candidates, price_of_usd=0.1, prior=False, fpr=0.0, fnr=0.0)[name]("7/0")
    plays = play(policy, table.candidates, table.tasks, max_attempts=max_attempts, signal=resolved, draw="7/0")
    return [one.attempts for one in plays]


def scrambled(task: BenchTask, seen: Sequence[str]) -> BenchTask:
    """The task with everything else than what was seen turned over."""
    runs = {m: run if m in seen else Run(1.0 - run.score, 7.0 + (run.cost_usd or 0.0)) for m, run in task.runs.items()}
    return replace(task, runs=runs)


def worded(table: Bench) -> Bench:
    """The table with a prompt to each task."""
    words = [f"Fix `part_{n % 7}` of {task.task.dimension}" for n, task in enumerate(table.tasks)]
    tasks = zip(table.tasks, words, strict=True)
    return replace(table, tasks=tuple(replace(t, task=replace(t.task, text=w, features=features(w))) for t, w in tasks))


@pytest.mark.parametrize("max_attempts", [1, 3])
@pytest.mark.parametrize(
    "name",
    [
        *("acrouter", "acrouter:memory-off", "acrouter:memory-shuffled", "acrouter:explore-off"),
        *("acrouter:rates-unknown", "linucb", "lints", "knn", "cheap-first", "dimension-best", "random"),
    ],
)
def test_no_decision_rests_on_an_outcome_that_was_not_seen(name: str, max_attempts: int) -> None:
    table = specialists(11, tasks=40)
    before = attempts(table, name, max_attempts)
    unseen = tuple(scrambled(task, seen) for task, seen in zip(table.tasks, before, strict=True))
    assert attempts(replace(table, tasks=unseen), name, max_attempts) == before
    assert max_attempts > 1 or any(seen.runs != task.runs for seen, task in zip(unseen, table.tasks, strict=True))


@pytest.mark.parametrize("name", ["acrouter", "acrouter:text-only", "acrouter:no-context", "linucb", "lints", "knn"])
@pytest.mark.parametrize(("protocol", "fpr"), [("single", 0.0), ("cascade", 0.3)])
def test_no_row_of_the_table_rests_on_an_outcome_that_was_not_seen(name: str, protocol: str, fpr: float) -> None:
    """As above, through the rows themselves, with words, and with a verifier that errs."""
    table = worded(specialists(12, tasks=40))
    setting = Setting(table, protocol=protocol, prior=False, fpr=fpr)
    before = [one.attempts for one in players(setting)[name](table.tasks, 0)]
    unseen = tuple(scrambled(task, seen) for task, seen in zip(table.tasks, before, strict=True))
    after = players(replace(setting, bench=replace(table, tasks=unseen)))[name](unseen, 0)
    assert [one.attempts for one in after] == before


def test_an_ablation_is_not_shown_what_it_is_named_without() -> None:
    table = worded(specialists(12, tasks=60))
    other = replace(table, tasks=tuple(replace(t, task=replace(t.task, dimension="algorithm")) for t in table.tasks))

    def told(bench: Bench, name: str) -> list[tuple[str, ...]]:
        return [one.attempts for one in players(Setting(bench, prior=False))[name](bench.tasks, 0)]

    for name in ("acrouter:no-context", "acrouter:repository-only", "acrouter:text-only"):
        assert told(table, name) == told(other, name)
    for name in ("acrouter", "acrouter:dimension-only"):
        assert told(table, name) != told(other, name)


def test_a_dimension_that_is_inferred_or_wrong_is_told_instead_of_the_tasks_own() -> None:
    table = worded(specialists(12, tasks=60))
    seen = shown.ablations(table)
    for task in table.tasks:
        inferred, wrong = seen["inferred-dimension"](task), seen["wrong-dimension"](task)
        assert inferred == replace(task.task, dimension=infer(task.task.text)[0])
        assert wrong == replace(task.task, dimension=wrong.dimension)
        assert wrong == seen["wrong-dimension"](task)
        assert wrong.dimension in set(DIMENSIONS) - {task.task.dimension}
    assert len({seen["wrong-dimension"](task).dimension for task in table.tasks}) > 3
    assert "inferred-dimension" not in shown.ablations(specialists(12))


def test_a_wrong_dimension_costs_where_the_dimension_is_what_tells_the_models_apart() -> None:
    names = ["acrouter", "acrouter:wrong-dimension"]
    dearer = []
    for stream in STREAMS:
        rows = evaluate(Setting(specialists(stream), prior=False), names)["rows"]
        own, wrong = (row["given_order"]["cum_regret"] for row in rows)
        dearer.append(wrong - own)
    interval = spread(dearer).ci95
    assert interval is not None
    assert interval[0] > 0, dearer


def test_what_is_seen_does_change_decisions() -> None:
    table = specialists(11, tasks=40)
    first = scrambled(table.tasks[0], ())
    changed = replace(table, tasks=(first, *table.tasks[1:]))
    assert attempts(changed, "acrouter", 1) != attempts(table, "acrouter", 1)


@pytest.mark.parametrize("protocol", ["single", "cascade"])
def test_a_memory_beats_none_and_one_that_is_shuffled(protocol: str) -> None:
    names = ["acrouter", "acrouter:memory-off", "acrouter:memory-shuffled"]
    saved: dict[str, list[float]] = {name: [] for name in names[1:]}
    for stream in STREAMS:
        rows = evaluate(Setting(specialists(stream), protocol=protocol, prior=False), names)["rows"]
        regret = {row["policy"]: row["given_order"]["cum_regret"] for row in rows}
        for name, differences in saved.items():
            differences.append(regret[name] - regret["acrouter"])
    for name, differences in saved.items():
        interval = spread(differences).ci95
        assert interval is not None
        assert interval[0] > 0, (name, differences)


def test_without_a_memory_the_failures_on_the_task_at_hand_still_count() -> None:
    for tried in attempts(specialists(5, tasks=30), "acrouter:memory-off", 3):
        assert len(set(tried)) == len(tried) >= 1
