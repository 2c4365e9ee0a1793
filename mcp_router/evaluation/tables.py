"""Tables of real runs, every model on every task, as the evaluation reads them.

A policy never sees one of these: it is shown the `task` of a row and what became of its own attempts.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mcp_router.errors import BadInput
from mcp_router.types import Candidate, Price, Task
from memory_store.similarity import features

BENCHES = ("id", "ood176")
IN_REPOSITORY = Path("data") / "coderouterbench"
"""Where the tables are in a clone of the repository that they were published in."""
BESIDE = Path(__file__).parents[3] / "shared" / "coderouterbench"
"""Where the benchmark is when it lies beside a clone."""
GET_IT = (
    "get the tables with `hf download Lance1573/CodeRouterBench --repo-type dataset --local-dir DIR`, pass --data DIR"
)
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one model on one task. score in [0, 1]; cost_usd and apply_ok are None where unknown."""

    score: float
    cost_usd: float | None
    apply_ok: bool | None = None


@dataclass(frozen=True, slots=True)
class BenchTask:
    """One row: the task as a policy may see it, what each model made of it, and the benchmark it was taken from."""

    task_id: str
    task: Task
    runs: Mapping[str, Run]
    bench: str | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """A table: its name, its models with their list prices, its tasks in the order of the file."""

    name: str
    candidates: tuple[Candidate, ...]
    tasks: tuple[BenchTask, ...]


def read_bench(name: str, data: Path | None = None) -> Bench:
    """CodeRouterBench (arXiv:2606.22902): `id`, its in-distribution test, or `ood176`, in the published order.

    Raises:
        BadInput: a file or a column is missing or wrong; says which, and where to get the data.
    """
    folder = data_folder(data)
    if name == "id":
        path = folder / "id_test_results_long.csv"
        return _table(name, path, _id_task, needed=("dimension",), prices=read_prices(folder))
    tasks = {str(line["task_id"]): line for line in read_lines(folder / "ood176_tasks.jsonl", ("task_id", "prompt"))}
    table = folder / "ood176_results_long.csv"
    bench = _table(
        name,
        table,
        lambda row: _ood_task(row, tasks),
        needed=("bench", "dimension", "original_task_id"),
        score="resolved",
        prices=read_prices(folder),
    )
    known = {task.task_id: task for task in bench.tasks}
    missing = sorted(tasks.keys() - known.keys())
    if missing:
        raise BadInput(f"{table} has no row of {missing[0]}, which ood176_tasks.jsonl names; {GET_IT}.")
    return Bench(name, bench.candidates, tuple(known[task_id] for task_id in tasks))


def read_validation(data: Path | None = None) -> Bench:
    """The tasks of CodeRouterBench's fitting set that it marks `val`: settings are chosen on them.

    Raises:
        BadInput: as `read_bench`.
    """
    folder = data_folder(data)
    path = folder / "id_probing_results_long.csv"
    prices = read_prices(folder)
    return _table("val", path, _id_task, needed=("dimension", "split"), prices=prices, split="val")


def read_results(path: Path) -> Bench:
    """Any table of real runs: task_id, model, resolved or score, cost_usd; dimension, repo and prompt if there.

    Raises:
        BadInput: as `read_bench`.
    """
    if not path.is_file():
        raise BadInput(
            f"--results: {path} is not a file; give a CSV with columns task_id, model, cost_usd and score or resolved."
        )
    return _table(path.stem, path, _any_task)


def data_folder(data: Path | None = None) -> Path:
    """The benchmark's folder: the one given, else $ACROUTER_BENCH, else `../shared/coderouterbench` beside the clone.

    Any layout that has the tables themselves: the public download, a clone of the repository that published them.

    Raises:
        BadInput: there is none.
    """
    named = os.environ.get("ACROUTER_BENCH")
    folder = data or (Path(named) if named else BESIDE)
    if not folder.is_dir():
        where = "--data" if data else "ACROUTER_BENCH" if named else "--data is not given and"
        raise BadInput(f"{where}: {folder} is not a folder; {GET_IT}.")
    return folder / IN_REPOSITORY if (folder / IN_REPOSITORY).is_dir() else folder


def read_prices(folder: Path) -> dict[str, Price]:
    """List prices by model, from models.json.

    Raises:
        BadInput: the file is missing or not of its format.
    """
    path = folder / "models.json"
    try:
        models = json.loads(_text(path))["models"]
        return {m["model"]: Price(input=float(m["input_per_1m"]), output=float(m["output_per_1m"])) for m in models}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is not the benchmark's list of models ({error!r}); {GET_IT}.") from None


