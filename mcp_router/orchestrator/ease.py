"""The normal distribution as the estimator uses it: Phi, its density, and a quadrature over a task's ease."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

NODES = 15
_SQRT2 = math.sqrt(2.0)
_SQRT_TAU = math.sqrt(math.tau)


def cdf(z: float) -> float:
    """Phi; statistics.NormalDist is several times slower, and this is where the time goes."""
    return 0.5 * (1.0 + math.erf(z / _SQRT2))


def pdf(z: float) -> float:
    """The density of N(0, 1)."""
    return math.exp(-0.5 * z * z) / _SQRT_TAU


def _quadrature() -> tuple[float, ...]:
    """Equally likely nodes of N(0, 1): the midpoints of equally likely slices, rescaled to unit variance."""
    raw = [NormalDist().inv_cdf((i + 0.5) / NODES) for i in range(NODES)]
    scale = math.sqrt(NODES / sum(x * x for x in raw))
    return tuple(x * scale for x in raw)


STANDARD = _quadrature()


@dataclass(frozen=True, slots=True)
class Ease:
    """What is believed of one task's ease: its nodes, on the probit scale, and their weights, which sum to 1."""

    nodes: tuple[float, ...]
    weights: tuple[float, ...]

    def by_node(self, skill: float, variance: float = 0.0) -> tuple[float, ...]:
        """P(success) at each node, in [0, 1], of a candidate whose skill is Gaussian with this mean and variance."""
        sd = math.sqrt(1.0 + variance)
        return tuple(cdf((skill + e) / sd) for e in self.nodes)

    def chance(self, skill: float, variance: float = 0.0) -> float:
        """P(success) over the nodes, in [0, 1], of the same."""
        return sum(w * at for w, at in zip(self.weights, self.by_node(skill, variance), strict=True))
