"""How likely each candidate is to solve a task: a hierarchical probit model that learns online.

    P(candidate m solves task t) = Phi(s + e)
    s = mu[m] + delta[m, dimension of t] + rho[m, repository of t]
    e = mu[*] + delta[*, dimension of t] + rho[*, repository of t] + A * theta

e is the ease of the task, shared by all candidates that try it: theta ~ N(0, 1) is the task's own, the rest what
tasks of one kind or one repository have in common. So a candidate is not blamed for work at which all fail. In a
repository that the prior knows, one component stands for the whole of s, and one for that of e less A * theta.

Each component is an independent Gaussian. What is learned from one task moves them by assumed-density filtering:
moments of s and e are matched under a quadrature over e, and shared out among the components by their variances
(Herbrich, Minka and Graepel, "TrueSkill", NIPS 2006; Graepel et al., "Web-scale Bayesian click-through rate
prediction", ICML 2010). A score y in (0, 1) counts as y of a success and 1 - y of a failure, the Bernoulli
quasi-likelihood, whose mean is right whatever the spread of scores (Papke and Wooldridge, Journal of Applied
Econometrics 1996). A verifier that errs is in it: P(passes) = fpr + (1 - fpr - fnr) * P(solved).

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

from mcp_router.orchestrator.ease import NODES, STANDARD, Ease, cdf, pdf

LOADING = 1.5
"""A: how much of a task's outcome is its own ease. How it and the variances were chosen: docs/method.md."""
VARIANCES = {"": 1.0, "dimension": 0.6, "repo": 0.4}
"""Of a candidate's components before anything is known: of all tasks, of a dimension, of a repository."""
EASE_VARIANCE = 1.0
"""Of each component of the ease."""
EASE = "*"
"""Stands in a key where a candidate's name would, for what all candidates share."""
Z80 = 1.2815515655446004


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
    """P(success) with its 80 % interval, and what is believed of s."""

    p: float
    low: float
    high: float
    skill: Belief


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
        wider = min(max(VARIANCES[""], belief.variance), belief.variance + variance)
        self.beliefs[(candidate,)] = Belief(belief.mean, wider)

    def knows(self, candidate: str, place: Place) -> bool:
        """Whether the prior knows a candidate in this very repository."""
        return (candidate, "repo", place.repo) in self.prior

    def absorb(self, evidence: Sequence[Evidence], place: Place) -> None:
        """Learn from all outcomes of one task together: what failed for all of them was the task's fault."""
        ease = self.ease(evidence, place)
        shared = self.skill(EASE, place)
        for item in evidence:
            before = self.skill(item.candidate, place)
            after = self._matched(before, before.variance, item, ease)
            self._share(item.candidate, place, before.variance, after.mean - before.mean, after.variance)
        mean = sum(w * e for w, e in zip(ease.weights, ease.nodes, strict=True))
        variance = sum(w * (e - mean) ** 2 for w, e in zip(ease.weights, ease.nodes, strict=True))
        self._share(EASE, place, shared.variance + LOADING**2, mean - shared.mean, variance)

    def skill(self, candidate: str, place: Place) -> Belief:
        """What is believed of a candidate's s in a place; of the ease that tasks there share, for EASE."""
        parts = [self._belief(key) for key in self._keys(candidate, place)]
        return Belief(sum(p.mean for p in parts), sum(p.variance for p in parts))

    def estimate(
        self,
        candidates: Iterable[str],
        place: Place,
        ease: Ease | None = None,
        near: Sequence[Evidence] = (),
        likeness: float = 0.0,
    ) -> dict[str, Estimate]:
        """P(success) of each candidate on a task.

        ease: as `ease` gives it. near: outcomes on similar tasks, weighted by their similarity; they speak of a
        candidate's own luck with such tasks: the unit noise of the probit is taken to be correlated by `likeness`,
        the greatest similarity, in [0, 1).
        """
        ease = ease or self.ease((), place)
        return {name: self._estimate_one(name, place, near, ease, likeness) for name in candidates}

    def _estimate_one(self, name: str, place: Place, near: Sequence[Evidence], ease: Ease, likeness: float) -> Estimate:
        belief = self.skill(name, place)
        own = [item for item in near if item.candidate == name]
        if own:
            room = belief.variance + likeness
            for item in own:
                belief = self._matched(Belief(belief.mean, room), room, item, ease, noise=1.0 - likeness)
                room = belief.variance
            belief = Belief(belief.mean, max(belief.variance - likeness, 0.05))
        p = ease.chance(belief.mean, belief.variance)
        reach = Z80 * math.sqrt(belief.variance)
        low, high = ease.chance(belief.mean - reach), ease.chance(belief.mean + reach)
        return Estimate(p, min(low, p), max(high, p), belief)

    def ease(self, evidence: Sequence[Evidence], place: Place) -> Ease:
        """What is believed of a task's ease, given outcomes on it and on similar tasks."""
        shared = self.skill(EASE, place)
        sd = math.sqrt(shared.variance + LOADING**2)
        nodes = tuple(shared.mean + sd * x for x in STANDARD)
        logs = [0.0] * NODES
        for item in evidence:
            belief = self.skill(item.candidate, place)
            own_sd = math.sqrt(1.0 + belief.variance)
            good, bad = item.weight * item.score, item.weight * (1.0 - item.score)
            for k, e in enumerate(nodes):
                passes = self._passes((belief.mean + e) / own_sd)
                logs[k] += good * math.log(passes) + bad * math.log(1.0 - passes)
        top = max(logs)
        raw = [math.exp(x - top) for x in logs]
        total = sum(raw)
        return Ease(nodes, tuple(x / total for x in raw))

    def _matched(self, belief: Belief, variance: float, item: Evidence, ease: Ease, noise: float = 1.0) -> Belief:
        """Moments of the skill after an outcome: a mixture over the nodes, each by the probit's derivatives.

        slope and bend are the first two derivatives of the outcome's log-likelihood at one ease, by the skill's mean.
        """
        sd = math.sqrt(noise + belief.variance)
        scale = (1.0 - self.fpr - self.fnr) / sd
        good, bad = item.weight * item.score, item.weight * (1.0 - item.score)
        mean = second = 0.0
        for weight, e in zip(ease.weights, ease.nodes, strict=True):
            z = (belief.mean + e) / sd
            passes = self._passes(z)
            density = scale * pdf(z)
            up, down, bent = density / passes, density / (1.0 - passes), z / sd
            slope = good * up - bad * down
            bend = bad * down * (bent - down) - good * up * (bent + up)
            moved = belief.mean + variance * slope
            mean += weight * moved
            second += weight * (max(variance + variance * variance * bend, 1e-4) + moved * moved)
        return Belief(mean, min(max(second - mean * mean, 1e-4), max(variance, 1e-4)))

    def _passes(self, z: float) -> float:
        """P(the verifier passes it), kept off 0 and 1."""
        return min(max(self.fpr + (1.0 - self.fpr - self.fnr) * cdf(z), 1e-9), 1.0 - 1e-9)

    def _share(self, name: str, place: Place, before: float, shift: float, after: float) -> None:
        """Give each component its part of a change, by its share of the variance before; after: the variance then."""
        for key in self._keys(name, place):
            part = self._belief(key)
            share = part.variance / before
            variance = part.variance + share * share * (after - before)
            self.beliefs[key] = Belief(part.mean + share * shift, max(variance, 1e-4))

    def _keys(self, name: str, place: Place) -> list[Key]:
        if self.knows(name, place):
            return [(name, "repo", place.repo or "")]
        keys: list[Key] = [(name,)]
        if place.dimension:
            keys.append((name, "dimension", place.dimension))
        if place.repo:
            keys.append((name, "repo", place.repo))
        return keys

    def _belief(self, key: Key) -> Belief:
        found = self.beliefs.get(key) or self.prior.get(key)
        if found is not None:
            return found
        return Belief(0.0, EASE_VARIANCE if key[0] == EASE else VARIANCES[key[1] if len(key) > 1 else ""])
