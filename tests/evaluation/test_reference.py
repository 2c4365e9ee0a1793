"""Every published figure comes out of its decision file to the digit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcp_router.evaluation.run import evaluate
from mcp_router.evaluation.setting import Setting
from mcp_router.evaluation.tables import read_bench
from tests.evaluation.benches import real_bench, write_bench


def reproduce(folder: Path) -> int:
    """Compare every row of reference_scores.json; returns how many there were."""
    reference = json.loads((folder / "reference_scores.json").read_text())
    compared = 0
    for bench, key in (("id", "id_test"), ("ood176", "ood176")):
        table = read_bench(bench, folder)
        for protocol in ("single", "cascade"):
            setting = Setting(table, protocol=protocol, decisions=folder)
            rows = {row["policy"]: row["given_order"] for row in evaluate(setting, list(reference[key]))["rows"]}
            for name, expected in reference[key].items():
                found = rows[name]
                assert found["avg_perf"] == pytest.approx(expected["avg_perf"], abs=0.01), name
                assert found["cum_regret"] == pytest.approx(expected["cum_regret"], abs=0.05), name
                assert found["cost_usd"] == pytest.approx(expected["total_cost_usd"], abs=0.01), name
        compared += len(reference[key])
    return compared


def test_the_published_scores_reproduce(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = real_bench()
    folder = real or write_bench(tmp_path)
    compared = reproduce(folder)
    with capsys.disabled():
        print(f"\n{compared} reference scores reproduced, from {'the benchmark' if real else 'generated tables'}")
    assert compared == (36 if real else 8)


def test_an_independent_sum_over_generated_tables_agrees(tmp_path: Path) -> None:
    assert reproduce(write_bench(tmp_path, seed=2)) == 8


def test_every_decision_file_has_a_row_under_its_name(tmp_path: Path) -> None:
    folder = write_bench(tmp_path)
    rows = evaluate(Setting(read_bench("ood176", folder), decisions=folder))["rows"]
    assert {"ood176_chain", "acrouter", "acrouter:memory-off", "acrouter:memory-shuffled", "always:small"} <= {
        row["policy"] for row in rows
    }
    assert [row["policy"] for row in rows if row["hindsight"]] == ["best-single", "oracle"]
    cascade = evaluate(Setting(read_bench("ood176", folder), protocol="cascade"))["rows"]
    assert [row["policy"] for row in cascade if row["hindsight"]] == ["best-single", "hindsight-chain-3", "oracle"]
