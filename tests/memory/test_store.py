"""The store joins records by attempt and decision, and says when what it said has changed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from memory_store.observations import Observation
from memory_store.records import RunEvent, to_line
from memory_store.store import MemoryStore

from .builders import at, attempt, decision, outcome, reservation


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    return MemoryStore(tmp_path)


def scores(store: MemoryStore) -> list[float | None]:
    return [one.score for one in store.observations()]


def test_records_are_found_by_what_they_belong_to(store: MemoryStore) -> None:
    event = RunEvent(event_id="e1", decision_id="d1", at=at(1), work="delegate", status="running")
    store.append(attempt("a2", 5), attempt("a1", 1), outcome("o2", 6, attempt_id="a2"), outcome("o1", 2), event)
    store.append(decision("d2", 9, idempotency_key="k2"), decision("d1", 0, idempotency_key="k1"))
    assert store.decision("d1") == decision("d1", 0, idempotency_key="k1")
    assert [one.decision_id for one in store.decisions()] == ["d1", "d2"]
    assert [one.attempt_id for one in store.attempts("d1")] == ["a1", "a2"]
    assert (
        [one.outcome_id for one in store.outcomes("d1")] == [one.outcome_id for one in store.outcomes()] == ["o1", "o2"]
    )
    assert store.run_events("d1") == store.run_events() == [event]
    found = store.find_by_key("k2")
    assert found is not None
    assert found.decision_id == "d2"


def test_what_is_not_there_is_none_or_empty(store: MemoryStore) -> None:
    assert store.decision("x") is None
    assert store.find_by_key("x") is None
    assert store.effective_outcome("x") is None
    assert store.attempts("x") == store.outcomes("x") == store.run_events("x") == store.observations() == []
    assert store.reserved_usd() == 0


def test_a_key_that_looks_like_a_secret_is_found_though_it_is_not_kept(store: MemoryStore) -> None:
    key = "ghp_" + "aB3" * 12
    store.append(decision(idempotency_key=key))
    assert store.find_by_key(key) is not None
    assert key not in store.journal.path.read_text()


def test_an_observation_joins_task_attempt_and_outcome(store: MemoryStore) -> None:
    store.append(decision(), attempt(), outcome(score=0.5, strength=0.75, source="reported"))
    assert store.observations() == [
        Observation(
            task_id="d1",
            at=at(1),
            candidate="small",
            score=0.5,
            weight=0.75,
            cost_usd=0.25,
            verified=False,
            repo="example.org/shop",
            dimension="bug_fixing",
            features=(1, 2, 3),
        )
    ]


def test_what_ran_is_credited_and_not_what_was_asked_for(store: MemoryStore) -> None:
    store.append(attempt(model_served="other"), outcome(candidate="other"))
    assert [one.candidate for one in store.observations()] == ["other"]


def test_an_attempt_without_a_verdict_has_a_cost_and_no_score(store: MemoryStore) -> None:
    store.append(attempt("a1"), attempt("a2", cost_usd=None), attempt("a3"))
    store.append(outcome("o2", attempt_id="a2", verdict="no_signal", score=None, strength=0.0))
    assert [(one.score, one.weight, one.cost_usd) for one in store.observations()] == [
        (None, 0.0, 0.25),
        (None, 0.0, None),
        (None, 0.0, 0.25),
    ]


def test_a_fault_of_the_infrastructure_is_nobodys_failure(store: MemoryStore) -> None:
    store.append(attempt(fault="rate_limit"), outcome(score=0.0, verdict="fail"))
    (one,) = store.observations()
    assert (one.score, one.cost_usd) == (None, 0.25)


@pytest.mark.parametrize(
    ("outcomes", "holds"),
    [
        ([outcome("r", 2, source="reported")], "r"),
        ([outcome("r1", 2, source="reported"), outcome("r2", 3, source="reported")], "r2"),
        ([outcome("v", 2), outcome("r", 3, source="reported")], "v"),
        ([outcome("v1", 2), outcome("v2", 3, score=0.0)], "v2"),
        ([outcome("v2", 3, score=0.0), outcome("v1", 2)], "v2"),
        ([outcome("z", 2), outcome("a", 2, score=0.0)], "a"),
    ],
    ids=[
        "reported",
        "last reported",
        "verified over later report",
        "last verified",
        "by time",
        "same time: as written",
    ],
)
def test_the_last_verified_outcome_holds_else_the_last_reported(
    store: MemoryStore, outcomes: list[object], holds: str
) -> None:
    for one in outcomes:
        store.append(one)  # type: ignore[arg-type]
    effective = store.effective_outcome("a1")
    assert effective is not None
    assert effective.outcome_id == holds


def test_an_outcome_reported_twice_changes_nothing(store: MemoryStore) -> None:
    store.append(decision(), attempt(), outcome())
    before = store.observations(), store.revision, store.journal.path.read_bytes()
    store.append(outcome())
    assert (store.observations(), store.revision, store.journal.path.read_bytes()) == before


def test_the_revision_stays_while_observations_are_only_added(store: MemoryStore) -> None:
    store.append(decision(), attempt("a1", 1), outcome("o1", 2, attempt_id="a1"))
    first, revision = store.observations(), store.revision
    store.append(attempt("a2", 3), outcome("o2", 4, attempt_id="a2", score=0.0))
    store.append(attempt("a3", 3), outcome("o3", 4, attempt_id="a3", score=0.5))
    assert store.revision == revision
    assert [one.score for one in store.observations_since(len(first))] == [0.0, 0.5]


def test_an_outcome_that_comes_before_anybody_looked_is_no_change(store: MemoryStore) -> None:
    store.append(attempt())
    revision = store.revision
    store.append(outcome())
    assert (scores(store), store.revision) == ([1.0], revision)


def test_the_revision_changes_when_a_given_observation_does(store: MemoryStore) -> None:
    store.append(decision(), attempt(), outcome())
    assert scores(store) == [1.0]
    seen = [store.revision]
    store.append(outcome("reverted", 9, score=0.0))
    assert scores(store) == [0.0]
    seen.append(store.revision)
    store.append(attempt("earlier", 0))
    assert scores(store) == [None, 0.0]
    seen.append(store.revision)
    store.append(decision(minute=1, dimension="test_generation"))
    assert store.observations()[1].dimension == "test_generation"
    seen.append(store.revision)
    store.append(attempt("earlier", 4))
    assert scores(store) == [0.0, None]
    seen.append(store.revision)
    store.journal.path.write_text("")
    store.refresh()
    assert scores(store) == []
    seen.append(store.revision)
    assert len(set(seen)) == len(seen)


def test_what_is_observed_does_not_depend_on_the_order_of_the_lines(tmp_path: Path) -> None:
    records = [decision(f"d{n}", n) for n in range(5)]
    records += [attempt(f"a{n}", n, decision_id=f"d{n % 5}") for n in range(20)]  # type: ignore[misc]
    records += [outcome(f"o{n}", n, attempt_id=f"a{n % 20}", score=n / 60) for n in range(60)]  # type: ignore[misc]
    seen = []
    for seed in range(4):
        random.Random(seed).shuffle(records)
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "journal.jsonl").write_text("".join(f"{to_line(one)}\n" for one in records))
        seen.append(MemoryStore(folder).observations())
    assert seen == [seen[0]] * 4
    assert len(seen[0]) == 20


def test_two_memories_merge_as_sets(tmp_path: Path) -> None:
    mine, theirs = MemoryStore(tmp_path / "mine"), MemoryStore(tmp_path / "theirs")
    mine.append(decision(), attempt())
    theirs.append(decision(), attempt(), outcome(), attempt("a2", 0, cost_usd=None))
    assert scores(mine) == [None]
    assert mine.merge(theirs.journal.path) == 2
    assert scores(mine) == [None, 1.0]
    assert mine.observations() == theirs.observations()


def test_money_counts_in_full_until_it_is_known_what_was_spent(store: MemoryStore) -> None:
    store.append(reservation("r1", 1, amount_usd=1.0), reservation("r2", 2, amount_usd=2.0, decision_id="d2"))
    assert store.reserved_usd() == 3.0
    store.append(reservation("r1", 5, amount_usd=1.0, settled=True, spent_usd=0.25))
    assert store.reserved_usd() == 2.25
    store.append(reservation("r2", 6, amount_usd=2.0, decision_id="d2", settled=True, spent_usd=None))
    assert store.reserved_usd() == 2.25, "an unknown cost must not look free"
    assert store.reserved_usd(decision_id="d1") == 0.25
    assert len(store.reservations()) == 2


def test_money_belongs_to_the_time_at_which_it_was_set_aside(store: MemoryStore) -> None:
    store.append(reservation("r1", 59, amount_usd=1.0), reservation("r2", 61, amount_usd=2.0))
    store.append(reservation("r1", 70, amount_usd=1.0, settled=True, spent_usd=0.5))
    one_oclock = datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert store.reserved_usd(one_oclock) == 2.0
    assert store.reserved_usd(one_oclock.astimezone(timezone(timedelta(hours=9)))) == 2.0
    assert store.reserved_usd(one_oclock - timedelta(minutes=1)) == 2.5


def test_a_settlement_that_is_read_before_its_reservation_holds(store: MemoryStore) -> None:
    store.append(reservation("r1", 5, amount_usd=1.0, settled=True, spent_usd=0.25), reservation("r1", 1))
    assert store.reserved_usd() == 0.25


def test_what_was_appended_before_a_transaction_failed_stays(store: MemoryStore) -> None:
    def fail_half_way() -> None:
        with store.transaction():
            store.append(reservation())
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert store.reserved_usd() == 1.0
    assert MemoryStore(store.journal.path.parent).reserved_usd() == 1.0


def test_health_counts_what_is_there(store: MemoryStore) -> None:
    store.append(decision(), attempt(), outcome())
    health = store.health()
    assert (health["decisions"], health["attempts"], health["outcomes"], health["records"]) == (1, 1, 1, 3)
    assert health["problem"] is None
