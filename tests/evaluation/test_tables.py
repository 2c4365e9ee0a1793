"""Tables are read as they are, and what is wrong with one is said in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_router.errors import BadInput
from mcp_router.evaluation.published import read_decisions
from mcp_router.evaluation.tables import data_folder, read_bench, read_results
from tests.evaluation.benches import write_bench, write_csv

ROWS = [
    {"task_id": f"t{n}", "model": m, "resolved": n, "cost_usd": 0.5, "repo": "shop", "prompt": "Fix `cart_total`"}
    for n in (0, 1)
    for m in ("small", "large")
]


def test_the_family_stands_for_the_repository_in_the_id_bench(tmp_path: Path) -> None:
    bench = read_bench("id", write_bench(tmp_path))
    assert {task.task.repo for task in bench.tasks} == {"dim#_made_#"}
    assert bench.tasks[1].task.dimension == "algorithm"
    assert bench.tasks[1].task.text == ""


def test_ood_tasks_come_in_the_published_order_with_their_words(tmp_path: Path) -> None:
    folder = write_bench(tmp_path)
    bench = read_bench("ood176", folder)
    published = re.findall(r'"task_id": "(.*?)"', (folder / "ood176_tasks.jsonl").read_text(encoding="utf-8"))
    assert [task.task_id for task in bench.tasks] == published
    assert {task.task.repo for task in bench.tasks} == {"a/b"}
    assert all(task.task.features for task in bench.tasks)


def test_a_table_of_ones_own_needs_no_prices(tmp_path: Path) -> None:
    bench = read_results(write_csv(tmp_path / "runs.csv", ROWS))
    assert [candidate.id for candidate in bench.candidates] == ["small", "large"]
    assert bench.candidates[0].price.input is None
    assert bench.tasks[1].task.repo == "shop"
    assert bench.tasks[1].task.dimension == "unknown"
    assert bench.tasks[1].runs["small"].score == 1.0


def test_a_blank_cost_is_unknown(tmp_path: Path) -> None:
    bench = read_results(write_csv(tmp_path / "runs.csv", [{**ROWS[0], "cost_usd": ""}, *ROWS[1:]]))
    assert bench.tasks[0].runs["small"].cost_usd is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [{k: v for k, v in r.items() if k != "cost_usd"} for r in rows], "no column cost_usd"),
        (lambda rows: [{k: v for k, v in r.items() if k != "resolved"} for r in rows], "no column score or resolved"),
        (lambda rows: rows[:3], "t1 has no row of large"),
        (lambda rows: [*rows, rows[0]], "line 6: a second row of small on t0"),
        (lambda rows: [{**rows[0], "resolved": 7}, *rows[1:]], "line 2: resolved is '7'; give a number from 0 to 1"),
        (lambda rows: [{**rows[0], "resolved": "maybe"}, *rows[1:]], "resolved is 'maybe'"),
        (lambda rows: [{**rows[0], "resolved": ""}, *rows[1:]], "resolved is ''"),
        (lambda rows: [{**rows[0], "cost_usd": "-1"}, *rows[1:]], "cost_usd is '-1'; give a number of at least 0"),
        (lambda rows: [{**rows[0], "cost_usd": "nan"}, *rows[1:]], "cost_usd is 'nan'"),
        (lambda rows: [{**rows[0], "model": ""}, *rows[1:]], "line 2: model is empty"),
    ],
)
def test_a_wrong_table_is_told_in_a_sentence(tmp_path: Path, change: Callable[[list], list], said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        read_results(write_csv(tmp_path / "runs.csv", change(ROWS)))


@pytest.mark.parametrize(("bench", "column"), [("id", "dimension"), ("ood176", "bench"), ("ood176", "resolved")])
def test_a_column_that_a_bench_needs_is_named(tmp_path: Path, bench: str, column: str) -> None:
    folder = write_bench(tmp_path)
    for path in folder.glob("*_results_long.csv"):
        path.write_text(path.read_text().replace(column, "other", 1))
    with pytest.raises(BadInput, match=f"has no column {column}; its first line must name it"):
        read_bench(bench, folder)


def test_a_clone_of_the_repository_that_published_the_tables_will_do(tmp_path: Path) -> None:
    write_bench(tmp_path / "clone" / "data" / "coderouterbench")
    assert len(read_bench("id", tmp_path / "clone").tasks) == 60


@pytest.mark.parametrize("name", ["models.json", "ood176_results_long.csv", "ood176_tasks.jsonl"])
def test_a_missing_file_is_named_with_where_to_get_it(tmp_path: Path, name: str) -> None:
    folder = write_bench(tmp_path)
    (folder / name).unlink()
    with pytest.raises(BadInput, match=rf"has no {name}; get the tables with `hf download"):
        read_bench("ood176", folder)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = write_bench(tmp_path)
    (folder / "models.json").write_text("[]")
    with pytest.raises(BadInput, match=r"models\.json is not the benchmark's list of models"):
        read_bench("id", folder)
    decisions = folder / "decisions" / "ood176_chain.jsonl"
    decisions.write_text('{"task_id": "old112::a__b-1"}\n')
    with pytest.raises(BadInput, match="line 1: no JSON object with a field 'chosen_model'"):
        read_decisions(decisions, read_bench("ood176", write_bench(tmp_path / "whole")))


def test_a_decision_that_is_missing_or_names_no_model_is_told(tmp_path: Path) -> None:
    folder = write_bench(tmp_path)
    bench, path = read_bench("id", folder), folder / "decisions" / "id_drawn.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[1:]))
    with pytest.raises(BadInput, match="the decision on dim0_made_0 is missing"):
        read_decisions(path, bench)
    path.write_text("\n".join(['{"task_id": "dim0_made_0", "chosen_model": "huge"}', *lines[1:]]))
    with pytest.raises(BadInput, match="names 'huge', which is no model of the table"):
        read_decisions(path, bench)


def test_the_folder_is_the_one_given_else_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACROUTER_BENCH", str(tmp_path))
    assert data_folder() == tmp_path
    with pytest.raises(BadInput, match=r"--data: .*nowhere is not a folder"):
        data_folder(tmp_path / "nowhere")
    monkeypatch.setenv("ACROUTER_BENCH", str(tmp_path / "gone"))
    with pytest.raises(BadInput, match=r"ACROUTER_BENCH: .*gone is not a folder"):
        data_folder()
