"""What a sequence of attempts comes to: performance, regret and cost, by one rule for all policies.

reward = score of what was kept - lambda * cost of all attempts
regret = the best single model's reward on the task - reward
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from mcp_router.evaluation.tables import BenchTask

Charges = Mapping[str, float]
"""USD of an attempt on one task, by model."""


@dataclass(frozen=True, slots=True)
class Play:
    """What was done on one task: who tried, in order, and whose result was kept; None if nobody tried.

    believed: P(success) of each attempt as the policy gave it beforehand; empty where it gave none.
    """

    task: BenchTask
    attempts: tuple[str, ...]
    kept: str | None
    believed: tuple[float, ...] = ()

    @property
    def score(self) -> float:
        """Of what was kept."""
        return self.task.runs[self.kept].score if self.kept is not None else 0.0

    def paid(self, usd: Charges) -> float:
        """USD of all attempts."""
        return math.fsum(usd[model] for model in self.attempts)


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a whole stream: mean score in percent, sums of regret and of USD, and attempts whose cost is unknown."""

    avg_perf: float
    cum_regret: float
    cost_usd: float
    unknown_costs: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one figure over several orders. ci95 is the interval of the mean; None for a single order."""

    mean: float
    min: float
    max: float
    ci95: tuple[float, float] | None


def charges(tasks: Sequence[BenchTask]) -> list[Charges]:
    """What an attempt of each model on each task is charged, in the stream's order.

    An unknown cost is charged at the mean of the model's known costs so far; before the first, at the mean of
    all of them, and where a model has none, at the mean over all models.
    """
    known = [(model, run.cost_usd) for task in tasks for model, run in task.runs.items() if run.cost_usd is not None]
    by_model = {model: [cost for name, cost in known if name == model] for model in (tasks[0].runs if tasks else ())}
    overall = fmean(cost for _, cost in known) if known else 0.0
    start = {model: fmean(costs) if costs else overall for model, costs in by_model.items()}
    total, count = dict.fromkeys(start, 0.0), dict.fromkeys(start, 0)
    out: list[Charges] = []
    for task in tasks:
        charged = {}
        for model, run in task.runs.items():
            if run.cost_usd is None:
                charged[model] = total[model] / count[model] if count[model] else start[model]
            else:
                charged[model] = run.cost_usd
                total[model], count[model] = total[model] + run.cost_usd, count[model] + 1
        out.append(charged)
    return out


def total(plays: Sequence[Play], charged: Sequence[Charges], price_of_usd: float) -> Totals:
    """The sums over a stream; every attempt is paid for. price_of_usd is lambda, the reward that a dollar costs."""
    score = math.fsum(play.score for play in plays)
    cost = math.fsum(play.paid(usd) for play, usd in zip(plays, charged, strict=True))
    unknown = sum(play.task.runs[model].cost_usd is None for play in plays for model in play.attempts)
    return Totals(100 * score / len(plays), math.fsum(regrets(plays, charged, price_of_usd)), cost, unknown)


def regrets(plays: Sequence[Play], charged: Sequence[Charges], price_of_usd: float) -> list[float]:
    """Of each task: the best single model's reward, less what was got."""
    return [
        max(run.score - price_of_usd * usd[model] for model, run in play.task.runs.items())
        - (play.score - price_of_usd * play.paid(usd))
        for play, usd in zip(plays, charged, strict=True)
    ]


def spread(values: Iterable[float]) -> Spread:
    """Mean, range and the 95 % interval of the mean (Student's t).

    >>> found = spread([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> found.mean, found.min, found.max, [round(bound, 2) for bound in found.ci95]
    (3.0, 1.0, 5.0, [1.04, 4.96])
    """
    found = list(values)
    mean = fmean(found)
    if len(found) < 2:
        return Spread(mean, mean, mean, None)
    half = t975(len(found) - 1) * stdev(found) / math.sqrt(len(found))
    return Spread(mean, min(found), max(found), (mean - half, mean + half))


def t975(freedom: int) -> float:
    """The 97.5 % quantile of Student's t: exact for 1 and 2 degrees of freedom, else the expansion in the normal's
    (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5), within 1 % from 3 on.

    >>> [round(t975(n), 2) for n in (3, 19)]
    [3.16, 2.09]
    """
    if freedom < 3:
        return 12.7062 if freedom == 1 else 4.3027
    z, n = 1.959964, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
