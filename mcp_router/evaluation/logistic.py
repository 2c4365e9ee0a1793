"""Multinomial logistic regression on named signs, small enough to fit in plain Python within seconds."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mcp_router.orchestrator.dimension import Table

Example = tuple[dict[str, float], str]
"""The signs of a text, and its dimension."""


def train(
    examples: Sequence[Example], dimensions: Sequence[str], *, penalty: float, epochs: int = 15, rate: float = 0.1
) -> Table:
    """Weights by AdaGrad (Duchi, Hazan and Singer, 2011) on the log-loss with an L2 penalty; seeded.

    Signs that fewer than three examples have are left out.
    """
    held = Counter(sign for found, _ in examples for sign in found)
    weights = {sign: [0.0] * len(dimensions) for sign in sorted(held) if held[sign] > 2}
    squares = {sign: [1e-8] * len(dimensions) for sign in weights}
    order = [
        ([(sign, value) for sign, value in found.items() if sign in weights], list(dimensions).index(dimension))
        for found, dimension in examples
    ]
    generator = random.Random(0)
    for _ in range(epochs):
        generator.shuffle(order)
        for found, truth in order:
            errors = _softmax(
                [sum(weights[sign][at] * value for sign, value in found) for at in range(len(dimensions))]
            )
            errors[truth] -= 1.0
            for sign, value in found:
                row, grown = weights[sign], squares[sign]
                for at, error in enumerate(errors):
                    gradient = error * value + penalty * row[at]
                    grown[at] += gradient * gradient
                    row[at] -= rate * gradient / math.sqrt(grown[at])
    return Table(tuple(dimensions), {sign: tuple(row) for sign, row in weights.items()}, 1.0, 0.0)


def _softmax(scores: Sequence[float]) -> list[float]:
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def held_out(
    examples: Sequence[Example], dimensions: Sequence[str], *, penalty: float, folds: int = 5
) -> list[tuple[Table, Example]]:
    """Each example with the table of the fold that did not see it; folds are stratified and seeded."""
    generator = random.Random(1)
    fold_of: dict[int, int] = {}
    for dimension in dimensions:
        own = [at for at, (_, truth) in enumerate(examples) if truth == dimension]
        generator.shuffle(own)
        fold_of.update({at: place % folds for place, at in enumerate(own)})
    tables = [
        train([example for at, example in enumerate(examples) if fold_of[at] != fold], dimensions, penalty=penalty)
        for fold in range(folds)
    ]
    return [(tables[fold_of[at]], example) for at, example in enumerate(examples)]


def log_loss(pairs: Sequence[tuple[Table, Example]], temperature: float) -> float:
    """Mean negative log-probability of the truth at a temperature, in nats."""
    tempered = {id(table): replace(table, temperature=temperature) for table, _ in pairs}
    total = 0.0
    for table, (found, truth) in pairs:
        probabilities = tempered[id(table)].probabilities(found)
        total -= math.log(max(probabilities[table.dimensions.index(truth)], 1e-12))
    return total / len(pairs)
