"""How likely each candidate is to solve a task: a hierarchical probit model that learns online.

    P(candidate m solves task t) = Phi(s + A * theta)
    s     = mu[m] + delta[m, dimension of t] + rho[m, repository of t]
    theta ~ N(0, 1), the ease of the task, shared by all candidates that try it

Each component of s is an independent Gaussian. What is learned from one task moves them by assumed-density
filtering: moments of s are matched exactly under a quadrature over theta, and shared out among the components
by their variances (Herbrich, Minka and Graepel, "TrueSkill", NIPS 2006; Graepel et al., "Web-scale Bayesian
click-through rate prediction", ICML 2010). A verifier that errs is in the likelihood:
P(passes) = fpr + (1 - fpr - fnr) * P(solved).

>>> skills = Skills()
>>> before = skills.estimate(["a", "b"], Place("bug_fixing", "shop"))["a"].p
>>> skills.absorb([Evidence("a", 1.0), Evidence("b", 0.0)], Place("bug_fixing", "shop"))
>>> after = skills.estimate(["a", "b"], Place("bug_fixing", "shop"))
>>> round(before, 2), after["a"].p > 0.6 > 0.4 > after["b"].p
(0.5, True)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

LOADING = 1.5
"""A: how much of a task's outcome is its ease. The value of the study that the docs name; see docs/method.md."""
FLAT_VARIANCE = 1.0
DIMENSION_VARIANCE = 0.3
REPOSITORY_VARIANCE = 0.15
_NODES = 15
_UNIT = NormalDist()
_Z80 = 1.2815515655446004
_SQRT2 = math.sqrt(2.0)
_SQRT_TAU = math.sqrt(math.tau)


def _quadrature() -> tuple[tuple[float, float], ...]:
    """Nodes and weights of N(0, 1): the midpoints of equally likely slices, rescaled to unit variance."""
    raw = [_UNIT.inv_cdf((i + 0.5) / _NODES) for i in range(_NODES)]
    scale = math.sqrt(_NODES / sum(x * x for x in raw))
    return tuple((x * scale, 1.0 / _NODES) for x in raw)


