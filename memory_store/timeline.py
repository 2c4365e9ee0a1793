"""Observations in the order of their time, and whether what was given out has changed since."""

from __future__ import annotations

from bisect import bisect_left
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memory_store.observations import Observation


class Timeline:
    """Observations, one a key, oldest first; of the same moment, the one that came first.

    `revision` changes when something that `since` gave out is no longer as it was, or no longer where it was. An
    observation that is only added at the end does not change it.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._given = 0
        self._places: dict[str, tuple[str, int]] = {}
        self._arrivals = count()
        self._order: list[tuple[str, int]] = []
        self._observations: list[Observation] = []

    def put(self, key: str, observation: Observation) -> None:
        """Add an observation, or replace the one of the same key."""
        place = self._places.get(key)
        if place is None:
            self._insert(key, observation)
            return
        index = bisect_left(self._order, place)
        if self._observations[index] == observation:
            return
        if place[0] == observation.at:
            self._observations[index] = observation
            self._touch(index)
        else:
            del self._order[index], self._observations[index]
            self._touch(index)
            self._insert(key, observation)

    def since(self, start: int) -> list[Observation]:
        """All observations from the one at index `start` on."""
        self._given = max(self._given, len(self._observations))
        return self._observations[start:]

    def clear(self) -> None:
        """Forget everything."""
        self._touch(0)
        self._given = 0
        self._places.clear()
        self._order.clear()
        self._observations.clear()

    def _insert(self, key: str, observation: Observation) -> None:
        place = self._places[key] = (observation.at, next(self._arrivals))
        index = bisect_left(self._order, place)
        self._order.insert(index, place)
        self._observations.insert(index, observation)
        self._touch(index)

    def _touch(self, index: int) -> None:
        if index < self._given:
            self.revision += 1
