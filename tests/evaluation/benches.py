"""Tables for the tests: the benchmark where it is on this machine, and generated ones of the same schema."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mcp_router.evaluation.tables import BESIDE, Bench, BenchTask, Run
from mcp_router.types import Candidate, Price, Task

MODELS = ("large", "medium", "small")
PRICES = {"large": (5.0, 25.0), "medium": (1.0, 5.0), "small": (0.1, 0.5)}
DIMENSIONS = ("bug_fixing", "algorithm", "test_generation")
Rows = list[dict[str, Any]]


def real_bench() -> Path | None:
    """The benchmark's folder: $ACROUTER_BENCH, else beside the clone; None where there is neither."""
    folder = Path(os.environ.get("ACROUTER_BENCH") or BESIDE)
    return folder if folder.is_dir() else None


def write_bench(folder: Path, seed: int = 1) -> Path:
    """Generated tables of CodeRouterBench's schema, with decisions and with reference scores worked out here."""
    rng = random.Random(seed)
    (folder / "decisions").mkdir(parents=True)
    models = [{"model": m, "input_per_1m": i, "output_per_1m": o} for m, (i, o) in PRICES.items()]
    (folder / "models.json").write_text(json.dumps({"models": models}))
    id_rows = [
        {"task_id": f"dim{n % 3}_made_{n}", "dimension": DIMENSIONS[n % 3], "model": m}
        | {"score": rng.choice((0.0, 0.8, 1.0)), "cost_usd": round(rng.random() * PRICES[m][0] / 50, 6)}
        for n in range(60)
        for m in MODELS
    ]
    ood_rows = [
        {"task_id": f"old112::a__b-{n}", "original_task_id": f"a__b-{n}", "bench": "old112", "dimension": "bug_fixing"}
        | {"model": m, "resolved": rng.randint(0, 1), "apply_ok": 1, "cost_usd": round(rng.random() * PRICES[m][0], 6)}
        for n in range(40)
        for m in MODELS
    ]
    write_csv(folder / "id_test_results_long.csv", id_rows)
    write_csv(folder / "ood176_results_long.csv", ood_rows)
    names = [f"old112::a__b-{n}" for n in range(40)]
    rng.shuffle(names)
    write_lines(folder / "ood176_tasks.jsonl", [{"task_id": name, "prompt": f"Fix {name}\u2028now"} for name in names])
    chosen = [{"task_id": row["task_id"], "chosen_model": rng.choice(MODELS)} for row in id_rows[::3]]
    write_lines(folder / "decisions" / "id_drawn.jsonl", chosen)
    chains = [
        {"task_id": name, "chain_run": ["small", "large"], "chosen_model": rng.choice(("small", "large"))}
        for name in names
    ]
    write_lines(folder / "decisions" / "ood176_chain.jsonl", chains)
    reference = {
        "id_test": reference_scores(id_rows, "score", {"id_drawn": {c["task_id"]: c for c in chosen}}),
        "ood176": reference_scores(ood_rows, "resolved", {"ood176_chain": {c["task_id"]: c for c in chains}}),
    }
    (folder / "reference_scores.json").write_text(json.dumps(reference))
    return folder


def reference_scores(rows: Rows, score: str, decisions: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Average performance, regret and cost by the definitions of the benchmark's README, from its rows alone."""
    cells = {(row["task_id"], row["model"]): (float(row[score]), float(row["cost_usd"])) for row in rows}
    tasks = list(dict.fromkeys(task for task, _ in cells))
    best = {task: max(cells[task, m][0] - 0.1 * cells[task, m][1] for m in MODELS) for task in tasks}

    def add_up(attempts: Callable[[str], list[str]], kept: Callable[[str], str]) -> dict[str, float]:
        scores = {task: cells[task, kept(task)][0] for task in tasks}
        costs = {task: sum(cells[task, model][1] for model in attempts(task)) for task in tasks}
        regret = sum(best[task] - scores[task] + 0.1 * costs[task] for task in tasks)
        perf = 100 * sum(scores.values()) / len(tasks)
        return {"avg_perf": perf, "cum_regret": regret, "total_cost_usd": sum(costs.values())}

    found = {f"always:{m}": add_up(lambda _, m=m: [m], lambda _, m=m: m) for m in MODELS}
    for name, by_task in decisions.items():
        found[name] = add_up(
            lambda task, by=by_task: by[task].get("chain_run") or [by[task]["chosen_model"]],
            lambda task, by=by_task: by[task]["chosen_model"],
        )
    return found


def write_csv(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, lines: Rows) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def bench(*rows: dict[str, tuple[float, float | None]], dimension: str = "bug_fixing") -> Bench:
    """A bench of one task a row, each {model: (score, USD)}."""
    tasks = [
        BenchTask(f"t{n}", Task("", dimension=dimension), {m: Run(*cell) for m, cell in row.items()})
        for n, row in enumerate(rows)
    ]
    return Bench("made", tuple(Candidate(m, m, price=Price(*PRICES[m])) for m in rows[0]), tuple(tasks))


def specialists(seed: int, tasks: int = 90) -> Bench:
    """A stream in which each model is good at a dimension of its own, at prices that are all the same."""
    rng = random.Random(seed)
    made = []
    for n in range(tasks):
        kind = rng.randrange(3)
        runs = {m: Run(float(rng.random() < (0.9 if k == kind else 0.15)), 0.05) for k, m in enumerate(MODELS)}
        made.append(BenchTask(f"t{n}", Task("", repo="shop", dimension=DIMENSIONS[kind]), runs))
    return Bench("specialists", tuple(Candidate(m, m, price=Price(1.0, 5.0)) for m in MODELS), tuple(made))
