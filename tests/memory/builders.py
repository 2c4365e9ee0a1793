"""Records and processes for the tests of the memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from memory_store.records import Attempt, Choice, Decision, Outcome, Reservation

ROOT = Path(__file__).parents[2]


def at(minute: int) -> str:
    return f"2026-11-24T{minute // 60:02}:{minute % 60:02}:00.000Z"


def decision(key: str = "d1", minute: int = 0, **fields: Any) -> Decision:
    chosen = Choice(candidate="small", model="small", p_success=0.5, low=0.1, high=0.9, cost_usd=None)
    plain: dict[str, Any] = {
        "repo": "example.org/shop",
        "title": "Fix the cart",
        "features": (1, 2, 3),
        "dimension": "bug_fixing",
        "chain": (chosen,),
        "propensity": 1.0,
        "policy": "test",
        "reason": "It is the cheapest.",
    }
    return Decision(decision_id=key, at=at(minute), **plain | fields)


def attempt(key: str = "a1", minute: int = 1, **fields: Any) -> Attempt:
    plain: dict[str, Any] = {"decision_id": "d1", "candidate": "small", "model_asked": "small", "cost_usd": 0.25}
    return Attempt(attempt_id=key, at=at(minute), **plain | fields)


def outcome(key: str = "o1", minute: int = 2, **fields: Any) -> Outcome:
    plain: dict[str, Any] = {
        "attempt_id": "a1",
        "decision_id": "d1",
        "candidate": "small",
        "verdict": "pass",
        "score": 1.0,
        "source": "verified",
        "strength": 1.0,
    }
    return Outcome(outcome_id=key, at=at(minute), **plain | fields)


def reservation(key: str = "r1", minute: int = 3, **fields: Any) -> Reservation:
    plain: dict[str, Any] = {"decision_id": "d1", "amount_usd": 1.0}
    return Reservation(reservation_id=key, at=at(minute), **plain | fields)


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process of its own that runs `code`; it sees the arguments as sys.argv[1:]."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def run(code: str, *arguments: object) -> str:
    """What such a process prints; it must end well."""
    process = start(code, *arguments)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return printed


def start_together(code: str, count: int, *arguments: object) -> list[subprocess.Popen[str]]:
    """`count` processes that have all said "ready" before any goes on; each gets its number as last argument."""
    processes = [start(code, *arguments, number) for number in range(count)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes
