"""The numbers that figures are drawn from: how regret grows, what is learned, whether P(success) means what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean
from typing import Any

from mcp_router.evaluation.accounting import Charges, Play, regrets, spread

POINTS = 60
BLOCKS = 10
BINS = 10
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Series:
    """One stream: the regret of each task, how many outcomes it gave, and what was believed of each attempt with
    the score that it truly had."""

    regrets: tuple[float, ...]
    attempts: tuple[int, ...]
    believed: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, plays: Sequence[Play], charged: Sequence[Charges], price_of_usd: float) -> Series:
        """What figures need of a stream."""
        return cls(
            tuple(regrets(plays, charged, price_of_usd)),
            tuple(len(play.attempts) for play in plays),
            tuple(
                (p, play.task.runs[model].score)
                for play in plays
                for p, model in zip(play.believed, play.attempts, strict=False)
            ),
        )


def growth(streams: Sequence[Series]) -> dict[str, list[float]]:
    """Cumulative regret after so many tasks: mean, least and greatest over the orders."""
    sums = [list(accumulate(one.regrets)) for one in streams]
    n = len(sums[0])
    at = sorted({max(1, round(n * k / POINTS)) for k in range(1, POINTS + 1)})
    columns = [[one[task - 1] for one in sums] for task in at]
    return {
        "tasks": [float(task) for task in at],
        "mean": [round(fmean(column), 4) for column in columns],
        "low": [round(min(column), 4) for column in columns],
        "high": [round(max(column), 4) for column in columns],
    }


def learning(streams: Sequence[Series]) -> dict[str, list[float]]:
    """Regret a task in each tenth of the stream, with the 95 % interval of its mean over the orders, by the outcomes
    that were learned from until its middle."""
    n = len(streams[0].regrets)
    edges = [round(n * k / BLOCKS) for k in range(BLOCKS + 1)]
    found: dict[str, list[float]] = {"outcomes": [], "mean": [], "low": [], "high": []}
    for start, end in pairwise(edges):
        if start == end:
            continue
        one = spread(fmean(stream.regrets[start:end]) for stream in streams)
        low, high = one.ci95 or (one.mean, one.mean)
        found["outcomes"].append(round(fmean(sum(stream.attempts[: (start + end) // 2]) for stream in streams), 1))
        for key, value in (("mean", one.mean), ("low", low), ("high", high)):
            found[key].append(round(value, 4))
    return found


def calibration(streams: Sequence[Series]) -> list[dict[str, float]]:
    """By tenths of what was believed: the mean belief, the mean score that came of it with Wilson's 95 % interval
    (JASA 22, 1927; n counts an attempt once, whatever the number of orders), and how many attempts there were."""
    bins: list[list[tuple[float, float]]] = [[] for _ in range(BINS)]
    for stream in streams:
        for p, score in stream.believed:
            bins[min(int(p * BINS), BINS - 1)].append((p, score))
    found = []
    for pairs in bins:
        if pairs:
            n = len(pairs) / len(streams)
            rate = fmean(score for _, score in pairs)
            middle = (rate + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
            half = Z95 / (1 + Z95**2 / n) * math.sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n * n))
            row = {"believed": fmean(p for p, _ in pairs), "score": rate, "low": middle - half, "high": middle + half}
            found.append({key: round(value, 4) for key, value in row.items()} | {"n": len(pairs)})
    return found


def calibration_error(bins: Sequence[Mapping[str, float]]) -> float:
    """Expected calibration error: the mean distance of belief and score, over attempts."""
    total = sum(one["n"] for one in bins)
    return sum(one["n"] * abs(one["believed"] - one["score"]) for one in bins) / total if total else 0.0


def figures(kept: Mapping[str, Sequence[Series]]) -> dict[str, Any]:
    """The series of every row, over the shuffles where there are any."""
    shuffled = {name: streams[1:] or streams for name, streams in kept.items()}
    believers = {name: streams for name, streams in shuffled.items() if name.startswith("acrouter")}
    bins = {name: calibration(streams) for name, streams in believers.items()}
    return {
        "regret": {name: growth(streams) for name, streams in shuffled.items()},
        "learning": {name: learning(streams) for name, streams in shuffled.items()},
        "calibration": bins,
        "calibration_error": {name: round(calibration_error(found), 4) for name, found in bins.items()},
    }
