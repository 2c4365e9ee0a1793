"""Fits orchestrator/prior.json on CodeRouterBench's fitting set.

    python -m mcp_router.evaluation.fit_prior --data DIR

DIR holds id_probing_results_long.csv (7,080 tasks by 8 models, MIT). The policy's own model learns from every
score of it, task by task in a seeded order; what it then believes is the prior. No row of the table is kept.
How hard the benchmark is says nothing of a user's tasks, so its main effects are relative to the mean of the models.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from mcp_router.orchestrator.posterior import EASE, Evidence, Place, Skills
from mcp_router.orchestrator.prior import TABLE

SEED = 7


def read_tasks(table: Path) -> list[tuple[Place, list[Evidence]]]:
    """Each task's place and the scores of all models on it. The family is the task's id with its digits masked."""
    tasks: dict[str, tuple[Place, list[Evidence]]] = {}
    with table.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            place = Place(row["dimension"], re.sub(r"\d+", "#", row["task_id"]))
            _, evidence = tasks.setdefault(row["task_id"], (place, []))
            evidence.append(Evidence(row["model"], float(row["score"])))
    return list(tasks.values())


def fitted(tasks: Sequence[tuple[Place, list[Evidence]]]) -> dict[str, Any]:
    """The contents of prior.json."""
    skills, order = Skills(), list(tasks)
    random.Random(SEED).shuffle(order)
    for place, evidence in order:
        skills.absorb(evidence, place)
    models = sorted({item.candidate for _, evidence in tasks for item in evidence})
    return {
        "made_by": "python -m mcp_router.evaluation.fit_prior --data DIR",
        "from": "CodeRouterBench (arXiv:2606.22902), fitting set, MIT licence; fitted parameters only",
        "scale": "probit; models: less the mean of the models; families: skill by the order below, as it is",
        "order": models,
        "models": _main_effects(skills, models, sorted({place.dimension or "" for place, _ in tasks})),
        "families": {
            place.repo: _family(skills, models, place) for place in sorted({p for p, _ in tasks}, key=lambda p: str(p))
        },
    }


def _main_effects(skills: Skills, models: Sequence[str], dimensions: Sequence[str]) -> dict[str, dict[str, float]]:
    """Skill over all tasks and offsets by dimension, both less the mean of the models."""
    out: dict[str, dict[str, float]] = {model: {} for model in models}
    overall = {model: skills.beliefs[(model,)].mean for model in models}
    offsets = {d: {model: skills.beliefs[(model, "dimension", d)].mean for model in models} for d in dimensions}
    for level, values in {"all": overall, **offsets}.items():
        mean = fmean(values.values())
        for model, value in values.items():
            out[model][level] = round(value - mean, 4)
    return out


def _family(skills: Skills, models: Sequence[str], place: Place) -> dict[str, Any]:
    found = [skills.skill(model, place) for model in models]
    ease = skills.skill(EASE, place)
    return {
        "skill": [round(belief.mean, 3) for belief in found],
        "variance": round(fmean(belief.variance for belief in found), 4),
        "ease": [round(ease.mean, 3), round(ease.variance, 4)],
    }


def write(table: dict[str, Any], path: Path = TABLE) -> None:
    """Writes the table with one family a line, so that two versions can be compared."""
    head = {key: value for key, value in table.items() if key != "families"}
    lines = ",\n".join(
        f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in table["families"].items()
    )
    path.write_text(f'{json.dumps(head, indent=1)[:-2]},\n "families": {{\n{lines}\n}}}}\n', encoding="utf-8")


def main() -> None:
    """Write prior.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with id_probing_results_long.csv")
    write(fitted(read_tasks(parser.parse_args().data / "id_probing_results_long.csv")))


if __name__ == "__main__":
    main()
