"""memory.json is the journal for readers of TinyDB, made anew whenever it is not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tinydb import TinyDB, where

from memory_store.database import Database
from memory_store.journal import JournalError
from memory_store.store import MemoryStore

from .builders import attempt, decision, outcome, reservation


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    store = MemoryStore(tmp_path)
    store.append(decision(), attempt("a1"), attempt("a2", 4, cost_usd=None), outcome(), reservation())
    return store


def test_plain_tinydb_and_a_person_can_read_it(store: MemoryStore, tmp_path: Path) -> None:
    assert Database(tmp_path).refresh(store)
    with TinyDB(tmp_path / "memory.json", access_mode="r") as database:
        assert database.tables() == {"_meta", "decisions", "attempts", "outcomes", "runs", "reservations"}
        assert database.table("decisions").get(where("decision_id") == "d1")["title"] == "Fix the cart"
        costs = {one["attempt_id"]: one["cost_usd"] for one in database.table("attempts")}
        assert costs == {"a1": 0.25, "a2": None}
        assert database.table("outcomes").count(where("verdict") == "pass") == 1
        assert len(database.table("reservations")) == 1
    lines = (tmp_path / "memory.json").read_text().splitlines()
    assert '   "title": "Fix the cart",' in lines


def test_an_empty_memory_makes_an_empty_database(tmp_path: Path) -> None:
    Database(tmp_path).refresh(MemoryStore(tmp_path))
    with TinyDB(tmp_path / "memory.json", access_mode="r") as database:
        assert len(database.table("_meta")) == 1
        assert [len(database.table(name)) for name in ("decisions", "attempts", "outcomes")] == [0, 0, 0]


def test_it_is_made_anew_only_when_it_is_behind(store: MemoryStore, tmp_path: Path) -> None:
    database = Database(tmp_path)
    assert database.refresh(store)
    assert not database.refresh(store)
    assert not Database(tmp_path).refresh(store)
    store.append(outcome("o2", attempt_id="a2"))
    assert database.refresh(store)
    assert not Database(tmp_path).refresh(MemoryStore(tmp_path))
    assert len(TinyDB(tmp_path / "memory.json", access_mode="r").table("outcomes")) == 2


def test_what_another_process_appended_is_in_it_once_it_was_read(store: MemoryStore, tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.refresh(store)
    MemoryStore(tmp_path).append(outcome("o2"))
    store.journal.health()
    database.refresh(store)
    store.refresh()
    assert database.refresh(store)
    assert len(TinyDB(tmp_path / "memory.json", access_mode="r").table("outcomes")) == 2


@pytest.mark.parametrize(
    "damage", [None, "", "garbage", "[]", '{"_meta": {"1": {}}}', '{"_meta": {"1": 2}}', '{"_meta": []}']
)
def test_a_missing_or_corrupt_file_is_made_anew(store: MemoryStore, tmp_path: Path, damage: str | None) -> None:
    database, path = Database(tmp_path), tmp_path / "memory.json"
    database.refresh(store)
    good = json.loads(path.read_text())
    path.unlink()
    if damage is not None:
        path.write_text(damage)
    assert database.refresh(store)
    assert json.loads(path.read_text())["attempts"] == good["attempts"]


def test_a_young_file_is_left_as_it_is(store: MemoryStore, tmp_path: Path) -> None:
    database, path = Database(tmp_path), tmp_path / "memory.json"
    assert database.refresh(store, min_age_s=3600)
    store.append(outcome("o2"))
    assert not database.refresh(store, min_age_s=3600)
    an_hour_ago = path.stat().st_mtime - 3601
    os.utime(path, (an_hour_ago, an_hour_ago))
    assert database.refresh(store, min_age_s=3600)


def test_a_writer_that_fails_leaves_the_old_file(store: MemoryStore, tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    path.mkdir()
    with pytest.raises(JournalError, match=r"memory\.json|cannot be written"):
        Database(tmp_path).refresh(store)
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".tmp")] == []
    assert len(MemoryStore(tmp_path).attempts()) == 2
