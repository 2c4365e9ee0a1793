"""How policies are played on a table: what all rows of one evaluation have in common."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mcp_router.evaluation.signals import Signal, apply_ok, noisy, resolved
from mcp_router.evaluation.tables import Bench, BenchTask


@dataclass(frozen=True, slots=True)
class Setting:
    """How all policies are played.

    protocol: single, one choice a task, or cascade, until the stop signal. orders: seeded shuffles of the stream
    beside the order of the file; 1 for that alone. price_of_usd: lambda. fpr, fnr: the verifier's error rates.
    stop_signal: what the verifier reports, resolved or apply_ok. decisions: the folder of published decisions.
    """

    bench: Bench
    protocol: str = "single"
    prior: bool = True
    orders: int = 1
    seed: int = 7
    price_of_usd: float = 0.1
    fpr: float = 0.0
    fnr: float = 0.0
    stop_signal: str = "resolved"
    decisions: Path | None = None

    @property
    def max_attempts(self) -> int:
        """On one task."""
        return 1 if self.protocol == "single" else len(self.bench.candidates)

    def seed_of(self, order: int) -> str:
        """What seeds all that is drawn in one order."""
        return f"{self.seed}/{order}"

    def signal(self, order: int) -> Signal:
        """What the verifier says in one order."""
        if self.stop_signal == "apply_ok":
            return apply_ok
        return noisy(self.fpr, self.fnr, self.seed_of(order)) if self.fpr or self.fnr else resolved

    def streams(self) -> Iterator[tuple[int, list[BenchTask]]]:
        """The order of the file, number 0, and the shuffles."""
        yield 0, list(self.bench.tasks)
        for number in range(1, self.orders + 1 if self.orders > 1 else 1):
            tasks = list(self.bench.tasks)
            random.Random(self.seed_of(number)).shuffle(tasks)
            yield number, tasks
