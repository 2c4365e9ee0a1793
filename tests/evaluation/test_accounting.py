"""Every attempt is paid for, an unknown cost is never free, and regret is against the best single model."""

from __future__ import annotations

from itertools import permutations

import pytest

from mcp_router.evaluation.accounting import Play, charges, total
from mcp_router.evaluation.baselines.fixed_chain import FixedChain
from mcp_router.evaluation.hindsight import best_chain, oracle
from mcp_router.evaluation.protocols import play
from mcp_router.evaluation.run import evaluate
from mcp_router.evaluation.setting import Setting
from mcp_router.evaluation.signals import noisy, resolved
from tests.evaluation.benches import MODELS, bench, specialists


def test_a_cascade_pays_for_all_its_attempts() -> None:
    table = bench({"small": (0.0, 1.0), "large": (1.0, 4.0)})
    got = total([Play(table.tasks[0], ("small", "large"), "large")], charges(table.tasks), 0.1)
    assert (got.avg_perf, got.cost_usd) == (100.0, 5.0)
    assert got.cum_regret == pytest.approx((1.0 - 0.4) - (1.0 - 0.5))


def test_nobody_asked_costs_nothing_and_forgoes_the_best() -> None:
    table = bench({"small": (1.0, 1.0)})
    got = total([Play(table.tasks[0], (), None)], charges(table.tasks), 0.1)
    assert (got.avg_perf, got.cost_usd) == (0.0, 0.0)
    assert got.cum_regret == pytest.approx(0.9)


def test_an_unknown_cost_is_charged_at_the_models_mean_so_far_and_counted() -> None:
    table = bench({"small": (1.0, 1.0)}, {"small": (1.0, 3.0)}, {"small": (1.0, None)}, {"small": (1.0, 8.0)})
    charged = charges(table.tasks)
    assert [usd["small"] for usd in charged] == [1.0, 3.0, 2.0, 8.0]
    got = total([Play(task, ("small",), "small") for task in table.tasks], charged, 0.1)
    assert (got.cost_usd, got.unknown_costs) == (14.0, 1)


def test_before_a_model_cost_anything_it_is_charged_at_its_own_mean_or_at_all_models() -> None:
    table = bench({"small": (1.0, None), "large": (1.0, None)}, {"small": (1.0, 2.0), "large": (1.0, None)})
    assert charges(table.tasks) == [{"small": 2.0, "large": 2.0}, {"small": 2.0, "large": 2.0}]


def test_the_oracle_has_no_regret_and_the_best_single_the_least_of_one_model() -> None:
    table = specialists(1)
    charged = charges(table.tasks)
    assert total(oracle(table.tasks, charged, 0.1), charged, 0.1).cum_regret == pytest.approx(0.0)
    one, *every = evaluate(Setting(table), ["best-single", *(f"always:{c.id}" for c in table.candidates)])["rows"]
    regret = one["given_order"]["cum_regret"]
    assert regret == pytest.approx(min(row["given_order"]["cum_regret"] for row in every), abs=1e-3)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("errs", [False, True])
def test_no_fixed_chain_does_better_than_the_one_of_hindsight(length: int, errs: bool) -> None:
    table, signal = specialists(4, tasks=60), noisy(0.2, 0.2, "seed") if errs else resolved
    charged = charges(table.tasks)

    def regret(chain: tuple[str, ...]) -> float:
        policy = FixedChain("fixed", chain)
        plays = play(policy, table.candidates, table.tasks, max_attempts=length, signal=signal)
        return total(plays, charged, 0.1).cum_regret

    best = best_chain(table.tasks, charged, 0.1, length=length, signal=signal)
    every = [chain for n in range(1, length + 1) for chain in permutations(MODELS, n)]
    assert regret(best) == pytest.approx(min(map(regret, every)))


def test_shuffles_are_seeded_and_the_given_order_stands_beside() -> None:
    once = evaluate(Setting(specialists(2), orders=4), ["acrouter", "always:small"])
    again = evaluate(Setting(specialists(2), orders=4), ["acrouter", "always:small"])
    other = evaluate(Setting(specialists(2), orders=4, seed=8), ["acrouter"])
    alone = evaluate(Setting(specialists(2)), ["acrouter"])["rows"][0]
    learned, fixed = once["rows"]
    assert once == again
    assert learned["cum_regret"] != other["rows"][0]["cum_regret"]
    assert learned["given_order"] == alone["given_order"]
    assert alone["cum_regret"]["mean"] == alone["given_order"]["cum_regret"]
    assert alone["cum_regret"]["ci95"] is None
    assert learned["cum_regret"]["min"] < learned["cum_regret"]["mean"] < learned["cum_regret"]["max"]
    low, high = learned["cum_regret"]["ci95"]
    assert low < learned["cum_regret"]["mean"] < high
    assert fixed["avg_perf"]["min"] == fixed["avg_perf"]["max"] == fixed["given_order"]["avg_perf"]
