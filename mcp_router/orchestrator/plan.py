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

EXACT_LIMIT = 8
"""Above this many candidates only those with the best reservation values enter the exact plan."""


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
    search = _Search(dict(_shortlist(boxes, ease, price, first)), price, budget_usd, fpr, fnr)
    return search.plan(tuple(ease), depth, first)


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


@dataclass
class _Search:
    boxes: dict[str, Box]
    price: float
    budget_usd: float | None
    fpr: float
    fnr: float

    def plan(self, ease: tuple[float, ...], depth: int, first: str | None) -> SearchPlan:
        self.known: dict[tuple[frozenset[str], int], tuple[float, str | None]] = {}
        order: list[str] = []
        total, failed = 0.0, frozenset[str]()
        weights = ease
        if first is not None:
            total = self._worth(first, weights, failed, depth)
        else:
            total, first = self._value(weights, failed, depth)
        step = first
        while step is not None:
            order.append(step)
            weights, failed, depth = self._after(step, weights), failed | {step}, depth - 1
            _, step = self._value(weights, failed, depth)
        return SearchPlan(tuple(order), total)

    def _value(self, weights: tuple[float, ...], failed: frozenset[str], depth: int) -> tuple[float, str | None]:
        """V(F) and the candidate to try next; `weights` is the ease given that all of F failed, unnormalised."""
        if depth <= 0:
            return 0.0, None
        known = self.known.get((failed, depth))
        if known is not None:
            return known
        best: tuple[float, str | None] = (0.0, None)
        spent = sum(self.boxes[name].cost_usd for name in failed)
        for name, box in self.boxes.items():
            if name in failed or (self.budget_usd is not None and spent + box.cost_usd > self.budget_usd):
                continue
            worth = self._worth(name, weights, failed, depth)
            if worth > best[0] + 1e-12:
                best = (worth, name)
        self.known[(failed, depth)] = best
        return best

    def _worth(self, name: str, weights: tuple[float, ...], failed: frozenset[str], depth: int) -> float:
        box, total = self.boxes[name], sum(weights)
        solved = sum(w * p for w, p in zip(weights, box.by_ease, strict=True)) / total
        left = self._after(name, weights)
        rest, _ = self._value(left, failed | {name}, depth - 1)
        return (1.0 - self.fnr) * solved - self.price * box.cost_usd + sum(left) / total * rest

    def _after(self, name: str, weights: tuple[float, ...]) -> tuple[float, ...]:
        """The ease, unnormalised, once `name` was tried and its checks did not pass."""
        gain = 1.0 - self.fpr - self.fnr
        return tuple(
            max(w * (1.0 - self.fpr - gain * p), 1e-300)
            for w, p in zip(weights, self.boxes[name].by_ease, strict=True)
        )
