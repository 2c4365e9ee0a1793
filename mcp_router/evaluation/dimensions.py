"""How well the dimension of a subtask is inferred, and the fit of the table that does it.

    python -m mcp_router.evaluation.dimensions [--fit] [--data DIR] [--json]

The texts are the project's own (labelled/subtasks.tsv). `--fit` uses the fit half only: the penalty and the
temperature are chosen by five-fold cross-validation within it. Without it the test half is scored. `--data DIR`
scores the prompts of DIR/ood176_tasks.jsonl (CodeRouterBench) as well.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from mcp_router.errors import BadInput
from mcp_router.evaluation.logistic import Example, held_out, log_loss, train
from mcp_router.orchestrator.dimension import TABLE, UNKNOWN, infer
from mcp_router.orchestrator.signs import signs
from mcp_router.types import DIMENSIONS

LABELLED = Path(__file__).with_name("labelled") / "subtasks.tsv"
COMMAND = "python -m mcp_router.evaluation.dimensions --fit"
PENALTIES = (0.003, 0.01, 0.03, 0.1)
TEMPERATURES = tuple(step / 20 for step in range(4, 61))
THRESHOLD = 0.5
BINS = 5
RESAMPLES = 2_000
SEED = 7


def labelled(split: str) -> list[tuple[str, str]]:
    """Text and dimension of one half, "fit" or "test"; the test half has undecidable texts too."""
    rows = (line.split("\t") for line in LABELLED.read_text(encoding="utf-8").splitlines()[1:])
    return [(text.replace("\\n", "\n"), dimension) for dimension, half, text in rows if half == split]


def fit() -> dict[str, Any]:
    """The contents of dimension.json, from the fit half alone."""
    examples = [(signs(text), dimension) for text, dimension in labelled("fit")]
    folds = {penalty: held_out(examples, DIMENSIONS, penalty=penalty) for penalty in PENALTIES}
    loss, penalty, temperature = min(
        (log_loss(pairs, temperature), penalty, temperature)
        for penalty, pairs in folds.items()
        for temperature in TEMPERATURES
    )
    right = (replace(own, threshold=0.0).answer(found)[0] == truth for own, (found, truth) in folds[penalty])
    return {
        "made_by": COMMAND,
        "date": datetime.now(UTC).date().isoformat(),
        "texts": "the fit half of evaluation/labelled/subtasks.tsv, the project's own, under its licence",
        "cross_validation": {
            "texts": len(examples),
            "accuracy": round(fmean(right), 4),
            "log_loss": round(loss, 4),
            "penalty": penalty,
        },
        "temperature": temperature,
        "threshold": THRESHOLD,
        "dimensions": list(DIMENSIONS),
        "weights": weights(examples, penalty),
    }


def weights(examples: Sequence[Example], penalty: float) -> dict[str, list[int]]:
    """Weights fitted on all examples, in hundredths; signs that hardly weigh anything are left out."""
    table = train(examples, DIMENSIONS, penalty=penalty)
    rows = {sign: [round(100 * weight) for weight in row] for sign, row in table.weights.items()}
    return {sign: row for sign, row in rows.items() if max(map(abs, row)) >= 5}


def write(table: dict[str, Any], path: Path = Path(TABLE)) -> None:
    """Writes the table with one sign a line, so that two versions can be compared."""
    head = {key: value for key, value in table.items() if key != "weights"}
    lines = ",\n".join(
        f"{json.dumps(sign, ensure_ascii=False)}:{json.dumps(row, separators=(',', ':'))}"
        for sign, row in table["weights"].items()
    )
    path.write_text(f'{json.dumps(head, indent=1)[:-2]},\n "weights": {{\n{lines}\n}}}}\n', encoding="utf-8")


def score(texts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What became of texts with a true dimension; an answer of unknown counts as wrong."""
    rows = [(truth, *infer(text)) for text, truth in texts]
    decidable = [row for row in rows if row[0] != UNKNOWN]
    hits = {
        dimension: [answer == truth for truth, answer, _ in decidable if truth == dimension]
        for dimension in dict.fromkeys(truth for truth, *_ in decidable)
    }
    answered = [row for row in decidable if row[1] != UNKNOWN]
    undecidable = [answer for truth, answer, _ in rows if truth == UNKNOWN]
    return {
        "texts": len(decidable),
        "accuracy": fmean(answer == truth for truth, answer, _ in decidable),
        "balanced_accuracy": fmean(map(fmean, hits.values())),
        "balanced_accuracy_95": _interval(list(hits.values())),
        "bootstrap": {"seed": SEED, "resamples": RESAMPLES},
        "majority": {
            "accuracy": max(map(len, hits.values())) / len(decidable),
            "balanced_accuracy": 1 / len(hits),
        },
        "recall": {dimension: fmean(own) for dimension, own in hits.items()},
        "answered_unknown": 1 - len(answered) / len(decidable),
        "accuracy_when_answered": fmean(answer == truth for truth, answer, _ in answered) if answered else None,
        **_calibration(answered),
        "undecidable": {
            "texts": len(undecidable),
            "answered_unknown": fmean(answer == UNKNOWN for answer in undecidable),
        }
        if undecidable
        else None,
    }


