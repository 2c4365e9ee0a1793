"""In which order to try candidates, and when to stop: sequential search with costs.

Opening a box costs money and may hold the prize; at most one prize is kept (Weitzman, "Optimal search for the
best alternative", Econometrica 1979). Here a success ends the search, and candidates are correlated through the
task's ease, so the plan is exact over the sets of candidates that failed:

    V(F) = max(0, max over m not in F of
                  P(m solves and passes | F failed) - lambda * c[m] + P(m fails | F failed) * V(F + m))

>>> box = lambda p, c: Box((p,) * 3, c)
>>> best_plan({"cheap": box(0.4, 0.01), "dear": box(0.6, 1.0)}, (1/3,) * 3, price=0.1, depth=2).order
('cheap', 'dear')
>>> best_plan({"cheap": box(0.01, 0.5), "dear": box(0.9, 1.0)}, (1/3,) * 3, price=0.1, depth=2).order
('dear',)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul

EXACT_LIMIT = 8
"""Above this many candidates only those with the best reservation values enter the exact plan."""
TINY = 1e-30
"""No failure is impossible: what was thought certain may still not pass."""


@dataclass(frozen=True, slots=True)
class Box:
    """A candidate as the plan sees it: P(solves) at each node of the task's ease, and USD an attempt."""

    by_ease: tuple[float, ...]
    cost_usd: float


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The order in which to try, until one passes or the order ends; its value in reward."""

    order: tuple[str, ...]
    value: float


def best_plan(
    boxes: Mapping[str, Box],
    ease: Sequence[float],
    *,
    price: float,
    depth: int,
    budget_usd: float | None = None,
    fpr: float = 0.0,
    fnr: float = 0.0,
    first: str | None = None,
) -> SearchPlan:
    """The order of greatest expected reward.

    price: lambda, what a dollar costs in reward. depth: at most this many attempts. budget_usd: no attempt is
    planned whose expected cost would take the sum above it. fpr, fnr: error rates of the verifier that says when
    to stop. first: must lead, whatever it is worth.
    """
    return _Search(dict(_shortlist(boxes, ease, price, first)), ease, price, depth, budget_usd, fpr, fnr).plan(first)


def reservation_value(box: Box, ease: Sequence[float], price: float) -> float:
    """Weitzman's index of a box that holds 1 with probability p: 1 - lambda * c / p."""
    p = sum(w * at for w, at in zip(ease, box.by_ease, strict=True))
    return 1.0 - price * box.cost_usd / max(p, 1e-9)


def _shortlist(
    boxes: Mapping[str, Box], ease: Sequence[float], price: float, first: str | None
) -> list[tuple[str, Box]]:
    ranked = sorted(boxes.items(), key=lambda item: (-reservation_value(item[1], ease, price), item[0]))
    kept = ranked[:EXACT_LIMIT]
    if first is not None and all(name != first for name, _ in kept):
        kept.append((first, boxes[first]))
    return kept


class _Search:
    """V(F) of every set of boxes that failed, a bit mask: one set is reached in many orders and worked out once."""

    def __init__(
        self,
        boxes: Mapping[str, Box],
        ease: Sequence[float],
        price: float,
        depth: int,
        budget_usd: float | None,
        fpr: float,
        fnr: float,
    ) -> None:
        self.price, self.depth, self.budget_usd, self.fpr, self.fnr = price, depth, budget_usd, fpr, fnr
        self.gain = 1.0 - fpr - fnr
        self.names = list(boxes)
        self.costs = [box.cost_usd for box in boxes.values()]
        self.misses = [[max(1.0 - fpr - self.gain * p, TINY) for p in box.by_ease] for box in boxes.values()]
        self.states: dict[int, tuple[list[float], float, float]] = {0: (list(ease), sum(ease), 0.0)}
        """By what failed: the ease given that, unnormalised, its sum, which is P(F fails), and the USD spent."""
        self.values: dict[int, tuple[float, int | None]] = {}

    def plan(self, first: str | None) -> SearchPlan:
        total, step = self._value(0)
        if first is not None:
            step = self.names.index(first)
            total = self._worth(0, step)
        order, failed = [], 0
        while step is not None:
            order.append(self.names[step])
            failed |= 1 << step
            _, step = self._value(failed)
        return SearchPlan(tuple(order), total)

    def _value(self, failed: int) -> tuple[float, int | None]:
        """V(F) and the box to try next."""
        known = self.values.get(failed)
        if known is not None:
            return known
        best: tuple[float, int | None] = (0.0, None)
        if failed.bit_count() < self.depth:
            spent = self.states[failed][2]
            for box, cost in enumerate(self.costs):
                if failed >> box & 1 or (self.budget_usd is not None and spent + cost > self.budget_usd):
                    continue
                worth = self._worth(failed, box)
                if worth > best[0] + 1e-12:
                    best = (worth, box)
        self.values[failed] = best
        return best

    def _worth(self, failed: int, box: int) -> float:
        """Of trying a box next. P(solved) follows from P(fails) = 1 - fpr - (1 - fpr - fnr) * P(solved)."""
        weights, total, spent = self.states[failed]
        after = failed | 1 << box
        if after not in self.states:
            left = list(map(mul, weights, self.misses[box]))
            self.states[after] = left, sum(left), spent + self.costs[box]
        fails = self.states[after][1] / total
        solved = (1.0 - self.fpr - fails) / self.gain
        return (1.0 - self.fnr) * solved - self.price * self.costs[box] + fails * self._value(after)[0]
