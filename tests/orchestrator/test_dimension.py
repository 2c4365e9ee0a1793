"""The dimension and the language of a subtask, from its text."""

import json
import subprocess
import sys
from pathlib import Path
from time import thread_time

import pytest

from mcp_router.evaluation import dimensions as evaluation
from mcp_router.orchestrator.dimension import TABLE, infer, language
from mcp_router.orchestrator.signs import signs
from mcp_router.types import DIMENSIONS


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("Add a --csv flag to the `report` command that prints the table as CSV.", "code_generation"),
        ("Complete the TODO in `Stack.pop`; the body is `raise NotImplementedError`.", "code_completion"),
        ("Fix the crash in load(): KeyError when the file is empty. It should return {} instead.", "bug_fixing"),
        ("Rename `calc` to `total_price` and extract the tax code, no change of behaviour.", "code_refactoring"),
        ("Explain how the cache is invalidated. Do not edit anything.", "code_understanding"),
        ("Write unit tests for `parse_args`, including invalid input.", "test_generation"),
        ("Given an array of n integers, find the longest increasing subsequence in O(n log n).", "algorithm"),
        ("Load orders.csv with pandas and plot the monthly mean as a bar chart.", "data_science"),
        ("Port parser.py to Rust.", "multi_language"),
        (
            "Implement the issue end to end across the whole repository, run the tests until they pass, commit.",
            "agentic_programming",
        ),
        ("ok", "unknown"),
        ("", "unknown"),
    ],
)
def test_clear_texts_get_their_dimension(text: str, dimension: str) -> None:
    answer, confidence = infer(text)
    assert answer == dimension
    assert 0.5 <= confidence <= 1.0


@pytest.mark.parametrize("text", ["\x00\ud800", "🙂" * 9_000, "```" * 3_000, "error " * 200_000, "a" * 1_000_000])
def test_any_text_has_an_answer(text: str) -> None:
    answer, confidence = infer(text, ["x" * 5_000])
    assert answer in (*DIMENSIONS, "unknown")
    assert 0.0 <= confidence <= 1.0


def test_only_the_first_4000_characters_count() -> None:
    start = "Fix the crash in load(). " * 160
    assert len(start) == 4_000
    assert infer(start) == infer(start + "Write unit tests for everything and plot it with pandas.")


def test_a_text_of_5_kb_takes_milliseconds() -> None:
    text = " ".join(text for text, _ in evaluation.labelled("test"))[:5_000]
    infer(text)
    times = []
    for _ in range(20):
        started = thread_time()
        infer(text)
        times.append(1000 * (thread_time() - started))
    print(f"infer on 5 kB, 20 times: median {sorted(times)[10]:.2f} ms of processor time")
    # Machines differ by several times: this holds the order of magnitude, and the line above tells the figure.
    assert sorted(times)[10] < 25.0


def test_importing_it_is_light() -> None:
    code = (
        "import sys; before = set(sys.modules); import mcp_router.orchestrator.dimension; "
        "print(sorted(m for m in set(sys.modules) - before if m.split('.')[0] in ('numpy', 'pydantic', 'mcp')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_labelled_texts_are_many_distinct_and_split_evenly() -> None:
    fit, test = evaluation.labelled("fit"), evaluation.labelled("test")
    assert len({text for text, _ in fit + test}) == len(fit) + len(test)
    for dimension in DIMENSIONS:
        halves = [sum(label == dimension for _, label in half) for half in (fit, test)]
        assert halves[0] == halves[1] >= 20, dimension
    assert {label for _, label in fit} == set(DIMENSIONS)
    assert sum(label == "unknown" for _, label in test) == 20


def test_the_test_half_is_told_apart_far_better_than_by_the_majority_class() -> None:
    found = evaluation.score(evaluation.labelled("test"))
    assert found["balanced_accuracy"] >= 0.75
    assert found["balanced_accuracy_95"][0] > 5 * found["majority"]["balanced_accuracy"]
    assert found["accuracy_when_answered"] > found["accuracy"]
    assert found["ece"] < 0.1
    assert found["undecidable"]["answered_unknown"] >= 0.6


def test_the_table_in_the_package_is_what_its_command_makes(tmp_path: Path) -> None:
    """The cross-validation is left out, for its time; a hundredth is allowed for other machines' arithmetic."""
    stored = json.loads(Path(TABLE).read_text(encoding="utf-8"))
    examples = [(signs(text), dimension) for text, dimension in evaluation.labelled("fit")]
    made = evaluation.weights(examples, stored["cross_validation"]["penalty"])
    assert set(stored["weights"]) == set(made)
    assert all(stored["weights"][sign] == pytest.approx(row, abs=1) for sign, row in made.items())
    assert stored["made_by"] == evaluation.COMMAND
    assert Path(TABLE).stat().st_size < 60_000
    evaluation.write(stored, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == Path(TABLE).read_bytes()


def test_the_evaluation_scores_a_benchmark_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"prompt": "Fix the crash in load()", "dimension": "bug_fixing"},
        {"prompt": "Fix the wrong sum in total(), it fails", "dimension": "bug_fixing"},
        {"prompt": "Add a --csv flag to the `report` command", "dimension": "code_generation"},
    ]
    (tmp_path / "ood176_tasks.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert evaluation.main(["--data", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["OOD176"]
    assert found["texts"] == 3
    assert found["balanced_accuracy"] == 1.0
    assert found["majority"] == {"accuracy": pytest.approx(2 / 3), "balanced_accuracy": 0.5}


def test_a_folder_without_the_benchmark_gets_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluation.main(["--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("--data: ")


@pytest.mark.parametrize(
    ("text", "files", "name"),
    [
        ("Port slug.py to Go", ["src/main.rs", "src/lib.rs", "x.py"], "rust"),
        ("In src/app.ts rename `run`; see also util.ts and old.js", (), "typescript"),
        ("Complete this:\n```kotlin\nfun main() {}\n```", (), "kotlin"),
        ("Write a ring buffer in C++ without exceptions", (), "c++"),
        ("Write it in idiomatic Go, please", (), "go"),
        ("Then go through the list and see what remains", (), None),
        ("The pytest suite is slow", (), "python"),
        ("Make it better", ["README", "Makefile", "a.unknown"], None),
        ("", (), None),
    ],
)
def test_language(text: str, files: list[str], name: str | None) -> None:
    assert language(text, files) == name