def _interval(groups: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """95 % percentile bootstrap of the mean of the groups' means, resampled within each group."""
    generator = random.Random(SEED)
    means = sorted(fmean(fmean(generator.choices(group, k=len(group))) for group in groups) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def _calibration(answered: Sequence[tuple[str, str, float]]) -> dict[str, Any]:
    """Expected calibration error of the answers and what it is made of, in bins of equal width."""
    bins: list[list[tuple[str, str, float]]] = [[] for _ in range(BINS)]
    for row in answered:
        bins[min(BINS - 1, int((row[2] - THRESHOLD) / (1 - THRESHOLD) * BINS))].append(row)
    table = [
        {
            "n": len(rows),
            "confidence": fmean(confidence for *_, confidence in rows),
            "accuracy": fmean(truth == answer for truth, answer, _ in rows),
        }
        for rows in bins
        if rows
    ]
    gaps = (row["n"] * abs(row["confidence"] - row["accuracy"]) for row in table)
    return {"ece": sum(gaps) / len(answered) if answered else None, "calibration": table}


def benchmark(folder: Path) -> list[tuple[str, str]]:
    """Prompt and dimension of each task of ood176_tasks.jsonl in a folder.

    Raises:
        BadInput: there is no such file, or it is not as CodeRouterBench has it.
    """
    path = folder / "ood176_tasks.jsonl"
    try:
        tasks = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [(task["prompt"], task["dimension"]) for task in tasks]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"--data: {path} cannot be read ({error}); name CodeRouterBench's folder.") from None


def as_text(name: str, found: dict[str, Any]) -> str:
    """The scores for a person."""
    low, high = found["balanced_accuracy_95"]
    lines = [
        f"{name}: {found['texts']} texts",
        f"  balanced accuracy {found['balanced_accuracy']:.3f} [{low:.3f}, {high:.3f}] "
        f"({RESAMPLES} resamples, seed {SEED}); majority class {found['majority']['balanced_accuracy']:.3f}",
        f"  accuracy {found['accuracy']:.3f}; majority class {found['majority']['accuracy']:.3f}",
        f"  answered unknown {found['answered_unknown']:.3f}",
        f"  accuracy when answered {_or_none(found['accuracy_when_answered'])}",
        f"  calibration error {_or_none(found['ece'])}",
        *(
            f"    confidence {row['confidence']:.2f}  accuracy {row['accuracy']:.2f}  n {row['n']}"
            for row in found["calibration"]
        ),
        *(f"  recall {recall:.2f}  {dimension}" for dimension, recall in found["recall"].items()),
    ]
    if found["undecidable"]:
        lines.append(
            f"  undecidable: {found['undecidable']['texts']} texts, "
            f"unknown {found['undecidable']['answered_unknown']:.2f}"
        )
    return "\n".join(lines)


def _or_none(number: float | None) -> str:
    return "none" if number is None else f"{number:.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 done, 2 bad use."""
    parser = argparse.ArgumentParser(prog="python -m mcp_router.evaluation.dimensions", description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit the table on the fit half and write it")
    parser.add_argument("--data", type=Path, metavar="DIR", help="CodeRouterBench's folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.fit:
        table = fit()
        write(table)
        summary = {key: value for key, value in table.items() if key != "weights"}
        print(json.dumps({**summary, "signs": len(table["weights"])}, indent=None if options.json else 1))
        return 0
    try:
        sets = {"test half": labelled("test")} | ({"OOD176": benchmark(options.data)} if options.data else {})
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    found = {name: score(texts) for name, texts in sets.items()}
    print(json.dumps(found) if options.json else "\n".join(as_text(*item) for item in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
