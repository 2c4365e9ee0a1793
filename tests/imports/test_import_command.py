"""`acrouter memory import`, and what the rest of the router makes of imported history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memory_store.store import MemoryStore
from tests.imports.history import HAIKU, Claude, acrouter, restored
from tests.imports.make_traces import make_repository
from tests.memory.builders import outcome

RED, GREEN = "1 failed in 0.1s", "1 passed in 0.1s"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A session in which opus mends twice and haiku breaks once."""
    repo = make_repository(tmp_path / "repo")
    main = Claude(tmp_path, repo)
    for n, (before, after, model) in enumerate(
        ((RED, GREEN, "claude-opus-5-5"), (RED, GREEN, "claude-opus-5-5"), (GREEN, RED, HAIKU))
    ):
        main.human(f"Fix bug {n} in the cart: the total is wrong.")
        main.bash("pytest", before, int(before == RED), model=model)
        main.edit("cart.py", model=model)
        main.bash("pytest", after, int(after == RED), model=model)
    return tmp_path / "projects"


def told(home: Path, *arguments: object, **env: str) -> dict[str, Any]:
    done = acrouter(home, *arguments, "--json", **env)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_dry_run_says_what_would_be_learned_and_writes_nothing(tmp_path: Path, history: Path) -> None:
    home = tmp_path / "home"
    dry = told(home, "memory", "import", "--from", "claude-code", history, "--dry-run")
    assert not (home / "journal.jsonl").exists()
    assert not (home / "imports.json").exists()
    real = told(home, "memory", "import", "--from", "claude-code", history)
    assert (dry["rows"], dry["total"]) == (real["rows"], real["total"])
    assert {(row["model"], row["pass"], row["fail"]) for row in real["rows"]} == {("opus", 2, 0), ("haiku", 0, 1)}
    assert real["total"]["cost_usd"] == pytest.approx(6 * 0.006 + 3 * 0.00015)


def test_the_table_is_for_people(tmp_path: Path, history: Path) -> None:
    done = acrouter(tmp_path / "home", "memory", "import", "--from", "claude-code", history)
    lines = done.stdout.splitlines()
    assert lines[0].split()[:6] == ["model", "dimension", "subtasks", "pass", "fail", "no_signal"]
    assert any(line.split()[:5] == ["opus", "bug_fixing", "2", "2", "0"] for line in lines)
    assert lines[-2] == "1 sessions of claude-code were read; 0 are known already."
    assert done.stderr == ""


def test_the_clients_own_places_are_looked_at(tmp_path: Path, history: Path) -> None:
    home, repo = tmp_path / "home", make_repository(tmp_path / "other")
    found = told(home, "memory", "import", "--from", "claude-code", CLAUDE_CONFIG_DIR=str(history.parent))
    assert found["sessions"] == 1
    (tmp_path / "codex").mkdir()
    restored("codex", tmp_path / "codex", repo).rename(tmp_path / "codex" / "sessions")
    assert told(home, "memory", "import", "--from", "codex", CODEX_HOME=str(tmp_path / "codex"))["sessions"] == 2
    restored("opencode", tmp_path / "data", repo)
    assert told(home, "memory", "import", "--from", "opencode", XDG_DATA_HOME=str(tmp_path / "data"))["sessions"] == 2


@pytest.mark.parametrize(("client", "name", "sentence"), [
    ("claude-code", "nowhere", "does not exist; name the folder where claude-code keeps its sessions"),
    ("codex", "empty", "holds no session of codex; name the folder where it keeps them"),
    ("opencode", "empty", "is no database of opencode's"),
    ("mini-swe-agent", "empty", "holds no session of mini-swe-agent"),
])  # fmt: skip
def test_a_wrong_place_is_told_in_a_sentence(tmp_path: Path, client: str, name: str, sentence: str) -> None:
    (tmp_path / "empty").mkdir()
    done = acrouter(tmp_path / "home", "memory", "import", "--from", client, tmp_path / name)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_imported_is_told_from_verified(tmp_path: Path, history: Path) -> None:
    home = tmp_path / "home"
    told(home, "memory", "import", "--from", "claude-code", history)
    store = MemoryStore(home)
    attempt = next(one for one in store.attempts() if one.candidate == "haiku")
    ids = {"attempt_id": attempt.attempt_id, "decision_id": attempt.decision_id, "candidate": "haiku"}
    store.append(outcome("v1", **ids))
    found = told(home, "memory", "show")
    assert (found["judged"], found["verified"], found["imported"]) == (3, 1, 2)
    rows = {row["candidate"]: row for row in found["candidates"]}
    assert (rows["haiku"]["score"], rows["haiku"]["imported"], rows["opus"]["imported"]) == (1.0, 0, 2)


