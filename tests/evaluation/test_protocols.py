"""A policy is asked, learns what the verifier said, and is asked again until it passes or nobody is left."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mcp_router.errors import BadInput
from mcp_router.evaluation.accounting import Play
from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.evaluation.policies import policies
from mcp_router.evaluation.protocols import play
from mcp_router.evaluation.run import evaluate
from mcp_router.evaluation.setting import Setting
from mcp_router.evaluation.signals import Signal, apply_ok, noisy, resolved
from mcp_router.evaluation.tables import Bench, BenchTask, Run
from mcp_router.types import Context, Plan
from memory_store.observations import Observation
from tests.evaluation.benches import bench, specialists


class Listing:
    """Asks in a fixed order and keeps all that it is given."""

    name = "listing"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.contexts: list[Context] = []
        self.observations: list[Observation] = []

    def choose(self, context: Context) -> Plan:
        self.contexts.append(context)
        return plan_of(context, self.names, "as listed")

    def learn(self, observation: Observation) -> None:
        self.observations.append(observation)


def played(table: Bench, policy: Listing, max_attempts: int = 3, signal: Signal = resolved) -> list[Play]:
    return play(policy, table.candidates, table.tasks, max_attempts=max_attempts, signal=signal)


def test_a_cascade_stops_at_the_first_that_passes() -> None:
    policy = Listing(["small", "medium", "large"])
    [one] = played(bench({"small": (0.0, 1.0), "medium": (1.0, 2.0), "large": (1.0, 3.0)}), policy)
    assert (one.attempts, one.kept) == (("small", "medium"), "medium")
    assert [context.tried for context in policy.contexts] == [(), ("small",)]
    assert [seen.score for seen in policy.observations] == [0.0, 1.0]


def test_a_single_choice_is_kept_whatever_became_of_it() -> None:
    policy = Listing(["small", "large"])
    [one] = played(bench({"small": (0.0, 1.0), "large": (1.0, 3.0)}), policy, max_attempts=1)
    assert (one.attempts, one.kept) == (("small",), "small")


def test_without_a_pass_the_best_that_was_said_is_kept_the_last_of_equals() -> None:
    table = bench({"small": (0.8, 1.0), "medium": (0.8, 1.0), "large": (0.2, 1.0)})
    [one] = played(table, Listing(["small", "medium", "large"]))
    assert (len(one.attempts), one.kept) == (3, "medium")


def test_a_policy_may_ask_nobody() -> None:
    [one] = played(bench({"small": (1.0, 1.0)}), Listing([]))
    assert (one.attempts, one.kept) == ((), None)


def test_a_policy_sees_the_task_the_prices_and_its_own_outcomes_only() -> None:
    policy = Listing(["small"])
    table = bench({"small": (0.0, None), "large": (1.0, 3.0)})
    played(table, policy)
    assert all(
        type(context) is Context and type(context.task) is type(table.tasks[0].task) for context in policy.contexts
    )
    assert [(seen.candidate, seen.cost_usd) for seen in policy.observations] == [("small", None)]


def test_a_verifier_that_errs_teaches_what_it_said_and_the_truth_is_counted() -> None:
    table = bench(*[{"small": (0.0, 1.0)}] * 2000, *[{"small": (1.0, 1.0)}] * 2000)
    policy = Listing(["small"])
    plays = played(table, policy, signal=noisy(0.2, 0.1, "7/0"))
    said = [seen.score or 0.0 for seen in policy.observations]
    assert sum(said[:2000]) / 2000 == pytest.approx(0.2, abs=0.04)
    assert sum(said[2000:]) / 2000 == pytest.approx(0.9, abs=0.03)
    assert sum(one.task.runs[str(one.kept)].score for one in plays) == 2000
    again = Listing(["small"])
    played(table, again, signal=noisy(0.2, 0.1, "7/0"))
    assert [seen.score for seen in again.observations] == said


def test_a_false_pass_ends_the_search() -> None:
    table = bench({"small": (0.0, 1.0), "large": (1.0, 3.0)})
    [one] = played(table, Listing(["small", "large"]), signal=noisy(1.0, 0.0, "seed"))
    assert one.attempts == ("small",)


def test_the_stop_signal_may_be_that_the_patch_applied() -> None:
    runs = {
        "small": Run(0.0, 1.0, apply_ok=False),
        "medium": Run(0.0, 1.0, apply_ok=True),
        "large": Run(1.0, 1.0, True),
    }
    table = bench(dict.fromkeys(runs, (0.0, 1.0)))
    task = BenchTask("t0", table.tasks[0].task, runs)
    policy = Listing(["small", "medium", "large"])
    [one] = play(policy, table.candidates, [task], max_attempts=3, signal=apply_ok)
    assert (one.attempts, one.kept) == (("small", "medium"), "medium")
    assert [seen.score for seen in policy.observations] == [0.0, 1.0]


def test_a_table_without_the_stop_signal_says_so() -> None:
    with pytest.raises(BadInput, match="no column apply_ok"):
        evaluate(Setting(specialists(1), stop_signal="apply_ok"))


@pytest.mark.parametrize("name", ["cheap-first", "random", "dimension-best", "always:large"])
def test_baselines_ask_whom_their_names_say(name: str) -> None:
    table = bench({"large": (0.0, 3.0), "medium": (0.0, 0.5), "small": (0.0, 0.1)})
    policy = policies(table.candidates, price_of_usd=0.1, prior=False, fpr=0.0, fnr=0.0)[name]("seed")
    [one] = play(policy, table.candidates, table.tasks, max_attempts=3, signal=resolved)
    expected = {"cheap-first": {("small", "medium", "large")}, "always:large": {("large",)}}
    assert one.attempts in expected.get(name, {one.attempts})
    assert len(one.attempts) == (3 if name in ("cheap-first", "random") else 1)


def test_dimension_best_follows_the_leader_where_nothing_was_fitted() -> None:
    table = specialists(3, tasks=120)
    row, single = evaluate(Setting(table, prior=False), ["dimension-best", "best-single"])["rows"]
    assert row["given_order"]["avg_perf"] > single["given_order"]["avg_perf"] + 20
