"""The figures that the memory shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_store.observations import Observation
from memory_store.statistics import by_candidate, by_dimension, by_repository, figures, summary, wilson
from memory_store.store import MemoryStore

from .builders import at, attempt, decision, outcome


def seen(candidate: str = "small", score: float | None = 1.0, **fields: object) -> Observation:
    return Observation(task_id="d1", at=at(0), candidate=candidate, score=score, **fields)  # type: ignore[arg-type]


def test_the_interval_is_wilsons() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for successes, trials, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        assert wilson(successes / trials, trials) == pytest.approx((low, high), abs=5e-5)
    assert wilson(1 / 29, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_weaker_evidence_makes_a_wider_interval() -> None:
    strong, weak = figures([seen()] * 10), figures([seen(weight=0.25)] * 10)
    assert strong["score"] == weak["score"] == 1.0
    assert weak["interval"][0] < strong["interval"][0]


def test_means_are_weighted_and_unknown_is_counted_apart() -> None:
    row = figures(
        [
            seen(score=1.0, weight=1.0, cost_usd=0.5),
            seen(score=0.0, weight=0.25, cost_usd=None, verified=False),
            seen(score=None, cost_usd=0.1),
        ]
    )
    assert (row["attempts"], row["judged"], row["verified"]) == (3, 2, 1)
    assert row["score"] == pytest.approx(0.8)
    assert row["interval"][0] < 0.8 < row["interval"][1]
    assert (row["cost_usd"], row["spent_usd"]) == (pytest.approx(0.3), pytest.approx(0.6))
    assert row["unknown_costs"] == 1


def test_where_nothing_is_known_nothing_is_said() -> None:
    row = figures([seen(score=None, cost_usd=None), seen(score=1.0, weight=0.0, cost_usd=None)])
    assert (row["score"], row["interval"], row["cost_usd"], row["spent_usd"]) == (None, None, None, None)


def test_rows_are_grouped_with_the_most_tried_first() -> None:
    all_seen = [seen("a"), seen("b", repo="r", dimension="bug_fixing"), seen("b", repo="r")]
    assert [(row["candidate"], row["attempts"]) for row in by_candidate(all_seen)] == [("b", 2), ("a", 1)]
    assert [(row["dimension"], row["attempts"]) for row in by_dimension(all_seen)] == [
        ("unknown", 2),
        ("bug_fixing", 1),
    ]
    assert [(row["repository"], row["attempts"]) for row in by_repository(all_seen)] == [("r", 2), (None, 1)]


def test_the_summary_covers_the_whole_memory(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path)
    empty = summary(store)
    assert (empty["attempts"], empty["spent_usd"], empty["first"], empty["candidates"]) == (0, 0.0, None, [])
    store.append(decision(), attempt("a1"), outcome(), attempt("a2", 5, cost_usd=None))
    full = summary(store)
    assert (full["decisions"], full["attempts"], full["judged"], full["outcomes"]) == (1, 2, 1, 1)
    assert (full["spent_usd"], full["unknown_costs"]) == (0.25, 1)
    assert (full["first"], full["last"]) == (at(1), at(5))
    assert full["candidates"][0]["candidate"] == "small"
    assert full["problem"] is None
