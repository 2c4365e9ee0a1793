"""What another policy would have got on the tasks of a log whose choices were drawn with known probabilities.

    w_i = 1[chosen_i = wanted_i] / propensity_i, cut at CLIP

Self-normalised inverse propensity (Swaminathan and Joachims, "The self-normalized estimator for counterfactual
learning", NIPS 2015; cut weights: Bottou et al., JMLR 14, 2013):

    V = sum w_i y_i / sum w_i

Doubly robust (Dudik, Langford and Li, "Doubly robust policy evaluation and learning", ICML 2011), the weights
normalised as above and the model q fitted without the fold that it is asked about (Chernozhukov et al., 2018):

    V = mean q(x_i, wanted_i) + sum w_i (y_i - q(x_i, chosen_i)) / sum w_i

Intervals are at 95 %: by linearisation, each term's leave-one-out error taken in full (HC3; MacKinnon and White,
1985), with Student's t for as many degrees of freedom as the weights are worth (Kish, effective sample size).

>>> log = [Logged("bug_fixing", "small" if n % 2 else "large", 0.5, float(n % 2)) for n in range(200)]
>>> found = snips(log, ["small"] * 200)
>>> found.value, round(effective_size(log, ["small"] * 200))
(1.0, 100)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mcp_router.evaluation.accounting import t975

CLIP = 100.0
"""The greatest weight. A floor of exploration of 5 % over five candidates gives 100."""
FOLDS = 5
PSEUDO = 2.0
"""Outcomes that the model takes each mean to have had at the mean of the wider group."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One decision of a log: the kind of task, whom it chose with which probability, and what came of it."""

    kind: str
    chosen: str
    propensity: float
    value: float


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def weights(log: Sequence[Logged], wanted: Sequence[str]) -> list[float]:
    """How often each decision stands for itself and for those that chose otherwise; 0 where another was chosen."""
    return [
        min(1.0 / one.propensity, CLIP) if one.chosen == name else 0.0 for one, name in zip(log, wanted, strict=True)
    ]


def effective_size(log: Sequence[Logged], wanted: Sequence[str]) -> float:
    """How many decisions drawn by the wanted policy itself would tell as much: (sum w)^2 / sum w^2."""
    w = weights(log, wanted)
    squares = math.fsum(x * x for x in w)
    return math.fsum(w) ** 2 / squares if squares else 0.0


def carriers(log: Sequence[Logged], wanted: Sequence[str]) -> float:
    """How many decisions the variance rests on: (sum w^2)^2 / sum w^4, their number where weights are equal."""
    squares = [x * x for x in weights(log, wanted)]
    fourth = math.fsum(x * x for x in squares)
    return math.fsum(squares) ** 2 / fourth if fourth else 0.0


def snips(log: Sequence[Logged], wanted: Sequence[str]) -> Interval:
    """Self-normalised inverse propensity; needs a decision that chose as wanted."""
    w = weights(log, wanted)
    total = math.fsum(w)
    value = math.fsum(x * one.value for x, one in zip(w, log, strict=True)) / total
    errors = [x * (one.value - value) / total / (1.0 - min(x / total, 0.5)) for x, one in zip(w, log, strict=True)]
    return _interval(value, errors, carriers(log, wanted))


def doubly_robust(log: Sequence[Logged], wanted: Sequence[str]) -> Interval:
    """The model's mean, corrected by what came of the decisions that chose as wanted."""
    terms = doubly_robust_terms(log, wanted)
    value = math.fsum(terms) / len(terms)
    return _interval(value, [(term - value) / len(terms) for term in terms], carriers(log, wanted))


def doubly_robust_terms(log: Sequence[Logged], wanted: Sequence[str]) -> list[float]:
    """What each decision says of the wanted policy; their mean is the estimate, their differences compare two."""
    w = weights(log, wanted)
    total = math.fsum(w)
    terms = []
    models = [Means([one for n, one in enumerate(log) if n % FOLDS != fold]) for fold in range(FOLDS)]
    for n, (one, name, weight) in enumerate(zip(log, wanted, w, strict=True)):
        model = models[n % FOLDS]
        share = weight / total
        error = share * (one.value - model.of(one.kind, one.chosen)) / (1.0 - min(share, 0.5))
        terms.append(model.of(one.kind, name) + len(log) * error)
    return terms


def difference(ours: Sequence[float], theirs: Sequence[float], size: float) -> Interval:
    """Of two policies on the same log, by their doubly robust terms; size is the smaller effective size."""
    terms = [a - b for a, b in zip(ours, theirs, strict=True)]
    value = math.fsum(terms) / len(terms)
    return _interval(value, [(term - value) / len(terms) for term in terms], size)


def bounded(found: Interval, size: float) -> Interval:
    """The interval of a mean of scores in [0, 1]: within them, and at least 3 / n to each side, because n successes
    in a row leave that much open (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249,
    1983). size: what n stands for.

    >>> bounded(Interval(1.0, 1.0, 1.0), 100)
    Interval(value=1.0, low=0.97, high=1.0)
    """
    open_ = 3.0 / max(size, 3.0)
    value = min(max(found.value, 0.0), 1.0)
    return Interval(value, max(min(found.low, value - open_), 0.0), min(max(found.high, value + open_), 1.0))


class Means:
    """q: the mean by candidate and kind, pulled to the candidate's mean, which is pulled to the mean of all."""

    def __init__(self, log: Sequence[Logged]) -> None:
        sums: defaultdict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for one in log:
            for key in ((), (one.chosen,), (one.chosen, one.kind)):
                sums[key][0] += one.value
                sums[key][1] += 1.0
        self._sums = dict(sums)

    def of(self, kind: str, candidate: str) -> float:
        """Expected value of a candidate on a kind of task."""
        total, n = self._sums.get((), (0.0, 0.0))
        mean = total / n if n else 0.0
        for key in ((candidate,), (candidate, kind)):
            total, n = self._sums.get(key, (0.0, 0.0))
            mean = (total + PSEUDO * mean) / (n + PSEUDO)
        return mean


def _interval(value: float, errors: Sequence[float], size: float) -> Interval:
    """Student's t. A variance of values of kurtosis 5, between a coin's and a cost's, is worth half as many degrees of
    freedom as there are values: 2 n / (kurtosis - 1).
    """
    half = t975(max(1, round(size / 2))) * math.sqrt(math.fsum(x * x for x in errors))
    return Interval(value, value - half, value + half)