EASE = _quadrature()
_ANY_EASE = tuple(weight for _, weight in EASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands in the hierarchy; None where unknown."""

    dimension: str | None = None
    repo: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The outcome of a candidate: score in [0, 1], weight in [0, 1]."""

    candidate: str
    score: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Belief:
    """A Gaussian over a skill, on the probit scale."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """P(success) with its 80 % interval, and P(success) at each node of the task's ease."""

    p: float
    low: float
    high: float
    by_ease: tuple[float, ...]


Key = tuple[str, ...]


@dataclass
class Skills:
    """Beliefs about all candidates. `prior` maps a component's key to its start; the rest start flat."""

    prior: Mapping[Key, Belief] = field(default_factory=dict)
    fpr: float = 0.0
    fnr: float = 0.0
    beliefs: dict[Key, Belief] = field(default_factory=dict)

    def copy(self) -> Skills:
        """An independent copy; beliefs are immutable, so this is cheap."""
        return Skills(self.prior, self.fpr, self.fnr, dict(self.beliefs))

    def widen(self, candidate: str, variance: float) -> None:
        """Forget a little: add variance to what is believed of a candidate, up to a flat prior's."""
        belief = self._belief((candidate,))
        wider = min(max(FLAT_VARIANCE, belief.variance), belief.variance + variance)
        self.beliefs[(candidate,)] = Belief(belief.mean, wider)

    def absorb(self, evidence: Sequence[Evidence], place: Place) -> None:
        """Learn from all outcomes of one task together: what failed for all of them was the task's fault."""
        ease = self.ease(evidence, place)
        for item in evidence:
            keys = _keys(item.candidate, place)
            before = self._sum(keys)
            after = self._matched(before, before.variance, item, ease)
            self._share(keys, before, after)

    def estimate(
        self,
        candidates: Iterable[str],
        place: Place,
        ease: Sequence[float] = _ANY_EASE,
        near: Sequence[Evidence] = (),
        likeness: float = 0.0,
    ) -> dict[str, Estimate]:
        """P(success) of each candidate on a task.

        ease: as `ease` gives it. near: outcomes on similar tasks, weighted by their similarity; they speak of a
        candidate's own luck with such tasks: the unit noise of the probit is taken to be correlated by `likeness`,
        the greatest similarity, in [0, 1).
        """
        return {name: self._estimate_one(name, place, near, ease, likeness) for name in candidates}

    def _estimate_one(
        self, name: str, place: Place, near: Sequence[Evidence], ease: Sequence[float], likeness: float
    ) -> Estimate:
        belief = self._sum(_keys(name, place))
        own = [item for item in near if item.candidate == name]
        if own:
            room = belief.variance + likeness
            for item in own:
                belief = self._matched(Belief(belief.mean, room), room, item, ease, noise=1.0 - likeness)
                room = belief.variance
            belief = Belief(belief.mean, max(belief.variance - likeness, 0.05))
        spread = math.sqrt(belief.variance)
        by_ease = tuple(_cdf((belief.mean + LOADING * theta) / math.sqrt(1.0 + belief.variance)) for theta, _ in EASE)
        low, high = (
            sum(
                w * _cdf(belief.mean + side * spread + LOADING * theta)
                for (theta, _), w in zip(EASE, ease, strict=True)
            )
            for side in (-_Z80, _Z80)
        )
        p = sum(w * at for w, at in zip(ease, by_ease, strict=True))
        return Estimate(p, min(low, p), max(high, p), by_ease)

    def ease(self, evidence: Sequence[Evidence], place: Place) -> tuple[float, ...]:
        """Posterior weights of the nodes of a task's ease, from outcomes on it and on similar tasks."""
        logs = [math.log(weight) for weight in _ANY_EASE]
        for item in evidence:
            belief = self._sum(_keys(item.candidate, place))
            sd = math.sqrt(1.0 + belief.variance)
            good, bad = item.weight * item.score, item.weight * (1.0 - item.score)
            for k, (theta, _) in enumerate(EASE):
                passes = self._passes((belief.mean + LOADING * theta) / sd)
                logs[k] += good * math.log(passes) + bad * math.log(1.0 - passes)
        top = max(logs)
        raw = [math.exp(x - top) for x in logs]
        total = sum(raw)
        return tuple(x / total for x in raw)

    def _matched(
        self, belief: Belief, variance: float, item: Evidence, ease: Sequence[float], noise: float = 1.0
    ) -> Belief:
        """Moments of the skill after an outcome: a mixture over the nodes, each by the probit's derivatives."""
        means, variances = [], []
        for theta, _ in EASE:
            slope, bend = self._derivatives(belief, theta, item, noise)
            means.append(belief.mean + variance * slope)
            variances.append(max(variance + variance * variance * bend, 1e-4))
        mean = sum(w * m for w, m in zip(ease, means, strict=True))
        second = sum(w * (v + m * m) for w, m, v in zip(ease, means, variances, strict=True))
        return Belief(mean, min(max(second - mean * mean, 1e-4), max(variance, 1e-4)))

    def _derivatives(self, belief: Belief, theta: float, item: Evidence, noise: float) -> tuple[float, float]:
        """The first two derivatives of an outcome's log-likelihood at one ease, by the skill's mean."""
        sd = math.sqrt(noise + belief.variance)
        z = (belief.mean + LOADING * theta) / sd
        passes = self._passes(z)
        density = (1.0 - self.fpr - self.fnr) * _pdf(z) / sd
        up, down = density / passes, -density / (1.0 - passes)
        bend_up, bend_down = -z / sd * up - up * up, -z / sd * down - down * down
        good, bad = item.weight * item.score, item.weight * (1.0 - item.score)
        return good * up + bad * down, good * bend_up + bad * bend_down

    def _passes(self, z: float) -> float:
        """P(the verifier passes it), kept off 0 and 1."""
        return min(max(self.fpr + (1.0 - self.fpr - self.fnr) * _cdf(z), 1e-9), 1.0 - 1e-9)

    def _share(self, keys: Sequence[Key], before: Belief, after: Belief) -> None:
        """Give each component its part of the change, by its share of the variance."""
        for key in keys:
            part = self._belief(key)
            share = part.variance / before.variance
            variance = part.variance + share * share * (after.variance - before.variance)
            self.beliefs[key] = Belief(part.mean + share * (after.mean - before.mean), max(variance, 1e-4))

    def _sum(self, keys: Sequence[Key]) -> Belief:
        parts = [self._belief(key) for key in keys]
        return Belief(sum(p.mean for p in parts), sum(p.variance for p in parts))

    def _belief(self, key: Key) -> Belief:
        found = self.beliefs.get(key) or self.prior.get(key)
        if found is not None:
            return found
        level = key[1] if len(key) > 1 else ""
        variance = {"dimension": DIMENSION_VARIANCE, "repo": REPOSITORY_VARIANCE}.get(level, FLAT_VARIANCE)
        return Belief(0.0, variance)


def _cdf(z: float) -> float:
    """Phi; statistics.NormalDist is several times slower, and this is where the time goes."""
    return 0.5 * (1.0 + math.erf(z / _SQRT2))


def _pdf(z: float) -> float:
    return math.exp(-0.5 * z * z) / _SQRT_TAU


def _keys(candidate: str, place: Place) -> list[Key]:
    keys: list[Key] = [(candidate,)]
    if place.dimension:
        keys.append((candidate, "dimension", place.dimension))
    if place.repo:
        keys.append((candidate, "repo", place.repo))
    return keys
