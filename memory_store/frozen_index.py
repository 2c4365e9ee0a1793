"""The similarity index as bytes that are searched where they lie: nothing is built when they are opened.

Sections of 32-bit numbers: the features of all tasks one after the other, where each task's begin, the distinct
features in order, where the tasks that hold each begin, and those tasks. The search is that of `SimilarityIndex`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from memory_store.similarity import SimilarityIndex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECTIONS = ("features", "starts", "distinct", "posting_starts", "postings")


def freeze_index(tasks: Sequence[Sequence[int]]) -> dict[str, bytes]:
    """The sections for tasks given by their distinct features, in the order in which they were added."""
    postings: dict[int, list[int]] = {}
    for task, own in enumerate(tasks):
        for feature in own:
            postings.setdefault(feature, []).append(task)
    distinct = sorted(postings)
    lists = {
        "features": [feature for own in tasks for feature in own],
        "starts": _starts(tasks),
        "distinct": distinct,
        "posting_starts": _starts([postings[feature] for feature in distinct]),
        "postings": [task for feature in distinct for task in postings[feature]],
    }
    return {name: array("I", numbers).tobytes() for name, numbers in lists.items()}


class FrozenIndex(SimilarityIndex):
    """A `SimilarityIndex` over sections as `freeze_index` makes them; nothing can be added to it."""

    def __init__(self, keys: Sequence[str], sections: Mapping[str, memoryview[int]]) -> None:
        self._keys = keys  # type: ignore[assignment]
        self._features = _Slices(sections["features"], sections["starts"])  # type: ignore[assignment]
        self._inverse_sizes = _InverseSizes(sections["starts"])  # type: ignore[assignment]
        found = _Postings(sections["distinct"], sections["posting_starts"], sections["postings"])
        self._postings = found  # type: ignore[assignment]
        self._levels = _Levels(found)  # type: ignore[assignment]


class _Slices:
    def __init__(self, numbers: memoryview[int], starts: memoryview[int]) -> None:
        self._numbers, self._starts = numbers, starts

    def __getitem__(self, n: int) -> list[int]:
        return self._numbers[self._starts[n] : self._starts[n + 1]].tolist()


class _InverseSizes:
    def __init__(self, starts: memoryview[int]) -> None:
        self._starts = starts

    def __getitem__(self, n: int) -> float:
        return 1 / max(1, self._starts[n + 1] - self._starts[n])


class _Postings:
    def __init__(self, distinct: memoryview[int], starts: memoryview[int], tasks: memoryview[int]) -> None:
        self._distinct, self._starts, self._tasks = distinct, starts, tasks

    def get(self, feature: int, default: Any = None) -> Any:
        """The tasks that hold a feature."""
        at = self._place(feature)
        return default if at is None else self._tasks[self._starts[at] : self._starts[at + 1]]

    def count(self, feature: int) -> int:
        """How many tasks hold a feature."""
        at = self._place(feature)
        return 0 if at is None else self._starts[at + 1] - self._starts[at]

    def _place(self, feature: int) -> int | None:
        at = bisect_left(self._distinct, feature)
        return at if at < len(self._distinct) and self._distinct[at] == feature else None


class _Levels:
    def __init__(self, postings: _Postings) -> None:
        self._postings = postings

    def __getitem__(self, feature: int) -> int:
        return 4 * self._postings.count(feature) + (feature & 3)

    def get(self, feature: int, default: int) -> int:
        """The level of a feature; `default`, which callers make from its kind, is what none gives."""
        count = self._postings.count(feature)
        return 4 * count + (feature & 3) if count else default


def _starts(rows: Sequence[Sequence[int]]) -> list[int]:
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    return starts
