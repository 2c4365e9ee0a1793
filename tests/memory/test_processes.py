"""Several processes on one memory at once, and processes that are killed."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from memory_store.store import MemoryStore

from .builders import attempt, start_together

WRITE = """
import sys
from pathlib import Path
from memory_store.store import MemoryStore
from tests.memory.builders import attempt
folder, count, number = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
store = MemoryStore(folder)
import filelock
print("ready", flush=True)
sys.stdin.readline()
for n in range(count):
    store.append(attempt(f"{number}-{n}", summary="x" * (n % 7) * 100))
    print(f"{number}-{n}", flush=True)
"""


@pytest.mark.parametrize("count", [2, 4])
def test_processes_that_append_at_once_lose_nothing(tmp_path: Path, count: int) -> None:
    for process in start_together(WRITE, count, tmp_path, 250):
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    store = MemoryStore(tmp_path)
    expected = {f"{number}-{n}" for number in range(count) for n in range(250)}
    assert {one.attempt_id for one in store.attempts()} == expected
    health = store.health()
    assert (health["damaged_lines"], health["torn"], health["problem"]) == (0, None, None)
    assert len((tmp_path / "journal.jsonl").read_bytes().splitlines()) == count * 250


@pytest.mark.parametrize("seed", range(5))
def test_a_kill_at_any_moment_loses_no_acknowledged_record(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    processes = start_together(WRITE, 4, tmp_path, 1_000_000)
    acknowledged: set[str] = set()
    for process in processes:
        assert process.stdout is not None
        acknowledged.add(process.stdout.readline().strip())
    # Not to wait for anything: the kill comes at a moment that nothing in the process determines.
    time.sleep(dice.random() * 0.05)
    for process in dice.sample(processes, 4):
        process.kill()
    for process in processes:
        acknowledged.update(line for line in process.communicate()[0].split("\n")[:-1])
    store = MemoryStore(tmp_path)
    store.append(attempt("after"))
    assert len(acknowledged) >= 4
    assert acknowledged | {"after"} <= {one.attempt_id for one in store.attempts()}
    assert store.health()["damaged_lines"] == 0


RESERVE = """
import sys
from pathlib import Path
from memory_store.store import MemoryStore
from tests.memory.builders import reservation
store = MemoryStore(Path(sys.argv[1]))
import filelock
print("ready", flush=True)
sys.stdin.readline()
with store.transaction():
    if store.reserved_usd() + 0.1 > 0.5:
        sys.exit(3)
    store.append(reservation(sys.argv[2], amount_usd=0.1))
"""


def test_of_eight_processes_five_can_reserve_a_fifth_of_the_budget(tmp_path: Path) -> None:
    processes = start_together(RESERVE, 8, tmp_path)
    errors = "".join(process.communicate(timeout=60)[1] for process in processes)
    assert sorted(process.returncode for process in processes) == [0] * 5 + [3] * 3, errors
    assert MemoryStore(tmp_path).reserved_usd() == pytest.approx(0.5)


def test_threads_that_append_and_read_at_once_agree(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for n in range(20):
                store.append(attempt(f"{number}-{n}"))
                assert f"{number}-{n}" in {one.attempt_id for one in store.attempts("d1")}
                assert len(store.observations()) >= n + 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.observations()) == len(MemoryStore(tmp_path).observations()) == 120


def test_no_lock_is_held_while_idle(tmp_path: Path) -> None:
    idle = MemoryStore(tmp_path)
    idle.append(attempt("first"))
    (process,) = start_together(WRITE, 1, tmp_path, 3)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert idle.refresh() == 3
