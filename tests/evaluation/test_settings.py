"""Settings side by side, on tables that they may be chosen on."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mcp_router.evaluation import settings
from mcp_router.evaluation.settings import ALTERNATIVES, main
from mcp_router.orchestrator import explore, posterior

from .benches import write_bench, write_csv


def write_tables(folder: Path) -> tuple[Path, Path]:
    """A benchmark with a fitting set, and real runs of nine models, whose costs and chances differ."""
    dice, data = random.Random(3), write_bench(folder / "bench")
    val = [
        {"task_id": f"made_{n % 3}_{n}", "dimension": "bug_fixing", "split": "val" if n % 4 else "train", "model": m}
        | {"score": float(dice.random() < chance), "cost_usd": chance / 10}
        for n in range(32)
        for m, chance in (("large", 0.8), ("medium", 0.5), ("small", 0.2))
    ]
    write_csv(data / "id_probing_results_long.csv", val)
    runs = [
        {
            "task_id": f"t{n}",
            "model": f"m{m}",
            "resolved": int(dice.random() < m / 9),
            "cost_usd": 0.02 + m * dice.random(),
        }
        for n in range(10)
        for m in range(9)
    ]
    write_csv(folder / "runs.csv", runs)
    return data, folder / "runs.csv"


def test_each_setting_has_its_row_and_none_stays_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "POOLS", 2)
    data, runs = write_tables(tmp_path)
    before = (posterior.LOADING, dict(posterior.VARIANCES), explore.OPTIMISM)
    main(["--data", str(data), "--runs", str(runs)])
    assert (posterior.LOADING, dict(posterior.VARIANCES), explore.OPTIMISM) == before
    printed = capsys.readouterr().out
    assert "val: regret, 24 tasks, one choice" in printed
    rows = {
        name: line.removeprefix(name) for line in printed.splitlines() for name in ALTERNATIVES if line.startswith(name)
    }
    assert list(rows) == list(ALTERNATIVES)
    assert all(row.count("[") == 3 for row in rows.values())
    assert len(set(rows.values())) > len(rows) / 2, "settings that change nothing are not compared"


def test_a_table_that_is_not_there_is_said_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, _ = write_tables(tmp_path)
    with pytest.raises(SystemExit):
        main(["--data", str(data), "--runs", str(tmp_path / "none.csv")])
    assert "none.csv is not a file; give a CSV" in capsys.readouterr().err
