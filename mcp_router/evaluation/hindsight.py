"""What only hindsight can choose: the bounds that no policy is given the means to reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from mcp_router.evaluation.accounting import Charges, Play
from mcp_router.evaluation.signals import Said, Signal
from mcp_router.evaluation.tables import BenchTask


def oracle(tasks: Sequence[BenchTask], charged: Sequence[Charges], price_of_usd: float) -> list[Play]:
    """The best single model of each task: no regret, by definition."""
    plays = []
    for task, usd in zip(tasks, charged, strict=True):
        best = max(task.runs, key=lambda model: task.runs[model].score - price_of_usd * usd[model])
        plays.append(Play(task, (best,), best))
    return plays


def best_chain(
    tasks: Sequence[BenchTask], charged: Sequence[Charges], price_of_usd: float, *, length: int, signal: Signal
) -> tuple[str, ...]:
    """The fixed chain of up to `length` models, of greatest total reward over all tasks; of one, the best model.

    Exact by dynamic programming over which models failed and which of them was last, where the scores of failures
    are all the same; where they are graded, what is kept of a failed search is taken to be the best or the last.
    """
    models = list(tasks[0].runs)
    said = [{model: signal(task, model) for model in models} for task in tasks]
    return _Chains(tasks, said, charged, price_of_usd, length).best((), tuple(range(len(tasks))))[1]


@dataclass
class _Chains:
    """By what was tried, with the last of it: the greatest reward from there on, and the rest of the chain."""

    tasks: Sequence[BenchTask]
    said: Sequence[dict[str, Said]]
    charged: Sequence[Charges]
    price_of_usd: float
    length: int
    known: dict[tuple[frozenset[str], str], tuple[float, tuple[str, ...]]] = field(default_factory=dict)

    def best(self, tried: tuple[str, ...], left: tuple[int, ...]) -> tuple[float, tuple[str, ...]]:
        """Of the chains that go on after `tried` on the tasks that are `left`."""
        key = (frozenset(tried), tried[-1] if tried else "")
        if key in self.known:
            return self.known[key]
        best: tuple[float, tuple[str, ...]] = (self._stop(tried, left) if tried else 0.0, ())
        for model in self.said[0] if len(tried) < self.length and left else ():
            if model not in tried:
                gain, still = self._try(model, left)
                after, rest = self.best((*tried, model), still)
                if gain + after > best[0] + 1e-9:
                    best = (gain + after, (model, *rest))
        self.known[key] = best
        return best

    def _try(self, model: str, left: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
        """The reward of those that pass less the price of all; who is left."""
        price = math.fsum(self.charged[n][model] for n in left)
        passed = math.fsum(self.tasks[n].runs[model].score for n in left if self.said[n][model].passed)
        return passed - self.price_of_usd * price, tuple(n for n in left if not self.said[n][model].passed)

    def _stop(self, tried: tuple[str, ...], left: tuple[int, ...]) -> float:
        """The reward of what is kept where nothing passed."""
        return math.fsum(self.tasks[n].runs[self._kept(n, tried)].score for n in left)

    def _kept(self, n: int, tried: tuple[str, ...]) -> str:
        said, last = self.said[n], tried[-1]
        best = max(tried, key=lambda model: said[model].score)
        return last if said[last].score >= said[best].score else best