def read_lines(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, object]]:
    """The objects of a JSON Lines file, each with at least the fields `needed`.

    Raises:
        BadInput: the file is missing, or a line is no JSON object or lacks a field.
    """
    # Not splitlines: a prompt may hold characters that it takes for the end of a line.
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        lacking = [field for field in needed if not isinstance(value, dict) or field not in value]
        if lacking:
            raise BadInput(f"{path}, line {number}: no JSON object with a field {lacking[0]!r}; {GET_IT}.")
        yield value


def _table(
    name: str,
    path: Path,
    make: Callable[[Row], Task],
    *,
    needed: tuple[str, ...] = (),
    score: str | None = None,
    prices: Mapping[str, Price] | None = None,
    split: str | None = None,
) -> Bench:
    """The tasks of a file with a row a model and task.

    needed: columns that must be there beside those that every table has. score: the column of scores, found when None.
    split: only the rows of that split.
    """
    tasks: dict[str, BenchTask] = {}
    runs: dict[str, dict[str, Run]] = {}
    models: dict[str, None] = {}
    for where, row in _rows(path, needed, (score,) if score else ("score", "resolved")):
        task_id, model = row["task_id"], row["model"]
        if split is not None and row["split"] != split:
            continue
        if task_id not in tasks:
            runs[task_id] = {}
            tasks[task_id] = BenchTask(task_id, make(row), runs[task_id], row.get("bench") or None)
        if model in runs[task_id]:
            raise BadInput(f"{where}: a second row of {model} on {task_id}; keep one.")
        runs[task_id][model] = _run(row, where)
        models[model] = None
    if not tasks:
        raise BadInput(f"{path} has no rows; give one for each model and task.")
    for task_id, known in runs.items():
        if len(known) < len(models):
            lacking = next(model for model in models if model not in known)
            raise BadInput(f"{path}: {task_id} has no row of {lacking}; give every model a row on every task.")
    candidates = tuple(Candidate(model, model, price=(prices or {}).get(model, Price())) for model in models)
    return Bench(name, candidates, tuple(tasks.values()))


def _rows(path: Path, needed: tuple[str, ...], scores: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    """Each row with its place in the file, once the columns are known to be there."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    columns = set(reader.fieldnames or ())
    for column in ("task_id", "model", "cost_usd", *needed):
        if column not in columns:
            raise BadInput(f"{path} has no column {column}; its first line must name it.")
    if not columns.intersection(scores):
        raise BadInput(f"{path} has no column {' or '.join(scores)}; its first line must name it.")
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        for column in ("task_id", "model"):
            if not row[column]:
                raise BadInput(f"{where}: {column} is empty; fill it in.")
        yield where, row


def _run(row: Row, where: str) -> Run:
    column = "score" if row.get("score") is not None else "resolved"
    score = _number(row.get(column), where, column)
    if score is None or score > 1:
        raise BadInput(f"{where}: {column} is {row.get(column)!r}; give a number from 0 to 1.")
    applied = row.get("apply_ok")
    return Run(score, _number(row.get("cost_usd"), where, "cost_usd"), applied == "1" if applied else None)


def _number(text: str | None, where: str, column: str) -> float | None:
    """A number of at least 0; None for a blank: unknown is not 0."""
    words = {"true": 1.0, "false": 0.0}
    if text is None or not text.strip():
        return None
    try:
        value = words.get(text.strip().lower())
        value = float(text) if value is None else value
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise BadInput(f"{where}: {column} is {text!r}; give a number of at least 0, or leave it blank if unknown.")
    return value


def _id_task(row: Row) -> Task:
    """The prompts are not public: the family, which is the id with its digits masked, stands for the repository."""
    return Task("", repo=re.sub(r"\d+", "#", row["task_id"]), dimension=row.get("dimension") or "unknown")


def _ood_task(row: Row, tasks: Mapping[str, Mapping[str, object]]) -> Task:
    known = tasks.get(row["task_id"], {})
    text = str(known.get("prompt", ""))
    return Task(
        text,
        repo=_repository(row.get("original_task_id", "")) or row.get("bench"),
        dimension=row.get("dimension") or "unknown",
        features=features(text),
    )


def _repository(name: str) -> str | None:
    """The repository that a task of SWE-bench's kind is named after.

    >>> _repository("scikit-learn__scikit-learn-10297"), _repository("astropy__astropy.b0db0daa.test_wcs.8dae.lv1")
    ('scikit-learn/scikit-learn', 'astropy/astropy')
    >>> _repository("61810_cow") is None
    True
    """
    found = re.match(r"([\w-]+?)__([\w-]+?)(?:-\d+$|\.|__)", name)
    return f"{found[1]}/{found[2]}" if found else None


def _any_task(row: Row) -> Task:
    text = row.get("prompt") or ""
    return Task(
        text, repo=row.get("repo") or None, dimension=row.get("dimension") or "unknown", features=features(text)
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path.parent} has no {path.name}; {GET_IT}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read ({error}); make it a readable UTF-8 file.") from None
