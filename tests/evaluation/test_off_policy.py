"""Estimates of what was not done: right on average, their intervals as sure as they say, on simulated logs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from mcp_router.evaluation.off_policy import (
    Interval,
    Logged,
    bounded,
    carriers,
    difference,
    doubly_robust,
    doubly_robust_terms,
    snips,
)

LOGS = 1000
NAMES = ("dear", "middling", "cheap")
SUCCESS = {
    "hard": dict(zip(NAMES, (0.9, 0.6, 0.3), strict=True)),
    "easy": dict(zip(NAMES, (0.5, 0.7, 0.2), strict=True)),
}
COST_USD = dict(zip(NAMES, (1.0, 0.3, 0.05), strict=True))
BEST = {"hard": "dear", "easy": "middling"}
POLICIES: dict[str, Callable[[str], str]] = {
    "always-dearest": lambda _: "dear",
    "always-cheapest": lambda _: "cheap",
    "best": lambda kind: BEST[kind],
}


def logged(seed: int, decisions: int, explore: float, *, cost: bool) -> list[Logged]:
    """A log of a policy that leads with the best of the kind of task and draws among all at times."""
    rng, log, share = random.Random(seed), [], explore / len(NAMES)
    for _ in range(decisions):
        kind = rng.choice(("hard", "easy"))
        name = rng.choice(NAMES) if rng.random() < explore else BEST[kind]
        value = COST_USD[name] * rng.lognormvariate(-0.18, 0.6) if cost else float(rng.random() < SUCCESS[kind][name])
        log.append(Logged(kind, name, share + (1 - explore if name == BEST[kind] else 0.0), value))
    return log


def truth(policy: Callable[[str], str], *, cost: bool) -> float:
    return sum(COST_USD[policy(kind)] if cost else SUCCESS[kind][policy(kind)] for kind in SUCCESS) / len(SUCCESS)


def covered(found: Interval, value: float) -> bool:
    return found.low <= value <= found.high


@pytest.mark.parametrize("cost", [False, True], ids=["resolved", "cost"])
@pytest.mark.parametrize("policy", POLICIES)
def test_an_interval_covers_the_truth_as_often_as_it_says(policy: str, cost: bool) -> None:
    choose, hits, sums = POLICIES[policy], {snips: 0, doubly_robust: 0}, {snips: 0.0, doubly_robust: 0.0}
    expected = truth(choose, cost=cost)
    for seed in range(LOGS):
        log = logged(seed, 400, 0.3, cost=cost)
        wanted = [choose(one.kind) for one in log]
        for estimate in hits:
            found = estimate(log, wanted)
            hits[estimate] += covered(found if cost else bounded(found, carriers(log, wanted)), expected)
            sums[estimate] += found.value
    for estimate, hit in hits.items():
        assert 0.93 <= hit / LOGS <= 0.97, (estimate.__name__, hit)
        assert sums[estimate] / LOGS == pytest.approx(expected, rel=0.02)


def test_the_interval_of_a_difference_covers_it_as_often_as_it_says() -> None:
    expected = truth(POLICIES["best"], cost=False) - truth(POLICIES["always-dearest"], cost=False)
    hits = 0
    for seed in range(LOGS):
        log = logged(seed, 400, 0.3, cost=False)
        terms = [
            doubly_robust_terms(log, [POLICIES[name](one.kind) for one in log]) for name in ("best", "always-dearest")
        ]
        hits += covered(difference(*terms, size=40), expected)
    assert 0.93 <= hits / LOGS <= 0.97


def test_the_doubly_robust_estimate_is_the_narrower_where_the_model_helps() -> None:
    log = logged(1, 2000, 0.3, cost=True)
    wanted = ["dear" if one.kind == "hard" else "cheap" for one in log]
    widths = [found.high - found.low for found in (doubly_robust(log, wanted), snips(log, wanted))]
    assert widths[0] < widths[1]
