"""`acrouter eval --memory`: what is said of a user's own log, and what is not."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcp_router.config import Config
from mcp_router.evaluation.own_memory import judge_memory
from memory_store.records import Choice
from memory_store.store import MemoryStore
from tests.memory.builders import attempt, decision, outcome

NAMES = ("haiku", "opus")
COST_USD = {"haiku": 0.02, "opus": 2.0, "host": 1.0}
KINDS = ("bug_fixing", "test_generation")
Solves = Callable[[str, str, random.Random], bool]


def specialists(kind: str, name: str, _: random.Random) -> bool:
    return name != "haiku" or kind == "test_generation"


def alike(_: str, __: str, rng: random.Random) -> bool:
    return rng.random() < 0.5


def log(
    home: Path,
    solves: Solves,
    *,
    decisions: int = 300,
    propensity: float = 0.5,
    max_attempts: int = 1,
    follow_up: bool = False,
    **ran: str,
) -> Any:
    """A journal in which each decision led with one of two by the toss of a coin; `ran` is who worked instead."""
    rng, records = random.Random(1), []
    for n in range(decisions):
        kind, led = rng.choice(KINDS), rng.choice(NAMES)
        name = ran.get("ran", led)
        chosen = Choice(candidate=led, model=led, p_success=0.5, low=0.1, high=0.9, cost_usd=None)
        ids = {"decision_id": f"d{n}", "attempt_id": f"a{n}", "candidate": name}
        score = float(solves(kind, name, rng))
        if follow_up and not score:
            again = {"decision_id": f"d{n}", "attempt_id": f"b{n}", "candidate": "opus"}
            records += [
                attempt(f"b{n}", 4 * n + 3, decision_id=f"d{n}", candidate="opus", cost_usd=COST_USD["opus"]),
                outcome(f"p{n}", 4 * n + 3, **again),
            ]
        records += [
            decision(
                f"d{n}",
                4 * n,
                chain=(chosen,),
                eligible=NAMES,
                propensity=propensity,
                dimension=kind,
                features=(),
                max_attempts=max_attempts,
            ),
            attempt(f"a{n}", 4 * n + 1, decision_id=f"d{n}", candidate=name, cost_usd=COST_USD[name]),
            outcome(f"o{n}", 4 * n + 2, **ids, score=score, verdict="pass" if score else "fail"),
        ]
    store = MemoryStore(home)
    store.append(*records)
    return judge_memory(store, Config())


def rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["policy"]: row for row in found["rows"]}


def test_where_each_is_good_at_something_routing_is_worth_it(tmp_path: Path) -> None:
    found = log(tmp_path, specialists)
    told = rows(found)
    assert found["verdict"].startswith("worth it here: at least +0.")
    assert told["always-dearest"]["resolved"]["dr"]["value"] == pytest.approx(100, abs=1)
    assert told["always-dearest"]["cost_usd"]["ips"]["value"] == pytest.approx(2.0)
    assert told["always-cheapest"]["resolved"]["ips"]["low"] < 50 < told["always-cheapest"]["resolved"]["ips"]["high"]
    assert told["acrouter"]["resolved"]["dr"]["value"] > 90
    assert told["acrouter"]["cost_usd"]["dr"]["value"] < 1.6
    assert told["always-dearest"]["effective_size"] == pytest.approx(150, abs=20)
    assert {gain["against"] for gain in found["gains"]} == {
        *("always-dearest", "always-cheapest", "habit", "what was done"),
    }


def test_what_was_tried_after_a_failure_counts_for_the_policy_that_would_have_tried_it(tmp_path: Path) -> None:
    told = rows(log(tmp_path, specialists, max_attempts=3, follow_up=True))
    assert told["acrouter"]["resolved"]["dr"]["low"] > 97
    assert told["acrouter"]["cost_usd"]["dr"]["high"] < 1.4
    assert told["always-cheapest"]["resolved"]["dr"]["high"] < 65


def test_where_all_are_alike_it_is_not_worth_it_yet(tmp_path: Path) -> None:
    assert log(tmp_path, alike)["verdict"].startswith("not worth it here yet: ")


def test_a_log_in_which_nothing_was_drawn_is_described_and_never_weighed(tmp_path: Path) -> None:
    found = log(tmp_path, specialists, propensity=1.0)
    assert "no choice was drawn" in found["verdict"]
    assert found["kind"].startswith("descriptive and model-based")
    assert (found["drawn"], found["gains"]) == (0, [])
    for row in found["rows"]:
        assert (row["resolved"], row["cost_usd"], row["effective_size"]) == (None, None, None)
        assert row["model"]["resolved"] > 0


def test_choices_that_were_not_followed_are_left_out_and_counted(tmp_path: Path) -> None:
    found = log(tmp_path, specialists, ran="host")
    assert (found["drawn"], found["not_followed"]) == (0, 300)
    assert rows(found)["habit"]["agreeing"] == 300


def test_of_a_policy_that_was_hardly_drawn_nothing_is_told(tmp_path: Path) -> None:
    found = log(tmp_path, specialists, decisions=30)
    row = rows(found)["always-dearest"]
    assert re.fullmatch(r"too few draws chose as it would: .* would rest on 1\d, 20 are needed", row["reason"])
    assert row["resolved"] is None
    assert found["verdict"].startswith("not worth it here yet: of ")


def test_of_a_policy_that_could_not_have_been_drawn_nothing_is_told(tmp_path: Path) -> None:
    """The dice always fell on one of two, and the log says that they might have fallen otherwise."""
    found = log(tmp_path, specialists, propensity=0.9)
    assert "it had no chance to be drawn" in rows(found)["always-dearest"]["reason"]


def test_an_unknown_cost_is_counted_and_taken_at_the_mean_so_far(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path)
    for n, cost in enumerate((0.5, None)):
        ids = {"decision_id": f"d{n}", "attempt_id": f"a{n}"}
        store.append(
            decision(f"d{n}", 4 * n, eligible=("small",), features=()),
            attempt(f"a{n}", 4 * n + 1, decision_id=f"d{n}", cost_usd=cost),
            outcome(f"o{n}", 4 * n + 2, **ids),
        )
    found = judge_memory(store, Config())
    assert found["unknown_costs"] == 1
    assert found["logged"] == {"resolved": 100.0, "cost_usd": 0.5}


def test_a_decision_that_does_not_say_who_was_eligible_is_no_obstacle(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path)
    store.append(decision(features=()), attempt(), outcome())
    assert rows(judge_memory(store, Config()))["acrouter"]["reason"].startswith("nobody to ask")


def test_an_empty_memory_is_judged_too(tmp_path: Path) -> None:
    found = judge_memory(MemoryStore(tmp_path), Config())
    assert found["verdict"] == "not worth it here yet: 0 verified outcomes are too few to tell"
    assert found["logged"] is None
