"""Fits orchestrator/prior.json on CodeRouterBench's fitting set.

    python -m mcp_router.evaluation.fit_prior --data DIR

DIR holds id_probing_results_long.csv (7,080 tasks by 8 models, MIT). Only the success rates by model and
dimension are kept, on the probit scale and relative to the mean of the models: how hard the benchmark is says
nothing of a user's tasks.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path
from statistics import NormalDist, fmean

OUT = Path(__file__).parents[1] / "orchestrator" / "prior.json"
Rates = dict[str, dict[str, float]]


def success_rates(table: Path) -> Rates:
    """Mean score by model and dimension; "all" is the mean over dimensions."""
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    with table.open(newline="") as lines:
        for row in csv.DictReader(lines):
            scores[row["model"], row["dimension"]].append(float(row["score"]))
    rates: Rates = defaultdict(dict)
    for (model, dimension), values in scores.items():
        rates[model][dimension] = fmean(values)
    for by_dimension in rates.values():
        by_dimension["all"] = fmean(by_dimension.values())
    return rates


def relative_probits(rates: Rates) -> Rates:
    """Each model's probit less the mean of all models' in that dimension."""
    probit = NormalDist().inv_cdf
    out: Rates = {model: {} for model in rates}
    for dimension in next(iter(rates.values())):
        at = {model: probit(min(max(rate[dimension], 0.01), 0.99)) for model, rate in rates.items()}
        mean = fmean(at.values())
        for model, value in at.items():
            out[model][dimension] = round(value - mean, 4)
    return out


def main() -> None:
    """Write prior.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with id_probing_results_long.csv")
    table = parser.parse_args().data / "id_probing_results_long.csv"
    fitted = {
        "made_by": "python -m mcp_router.evaluation.fit_prior --data DIR",
        "from": "CodeRouterBench (arXiv:2606.22902), fitting set, MIT licence; success rates only",
        "scale": "probit of the success rate, less the mean of the models",
        "models": relative_probits(success_rates(table)),
    }
    OUT.write_text(json.dumps(fitted, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
