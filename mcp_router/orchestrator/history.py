"""What was tried here, as a policy needs it: outcomes by task, how many, and which tasks are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mcp_router.types import Context
from memory_store.observations import Observation
from memory_store.similarity import SimilarityIndex

NEIGHBOURS = 8
UNLIKE, SAME = 0.1, 0.48
"""Unrelated tasks are less similar than the one, two wordings of one task more than the other: what was found on the
pairs in tests/memory/test_similarity.py. In between, kinship grows evenly."""
KIN = 0.9
"""The kinship of two wordings of one task: short of 1, because models answer anew each time."""


class History:
    """Outcomes with a score. `seen`, `verified` and `here` count them, the last by candidate and dimension."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.verified: Counter[str] = Counter()
        self.here: Counter[tuple[str, str | None]] = Counter()
        self._index = SimilarityIndex()
        self._outcomes: dict[str, list[Observation]] = {}

    def learn(self, observation: Observation) -> None:
        """Take in an outcome."""
        name = observation.candidate
        self.seen[name] += 1
        self.verified[name] += observation.verified
        self.here[(name, None if observation.dimension == "unknown" else observation.dimension)] += 1
        known = self._outcomes.setdefault(observation.task_id, [])
        if not known:
            self._index.add(observation.task_id, observation.features)
        known.append(observation)

    def neighbours(self, context: Context) -> tuple[tuple[str, float], ...]:
        """The most similar past tasks with their kinship, best first; never the task itself."""
        return tuple(
            (key, kinship(likeness))
            for key, likeness in self._index.search(context.task.features, NEIGHBOURS + 1)
            if likeness > UNLIKE and key != context.task_id
        )

    def outcomes(self, task_id: str) -> Sequence[Observation]:
        """Of one past task."""
        return self._outcomes[task_id]


def kinship(likeness: float) -> float:
    """How far the outcome of one task tells that of another, in [0, KIN], from the similarity of their words.

    >>> kinship(0.05), round(kinship(0.29), 2), kinship(0.7)
    (0.0, 0.45, 0.9)
    """
    return KIN * min(1.0, max(0.0, (likeness - UNLIKE) / (SAME - UNLIKE)))
