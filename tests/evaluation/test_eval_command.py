"""`acrouter eval` as a process: its JSON, its tables, and its sentences when it is used badly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from memory_store.store import MemoryStore
from tests.evaluation.benches import write_bench, write_csv
from tests.memory.builders import attempt, decision, outcome

FIGURES = ("avg_perf", "cum_regret", "cost_usd")


def acrouter(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "mcp_router", "eval", *map(str, arguments)]
    environment = {**os.environ, "ACROUTER_HOME": str(home), "ACROUTER_BENCH": "", "COLUMNS": "80"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def printed(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_the_json_has_a_row_a_policy_in_the_given_order_and_over_shuffles(tmp_path: Path) -> None:
    data = write_bench(tmp_path / "data")
    options = ("--protocol", "cascade", "--orders", 3, "--lambda", 0.3, "--json")
    found = printed(acrouter(tmp_path, "--bench", "ood176", "--data", data, *options))
    assert {key: found[key] for key in ("bench", "protocol", "lambda", "orders", "seed", "n")} == {
        "bench": "ood176",
        "protocol": "cascade",
        "lambda": 0.3,
        "orders": 3,
        "seed": 7,
        "n": 40,
    }
    assert {"acrouter", "cheap-first", "oracle", "ood176_chain"} <= {row["policy"] for row in found["rows"]}
    for row in found["rows"]:
        assert set(row["given_order"]) == set(FIGURES)
        assert all(set(row[figure]) == {"mean", "min", "max", "ci95"} for figure in FIGURES)


def test_the_table_is_readable_and_progress_stays_off_it(tmp_path: Path) -> None:
    data = write_bench(tmp_path / "data")
    run = acrouter(tmp_path, "--bench", "id", "--data", data, "--policy", "acrouter,oracle,id_drawn", "--orders", 2)
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert lines[0] == "id, single, 60 tasks, lambda 0.1, prior fitted"
    assert "regret: mean [min, max]" in run.stdout
    assert [line.split()[0] for line in lines[3:6]] == ["acrouter", "oracle", "id_drawn"]
    assert "oracle (in hindsight)" in run.stdout


def test_the_price_of_exploring_is_printed_and_rates_may_be_unknown(tmp_path: Path) -> None:
    data = ("--bench", "ood176", "--data", write_bench(tmp_path / "data"), "--protocol", "cascade")
    run = acrouter(tmp_path, *data, "--policy", "acrouter,acrouter:explore-off")
    figures = [float(line.split()[2]) for line in run.stdout.splitlines()[3:5]]
    assert f"Exploring costs {figures[0] - figures[1]:+.2f} regret" in run.stdout
    erring = printed(acrouter(tmp_path, *data, "--verifier-fpr", 0.2, "--json"))
    assert "acrouter:rates-unknown" in {row["policy"] for row in erring["rows"]}


def test_a_table_of_ones_own_is_played_without_prices_or_prior(tmp_path: Path) -> None:
    rows = [
        {"task_id": f"t{n}", "model": model, "score": float(model == "b"), "cost_usd": "" if n == 1 else 0.2}
        for n in range(12)
        for model in ("a", "b")
    ]
    found = printed(acrouter(tmp_path, "--results", write_csv(tmp_path / "runs.csv", rows), "--json"))
    by_name = {row["policy"]: row for row in found["rows"]}
    assert (found["prior"], found["bench"], found["n"]) == ("none", "runs", 12)
    assert by_name["always:b"]["unknown_costs"] == 1
    assert by_name["always:b"]["given_order"]["cost_usd"] == pytest.approx(2.4)
    assert by_name["acrouter"]["given_order"]["avg_perf"] > 80


def test_the_memory_is_judged_and_too_little_of_it_is_said_to_be(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path)
    store.append(decision(features=(), eligible=("small", "large")), attempt(), outcome())
    store.append(attempt("a2", candidate="large", cost_usd=None), outcome("o2", attempt_id="a2", candidate="large"))
    found = printed(acrouter(tmp_path, "--memory", "--json"))
    assert found["verdict"] == "not worth it here yet: 2 verified outcomes are too few to tell"
    assert [row["policy"] for row in found["rows"]] == ["acrouter", "always-dearest", "always-cheapest", "habit"]
    assert found["logged"] == {"resolved": 100.0, "cost_usd": pytest.approx(0.5)}
    assert {row["candidate"] for row in found["candidates"]} == {"small", "large"}
    shown = acrouter(tmp_path, "--memory").stdout
    assert shown.startswith("not worth it here yet")
    assert "descriptive and model-based" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give one of --bench id, --bench ood176, --results FILE.csv and --memory"),
        (("--memory", "--bench", "id"), "give one of"),
        (("--bench", "id", "--data", "nowhere"), "--data: nowhere is not a folder; get the tables with"),
        (("--results", "nothing.csv"), "--results: nothing.csv is not a file; give a CSV"),
        (
            ("--bench", "id", "--data", "DATA", "--policy", "acroutr"),
            "'acroutr' is no policy here; give one of acrouter",
        ),
        (("--bench", "id", "--data", "DATA", "--stop-signal", "apply_ok"), "no column apply_ok"),
        (("--memory", "--figures", "x"), "--figures draws what was played on a table"),
        (("--memory", "--policy", "x"), "--policy: --memory compares policies of its own"),
        (("--memory", "--data", "DATA"), "--data is the folder of a bench"),
        (("--bench", "id", "--verifier-fpr", 0.6, "--verifier-fnr", 0.5), "must sum to less than 1"),
        (("--bench", "id", "--stop-signal", "apply_ok", "--verifier-fnr", 0.5), "leave out --verifier-fpr"),
    ],
)
def test_bad_use_is_one_sentence_and_exit_code_2(tmp_path: Path, options: tuple[object, ...], said: str) -> None:
    data = write_bench(tmp_path / "data")
    run = acrouter(tmp_path, *(data if option == "DATA" else option for option in options), "--json")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("acrouter: ")
    assert said in run.stderr
    assert run.stderr.count("\n") == 1
