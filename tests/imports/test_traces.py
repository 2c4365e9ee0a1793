"""What is learned from sessions of the real clients (see make_traces.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from memory_store.store import MemoryStore
from tests.imports.history import learn, restored
from tests.imports.make_traces import BREAK, EXPLAIN, FIX, SLUGIFY, make_repository

Row = tuple[str, str, str, float | None]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repo")


def learned(tmp_path: Path, client: str, repo: Path) -> tuple[dict[str, Any], set[Row]]:
    """What the import says, and (title, candidate, verdict, strength) of what it wrote."""
    told = learn(tmp_path / "home", client, restored(client, tmp_path / "kept", repo))
    store = MemoryStore(tmp_path / "home")
    rows = set()
    for decision in store.decisions():
        for attempt in store.attempts(decision.decision_id):
            outcome = store.effective_outcome(attempt.attempt_id)
            assert outcome is not None
            rows.add((decision.title, attempt.candidate, outcome.verdict, outcome.strength))
    return told, rows


def test_claude_code(tmp_path: Path, repo: Path) -> None:
    told, rows = learned(tmp_path, "claude-code", repo)
    assert rows == {
        (FIX, "opus", "pass", 0.3),
        (SLUGIFY, "haiku", "pass", 0.3),
        (BREAK, "opus", "fail", 0.3),
        # The last answer was served by another model, which edited nothing.
        (BREAK, "sonnet", "no_signal", 0.0),
        (EXPLAIN, "opus", "no_signal", 0.0),
    }
    assert told["not_read"] == {"broken_lines": 0, "long_lines": 0, "unreadable_files": 0, "unknown": {}}


def test_claude_codes_costs_are_those_that_it_says_itself(tmp_path: Path, repo: Path) -> None:
    """By the `cost-state` line of the session: a subagent's tokens are the sum over its file, not its last call."""
    learned(tmp_path, "claude-code", repo)
    attempts = {a.candidate: a for a in MemoryStore(tmp_path / "home").attempts() if a.turns in (4, 5)}
    assert attempts["opus"].cost_usd == pytest.approx(0.0305)
    assert attempts["haiku"].cost_usd == pytest.approx(0.00062)
    assert (attempts["haiku"].tokens.input, attempts["haiku"].tokens.output, attempts["haiku"].turns) == (4000, 400, 4)
    assert attempts["haiku"].cost_source == "computed"


def test_codex(tmp_path: Path, repo: Path) -> None:
    _, rows = learned(tmp_path, "codex", repo)
    name = "scripted-large"
    assert rows == {(FIX, name, "pass", 0.3), (SLUGIFY, name, "pass", 0.3), (EXPLAIN, name, "no_signal", 0.0)}
    attempts = MemoryStore(tmp_path / "home").attempts()
    assert {a.model_served for a in attempts} == {None}
    assert {(a.cost_usd, a.cost_source) for a in attempts} == {(None, "unknown")}
    assert all(
        a.tokens.input == 1000 * (a.turns or 0) and a.tokens.cache_read == 500 * (a.turns or 0) for a in attempts
    )


def test_opencode(tmp_path: Path, repo: Path) -> None:
    _, rows = learned(tmp_path, "opencode", repo)
    assert rows == {(FIX, "large", "pass", 0.3), (SLUGIFY, "large", "pass", 0.3), (EXPLAIN, "large", "no_signal", 0.0)}


@pytest.mark.parametrize("client", ["claude-code", "codex", "opencode"])
def test_records_say_whose_they_are_and_that_nothing_was_drawn(tmp_path: Path, repo: Path, client: str) -> None:
    learned(tmp_path, client, repo)
    store = MemoryStore(tmp_path / "home")
    for one in store.decisions():
        assert (one.mode, one.policy, one.propensity, one.client) == ("import", "imported", 1.0, client)
        assert one.repo is not None
        assert one.repo.startswith("repo-")
    assert {outcome.source for outcome in store.outcomes()} == {"imported"}
    assert not any(one.verified for one in store.observations())


@pytest.mark.parametrize("client", ["claude-code", "codex", "opencode"])
def test_importing_again_changes_nothing(tmp_path: Path, repo: Path, client: str) -> None:
    first, _ = learned(tmp_path, client, repo)
    journal = tmp_path / "home" / "journal.jsonl"
    before = journal.read_bytes()
    again = learn(tmp_path / "home", client, tmp_path / "kept" / client)
    assert (again["sessions"], again["unchanged_sessions"]) == (0, first["sessions"])
    (tmp_path / "home" / "imports.json").unlink()
    anew = learn(tmp_path / "home", client, tmp_path / "kept" / client)
    assert (anew["sessions"], anew["new_records"]) == (first["sessions"], 0)
    assert journal.read_bytes() == before


@pytest.mark.parametrize("client", ["claude-code", "codex", "opencode"])
def test_the_clients_files_are_only_read(tmp_path: Path, repo: Path, client: str) -> None:
    kept = restored(client, tmp_path / "kept", repo)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in kept.rglob("*") if path.is_file()}
    learn(tmp_path / "home", client, kept)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in kept.rglob("*") if path.is_file()} == before
