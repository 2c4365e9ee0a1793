"""Figures: the numbers behind them, and that they are drawn where they can be."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from mcp_router.errors import BadInput
from mcp_router.evaluation.draw import draw, need_matplotlib
from mcp_router.evaluation.run import evaluate, steps
from mcp_router.evaluation.series import Series, calibration, calibration_error, growth, learning
from mcp_router.evaluation.setting import Setting
from tests.evaluation.benches import specialists

NAMES = ["acrouter", "acrouter:memory-off", "acrouter:memory-shuffled", "oracle"]


def test_the_curve_of_regret_ends_at_the_figure_of_the_row() -> None:
    told: list[str] = []
    setting = Setting(specialists(1, tasks=30), orders=3, protocol="cascade")
    found = evaluate(setting, NAMES, told.append, series=True)
    assert len(told) == steps(setting, NAMES, series=True)
    for row in found["rows"]:
        curve = found["figures"]["regret"][row["policy"]]
        assert curve["tasks"][-1] == 30
        assert curve["mean"][-1] == pytest.approx(row["cum_regret"]["mean"], abs=1e-3)
        assert curve["low"][-1] == pytest.approx(row["cum_regret"]["min"], abs=1e-3)
    by_lambda = found["figures"]["by_lambda"]
    assert [one["lambda"] for one in by_lambda["acrouter"]] == [one["lambda"] for one in by_lambda["hindsight"]]
    costs = [one["cost_usd"] for one in by_lambda["hindsight"]]
    assert costs == sorted(costs, reverse=True)


def test_series_add_up() -> None:
    streams = [Series((1.0, 0.0, 3.0), (1, 2, 1), ((0.2, 0.0), (0.25, 1.0))), Series((0.0, 2.0, 1.0), (1, 1, 1), ())]
    assert growth(streams)["mean"] == [0.5, 1.5, 3.5]
    assert growth(streams)["high"] == [1.0, 2.0, 4.0]
    assert learning(streams)["mean"] == [0.5, 1.0, 2.0]
    (one,) = calibration(streams)
    assert (one["believed"], one["score"], one["n"]) == (0.225, 0.5, 2)
    assert one["low"] < 0.5 < one["high"]
    assert calibration_error([one]) == pytest.approx(0.275)


def test_figures_are_drawn_from_what_was_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if find_spec("matplotlib") is None:
        with capsys.disabled():
            print("\nmatplotlib is not installed here: that this is said is tested, what is drawn is not")
        with pytest.raises(BadInput, match=r"--figures needs matplotlib; install acrouter\[figures\]"):
            need_matplotlib()
        return
    found = evaluate(Setting(specialists(1, tasks=30), orders=2), NAMES, series=True)
    drawn = draw(found, tmp_path / "new")
    assert sorted(path.stem for path in drawn) == ["calibration", "frontier", "learning", "memory", "regret"]
    again = [path.read_bytes() for path in draw(found, tmp_path / "again")]
    assert again == [path.read_bytes() for path in drawn]
    assert all(text.startswith(b"<?xml") for text in again)
    few = evaluate(Setting(specialists(1, tasks=30)), ["oracle"], series=True)
    assert [path.stem for path in draw(few, tmp_path / "few")] == ["regret", "frontier"]