def test_verified_outranks_reported_and_reported_outranks_imported(tmp_path: Path, history: Path) -> None:
    home = tmp_path / "home"
    told(home, "memory", "import", "--from", "claude-code", history)
    store = MemoryStore(home)
    attempt = next(one for one in store.attempts() if one.candidate == "haiku")
    ids = {"attempt_id": attempt.attempt_id, "decision_id": attempt.decision_id, "candidate": "haiku"}
    seen = []
    for key, source in (("r1", "reported"), ("v1", "verified"), ("r2", "reported"), ("i2", "imported")):
        store.append(outcome(key, source=source, **ids))
        held = store.effective_outcome(attempt.attempt_id)
        seen.append(held and held.source)
    assert seen == ["reported", "verified", "verified", "verified"]


def test_history_moves_the_next_choice_in_that_repository(tmp_path: Path, history: Path) -> None:
    """Opus mended what haiku broke there; the choice between them is another one than with an empty memory."""
    home, repo = tmp_path / "home", tmp_path / "repo"
    ask = ("route", "Fix bug 9 in the cart: the total is wrong.", "--repo", repo, "--dry-run")
    first = told(home, *ask)
    told(home, "memory", "import", "--from", "claude-code", history)
    second = told(home, *ask)
    believed = [{one["model"]: one["p_success"] for one in answer["chain"]} for answer in (first, second)]
    assert believed[1]["opus"] > believed[0].get("opus", 0.0)
    assert next(one for one in second["chain"] if one["model"] == "opus")["outcomes"] == 2


def test_eval_says_what_was_spent_and_labels_what_it_models(tmp_path: Path, history: Path) -> None:
    home = tmp_path / "home"
    told(home, "memory", "import", "--from", "claude-code", history)
    found = told(home, "eval", "--memory")
    assert found["verdict"].startswith("not known yet: all of this memory is imported history")
    assert (found["n"], found["drawn"], found["gains"]) == (0, 0, [])
    imported = found["imported"]
    assert imported["total"]["spent_usd"] == pytest.approx(6 * 0.006 + 3 * 0.00015)
    assert imported["model"]["kind"].startswith("model-based, on imported history: no choice was drawn there")
    rows = {row["policy"]: row for row in imported["model"]["rows"]}
    assert rows["as it was"]["saved_usd"] == 0.0
    assert rows["always-cheapest"]["cost_usd"] == pytest.approx(9 * 0.00015)
    assert rows["always-cheapest"]["saved_usd"] == pytest.approx(6 * (0.006 - 0.00015))
    assert rows["always-cheapest"]["resolved"] < rows["as it was"]["resolved"]
    text = acrouter(home, "eval", "--memory").stdout
    assert "Imported history: what was spent, and on what." in text
    assert "Model-based, on imported history" in text


def test_eval_judges_own_decisions_apart_from_imported_ones(tmp_path: Path, history: Path) -> None:
    home, repo = tmp_path / "home", tmp_path / "repo"
    told(home, "memory", "import", "--from", "claude-code", history)
    routed = told(home, "route", "Fix the total.", "--repo", repo)
    first = routed["chain"][0]["model"]
    acrouter(home, "report", routed["decision_id"], "--model", first, "--success", "--no-verify")
    found = told(home, "eval", "--memory")
    assert found["n"] == 1
    assert found["imported"]["total"]["attempts"] == 3
    assert "not worth it here yet" in found["verdict"]
