"""The demo as a newcomer runs it, and what it claims of learning, over twenty seeds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from mcp_router.demo.learning import gains, interval
from mcp_router.demo.stage import CHEAPEST, DEAREST, cast
from mcp_router.demo.subtasks import load_subtasks
from mcp_router.demo.where import subtasks_folder
from mcp_router.types import Verdict

SEED = 5
KIND_TO_VERDICTS = {
    "right": {Verdict.PASS},
    "half": {Verdict.FAIL},
    "wrong": {Verdict.FAIL},
    "cut_off": {Verdict.FAIL, Verdict.REFUSED},
    "empty": {Verdict.REFUSED, Verdict.FAIL},
    "cheat": {Verdict.TAMPERED},
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-I", "-m", "mcp_router", "demo", "--json", "--seed", str(SEED)]
    env = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "left_behind": [path.name for path in folder.iterdir()]}


def test_it_shows_fifteen_subtasks_of_five_dimensions_twice_half_in_each_mode(shown: dict[str, Any]) -> None:
    rows = shown["rows"]
    assert [row["half"] for row in rows] == [1] * 15 + [2] * 15
    assert abs(sum(row["mode"] == "advise" for row in rows) - 15) <= 1
    assert all(row["decision"] and row["reason"] and row["attempts"] for row in rows)


def test_every_attempt_is_verified_and_paid_for(shown: dict[str, Any]) -> None:
    for row in shown["rows"]:
        for attempt in row["attempts"]:
            assert attempt["verdict"] is not None
            assert attempt["cost_usd"] > 0
        passed = any(a["verdict"] == "pass" and a["source"] == "verified" for a in row["attempts"])
        assert row["outcome"] == ("resolved" if passed else "not resolved")


def test_the_figures_add_up(shown: dict[str, Any]) -> None:
    spent = sum(a["cost_usd"] for row in shown["rows"] for a in row["attempts"])
    assert shown["acrouter"]["cost_usd"] == pytest.approx(spent, abs=1e-4)
    first, second = shown["first_half"], shown["second_half"]
    assert shown["acrouter"]["resolved"] == first["resolved"] + second["resolved"]
    assert shown["acrouter"]["cum_regret"] == pytest.approx(first["cum_regret"] + second["cum_regret"], abs=1e-3)


def test_the_second_showing_is_better_and_the_router_beats_one_model_alone(shown: dict[str, Any]) -> None:
    assert shown["second_half"]["cum_regret"] < shown["first_half"]["cum_regret"]
    assert shown["acrouter"]["resolved"] > shown[f"always:{CHEAPEST}"]["resolved"]
    assert shown["acrouter"]["cum_regret"] < shown[f"always:{DEAREST}"]["cum_regret"]
    assert shown["learned"]["before"]["reason"] != shown["learned"]["after"]["reason"]


def test_learning_pays_because_of_the_memory(capsys: pytest.CaptureFixture[str]) -> None:
    found = gains(load_subtasks(subtasks_folder()), range(20))
    kept, emptied = interval(found["kept"]), interval(found["emptied"])
    with capsys.disabled():
        print(f"\ngain over 20 seeds: memory kept {kept}, emptied {emptied}")
    assert kept[1] > 0, f"with the memory the interval of the gain is {kept}"
    assert emptied[1] < 0 < emptied[2], f"without the memory it is {emptied}"


def test_each_recorded_answer_gets_the_verdict_that_it_deserves(shown: dict[str, Any]) -> None:
    subtasks = {subtask.id: subtask for subtask in load_subtasks(subtasks_folder())}
    actors = cast(SEED)
    for row in shown["rows"]:
        for attempt in row["attempts"]:
            answer = actors.answer(attempt["model"], subtasks[row["subtask"]], 0)
            assert answer is not None
            assert attempt["verdict"] in KIND_TO_VERDICTS[answer.kind], (row, answer.kind)


def test_the_demo_leaves_nothing_behind(shown: dict[str, Any]) -> None:
    assert shown["left_behind"] == []
