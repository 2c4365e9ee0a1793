"""A linear model of each candidate's reward, on what can be seen of a task: what linucb and lints share.

    E[reward of m on x] = x . theta[m],   A[m] = I + sum x x',   theta[m] = A[m]^-1 sum reward x

Ridge regression by candidate (Li, Chu, Langford and Schapire, "A contextual-bandit approach to personalized news
article recommendation", WWW 2010, "disjoint" model). The inverse is kept up to date by Sherman and Morrison.

>>> ridge = Ridge()
>>> for _ in range(20): ridge.learn({0: 1.0}, 0.5)
>>> mean, variance = ridge.predict({0: 1.0})
>>> round(mean, 2), round(variance, 2)
(0.48, 0.05)
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.evaluation.baselines.rewards import Rewards
from mcp_router.types import Candidate, Context, Plan
from memory_store.observations import Observation

SIZE = 32
"""Entries of x: one is constant, the others are hashed into."""
Vector = Mapping[int, float]
"""The entries of x that are not 0."""


class _Seen(Protocol):
    """What a task and an observation both show."""

    @property
    def repo(self) -> str | None: ...
    @property
    def dimension(self) -> str: ...
    @property
    def features(self) -> tuple[int, ...]: ...


def vector(seen: _Seen) -> Vector:
    """A constant, the dimension and the repository, and the words scaled to length 1 (signed feature hashing)."""
    x = {0: 1.0}
    for name in (f"dimension {seen.dimension}", f"repo {seen.repo}"):
        at, sign = _place(zlib.crc32(name.encode()))
        x[at] = x.get(at, 0.0) + sign
    words: dict[int, float] = {}
    for feature in seen.features:
        at, sign = _place(feature >> 2)
        words[at] = words.get(at, 0.0) + sign
    length = math.sqrt(sum(value * value for value in words.values())) or 1.0
    for at, value in words.items():
        x[at] = x.get(at, 0.0) + value / length
    return x


def _place(number: int) -> tuple[int, float]:
    return 1 + number % (SIZE - 1), 1.0 if number // (SIZE - 1) % 2 else -1.0


class Ridge:
    """One candidate's rewards."""

    def __init__(self) -> None:
        self._inverse = [[float(i == j) for j in range(SIZE)] for i in range(SIZE)]
        self._sums = [0.0] * SIZE
        self._theta = [0.0] * SIZE

    def predict(self, x: Vector) -> tuple[float, float]:
        """Mean, and x' A^-1 x: the variance in units of the rewards' noise."""
        mean = sum(value * self._theta[i] for i, value in x.items())
        variance = sum(a * b * self._inverse[i][j] for i, a in x.items() for j, b in x.items())
        return mean, max(variance, 0.0)

    def learn(self, x: Vector, reward: float) -> None:
        """Take in one reward."""
        along = [sum(row[j] * value for j, value in x.items()) for row in self._inverse]
        scale = 1.0 + sum(along[i] * value for i, value in x.items())
        for i, value in x.items():
            self._sums[i] += reward * value
        for i, row in enumerate(self._inverse):
            share = along[i] / scale
            if share:
                self._inverse[i] = [entry - share * other for entry, other in zip(row, along, strict=True)]
        self._theta = [sum(a * b for a, b in zip(row, self._sums, strict=True)) for row in self._inverse]


class LinearBandit:
    """Asks whom `index` ranks highest, then the next as long as it is ranked above 0."""

    def __init__(self, name: str, candidates: tuple[Candidate, ...], price_of_usd: float) -> None:
        self.name = name
        self._arms = {candidate.id: Ridge() for candidate in candidates}
        self._rewards = Rewards(candidates, price_of_usd)

    def rank(self, context: Context, index: Callable[[float, float], float], reason: str) -> Plan:
        """A plan by an index of mean and variance."""
        x = vector(context.task)
        ranked = {c.id: index(*self._arms[c.id].predict(x)) for c in context.candidates if c.id not in context.tried}
        names = sorted(ranked, key=lambda name: -ranked[name])
        lead = 0 if context.tried else 1
        return plan_of(context, [*names[:lead], *(name for name in names[lead:] if ranked[name] > 0)], reason)

    def learn(self, observation: Observation) -> None:
        """The reward of the attempt."""
        reward = self._rewards.take(observation)
        if reward is not None:
            self._arms[observation.candidate].learn(vector(observation), reward)
