"""The memory as the router sees it: the journal's records, joined by attempt and decision."""

from __future__ import annotations

import gc
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from math import fsum
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from memory_store.journal import Journal
from memory_store.observations import Observation
from memory_store.records import Attempt, Decision, Outcome, Record, Reservation, RunEvent, stamp
from memory_store.redact import redact
from memory_store.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

Timed = TypeVar("Timed", Decision, Attempt, Outcome, RunEvent, Reservation)


class MemoryStore:
    """All records of `journal.jsonl` in `folder`, safe to use from several threads and processes.

    What is asked is answered from what was read so far: `refresh` reads what other processes appended since.
    `append` and `transaction` do so by themselves.
    """

    def __init__(self, folder: Path) -> None:
        """Read the journal; a missing folder is an empty memory, made with the first append.

        Raises:
            JournalError: the journal is there and cannot be read.
        """
        self.journal = Journal(folder / "journal.jsonl")
        self._lock = RLock()
        self._timeline = Timeline()
        self._generation = self.journal.generation
        self.mark = ""
        """Names the state of the journal that all answers rest on."""
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._timeline.clear()
        self._decisions: dict[str, Decision] = {}
        self._by_key: dict[str, Decision] = {}
        self._attempts: dict[str, Attempt] = {}
        self._attempts_of: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._outcomes_on: defaultdict[str, list[Outcome]] = defaultdict(list)
        self._outcomes_of: defaultdict[str, list[Outcome]] = defaultdict(list)
        self._runs_of: defaultdict[str, list[RunEvent]] = defaultdict(list)
        self._reservations: dict[str, Reservation] = {}

    def append(self, *records: Record) -> None:
        """Write records, all or none; they are on disk when this returns. What is there already is left as it is.

        Raises:
            JournalError: nothing was written; the message says why and what to do.
        """
        with self._lock:
            self.journal.append(*records)
            self.refresh()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Look, then append, as one step for all processes: within, nobody else writes.

        Raises:
            JournalError: as `append`.
        """
        with self._lock, self.journal.transaction():
            self.refresh()
            yield

    def merge(self, other: Path) -> int:
        """Take over what another journal file has and this memory lacks; returns how many records that were.

        Raises:
            JournalError: `other` cannot be merged, or as `append`.
        """
        with self._lock:
            added = self.journal.merge(other)
            self.refresh()
            return added

    def refresh(self) -> int:
        """Read what was appended since; returns how many records that were.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._lock, _without_collector():
            records = self.journal.read_new()
            if self.journal.generation != self._generation:
                self._generation = self.journal.generation
                self._forget()
            touched = dict.fromkeys(key for record in records for key in self._take_in(record))
            for attempt_id in touched:
                if attempt_id in self._attempts:
                    self._timeline.put(attempt_id, self._observe(self._attempts[attempt_id]))
            self.mark = self.journal.mark
            return len(records)

    def decision(self, decision_id: str) -> Decision | None:
        """The decision of this id."""
        with self._lock:
            return self._decisions.get(decision_id)

    def decisions(self) -> list[Decision]:
        """All decisions, oldest first."""
        with self._lock:
            return _by_time(self._decisions.values())

    def find_by_key(self, idempotency_key: str) -> Decision | None:
        """The decision that was asked for with this key."""
        with self._lock:
            return self._by_key.get(redact(idempotency_key))

    def attempts(self, decision_id: str | None = None) -> list[Attempt]:
        """The attempts on one decision's task, or all, oldest first."""
        with self._lock:
            if decision_id is None:
                return _by_time(self._attempts.values())
            return _by_time(self._attempts[key] for key in self._attempts_of.get(decision_id, ()))

    def outcomes(self, decision_id: str | None = None) -> list[Outcome]:
        """The outcomes of one decision's attempts, or all, oldest first, also those that no longer hold."""
        with self._lock:
            return _by_time(_one_or_all(self._outcomes_of, decision_id))

    def effective_outcome(self, attempt_id: str) -> Outcome | None:
        """Of several outcomes on one attempt the last verified one with a score holds, else the last reported,
        else the last imported.

        Checks that said nothing do not silence what was claimed; they hold where nothing else does.
        """
        with self._lock:
            outcomes = _by_time(self._outcomes_on.get(attempt_id, []))
            verified = [one for one in outcomes if one.source == "verified" and one.score is not None]
            reported = [one for one in outcomes if one.source == "reported"]
            held = verified or reported or outcomes
            return held[-1] if held else None

    def run_events(self, decision_id: str | None = None) -> list[RunEvent]:
        """The steps of one decision's work, or of all, oldest first."""
        with self._lock:
            return _by_time(_one_or_all(self._runs_of, decision_id))

    def reservations(self) -> list[Reservation]:
        """Every reservation as it stands now, once each, with the time at which it was made, oldest first."""
        with self._lock:
            return _by_time(self._reservations.values())

    def reserved_usd(self, since: datetime | None = None, decision_id: str | None = None) -> float:
        """USD spent or set aside by reservations made from `since` on, of one decision or of all.

        What is not settled, or settled without a known cost, counts in full.
        """
        start = stamp(since) if since else ""
        with self._lock:
            return fsum(
                one.amount_usd if one.spent_usd is None else one.spent_usd
                for one in self._reservations.values()
                if one.at >= start and decision_id in (None, one.decision_id)
            )

    @property
    def revision(self) -> int:
        """Changes when an observation that was given out has changed since, not when one is only added at the end.

        Read it before `observations` or `observations_since`: when it is not what it was, start again from all.
        """
        with self._lock:
            return self._timeline.revision

    def observations(self) -> list[Observation]:
        """One observation an attempt, in the order of the attempts' times."""
        return self.observations_since(0)

    def observations_since(self, n: int) -> list[Observation]:
        """The observations after the first `n`."""
        with self._lock:
            return self._timeline.since(n)

    def health(self) -> dict[str, Any]:
        """The state of the journal (see `Journal.health`) and what it holds, counted."""
        with self._lock:
            self.refresh()
            counts = {
                "decisions": len(self._decisions),
                "attempts": len(self._attempts),
                "outcomes": sum(map(len, self._outcomes_of.values())),
            }
            return self.journal.health() | counts

    def _take_in(self, record: Record) -> Iterable[str]:
        """File a record; returns the attempts whose observation it may change."""
        match record:
            case Decision():
                return self._take_decision(record)
            case Attempt():
                self._attempts[record.attempt_id] = _later(self._attempts.get(record.attempt_id), record)
                self._attempts_of[record.decision_id][record.attempt_id] = None
                return (record.attempt_id,)
            case Outcome():
                self._outcomes_on[record.attempt_id].append(record)
                self._outcomes_of[record.decision_id].append(record)
                return (record.attempt_id,)
            case RunEvent():
                self._runs_of[record.decision_id].append(record)
            case Reservation():
                known = self._reservations.get(record.reservation_id)
                self._reservations[record.reservation_id] = _settle(known, record) if known else record
        return ()

    def _take_decision(self, record: Decision) -> Iterable[str]:
        held = self._decisions[record.decision_id] = _later(self._decisions.get(record.decision_id), record)
        if held.idempotency_key is not None:
            self._by_key[held.idempotency_key] = held
        return tuple(self._attempts_of.get(record.decision_id, ()))

    def _observe(self, attempt: Attempt) -> Observation:
        decision = self._decisions.get(attempt.decision_id)
        # A fault says nothing of the model, whatever was claimed of the attempt.
        outcome = None if attempt.fault else self.effective_outcome(attempt.attempt_id)
        return Observation(
            task_id=attempt.decision_id,
            at=attempt.at,
            candidate=outcome.candidate if outcome else attempt.candidate,
            score=outcome.score if outcome else None,
            weight=outcome.strength if outcome else 0.0,
            cost_usd=attempt.cost_usd,
            verified=outcome is not None and outcome.source == "verified",
            imported=decision is not None and decision.mode == "import",
            repo=decision.repo if decision else None,
            dimension=decision.dimension if decision else "unknown",
            features=decision.features if decision else (),
        )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Records hold no cycles; looking for them while 100,000 are made takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _by_time(records: Iterable[Timed]) -> list[Timed]:
    """Oldest first; of the same moment, the one that was written first."""
    return sorted(records, key=lambda record: record.at)


def _later(held: Timed | None, new: Timed) -> Timed:
    return held if held and held.at > new.at else new


def _one_or_all(groups: dict[str, list[Timed]], key: str | None) -> Iterable[Timed]:
    return chain.from_iterable(groups.values()) if key is None else groups.get(key, ())


def _settle(one: Reservation, other: Reservation) -> Reservation:
    """What two events of one reservation come to: the time of the first, the spending of the settling one."""
    last = one if one.settled and not other.settled else other
    return replace(last, at=min(one.at, other.at), amount_usd=max(one.amount_usd, other.amount_usd))
