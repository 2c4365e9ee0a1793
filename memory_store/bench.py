"""Times of the memory on this machine: `python -m memory_store.bench [RECORDS] [SEED]`."""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from memory_store.database import Database
from memory_store.records import Attempt, Choice, Decision, Outcome, Record, Tokens, stamp
from memory_store.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2026, 1, 1, tzinfo=UTC)
APPENDS = 200


def made_up_records(count: int, seed: int) -> Iterator[Record]:
    """`count` records as a router in use writes them: a decision, its attempt and the outcome, a minute apart."""
    dice = random.Random(seed)
    for number in range(count):
        task, part = divmod(number, 3)
        key, at = f"{seed}-{task:07}", stamp(START + timedelta(minutes=number))
        model = dice.choice(("small", "middle", "large"))
        yield (_decision, _attempt, _outcome)[part](key, at, model, dice)


def _decision(key: str, at: str, model: str, dice: random.Random) -> Record:
    choices = tuple(
        Choice(candidate=name, model=name, p_success=dice.random(), low=0.1, high=0.9, cost_usd=dice.random())
        for name in (model, "large")
    )
    return Decision(
        decision_id=key,
        at=at,
        repo=f"example.org/team/repository-{dice.randrange(20)}",
        title="Fix the rounding of totals in the cart when a discount applies",
        features=tuple(dice.randrange(2**26) for _ in range(60)),
        dimension=dice.choice(("bug_fixing", "test_generation", "code_refactoring")),
        chain=choices,
        propensity=0.95,
        policy="bench",
        reason="Cheapest candidate whose chance of success is within reach of the best.",
    )


def _attempt(key: str, at: str, model: str, dice: random.Random) -> Record:
    tokens = Tokens(input=dice.randrange(9999), cache_read=dice.randrange(99999), output=dice.randrange(9999))
    return Attempt(
        attempt_id=f"{key}-1",
        decision_id=key,
        at=at,
        candidate=model,
        model_asked=model,
        tokens=tokens,
        cost_usd=dice.random(),
        cost_source="computed",
        latency_ms=dice.random() * 60_000,
    )


def _outcome(key: str, at: str, model: str, dice: random.Random) -> Record:
    passed = dice.random() < 0.6
    return Outcome(
        outcome_id=f"{key}-1",
        attempt_id=f"{key}-1",
        decision_id=key,
        at=at,
        candidate=model,
        verdict="pass" if passed else "fail",
        score=float(passed),
        source="verified",
        strength=1.0,
        reasons=("42 tests pass that passed before, and one more.",),
    )


def _timed(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def main(count: int = 100_000, seed: int = 1) -> None:
    """Print what each step costs with `count` records in the memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = MemoryStore(folder)
        records = list(made_up_records(count, seed))
        print(f"{count} records, seed {seed}, Python {sys.version.split()[0]}")
        print(f"append all in one write     {_timed(lambda: store.append(*records)):8.2f} s")
        print(f"journal                     {store.journal.path.stat().st_size / 1e6:8.1f} MB")
        print(f"open                        {_timed(lambda: MemoryStore(folder)):8.2f} s")
        print(f"refresh with nothing new    {_timed(store.refresh) * 1e3:8.3f} ms")
        print(f"all observations            {_timed(store.observations) * 1e3:8.2f} ms")
        times = [_timed(lambda one=one: store.append(one)) for one in made_up_records(APPENDS, seed + 1)]  # type: ignore[misc]
        cuts = statistics.quantiles(times, n=100)
        print(f"append one, {APPENDS} times       {cuts[49] * 1e3:8.2f} ms p50, {cuts[98] * 1e3:.2f} ms p99")
        print(f"make memory.json            {_timed(lambda: Database(folder).refresh(store)):8.2f} s")
        print(f"memory.json is current      {_timed(lambda: Database(folder).refresh(store)):8.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
