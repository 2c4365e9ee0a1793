"""Runs of the checks that are kept on disk, once per tree, command and environment: the base's above all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mcp_router.verifier.checks import Checks
from mcp_router.verifier.runners import BROKEN, PASSED, CheckRun, file_of
from mcp_router.verifier.trees import Trees, merged

FORMAT = "2"
"""Part of every key: what was kept by a program that looked at less is not used."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the checks said before. flaky: tests that failed once and passed once."""

    run: CheckRun
    flaky: tuple[str, ...] = ()

    def failures(self) -> dict[str, str]:
        """Tests that fail without the patch too, each with the first line of its message."""
        broken = self.run.with_outcome(*BROKEN) - set(self.flaky)
        return {test: self.run.messages.get(test, "") for test in sorted(broken)}

    def passed(self) -> set[str]:
        """Tests that a patch must keep."""
        return self.run.with_outcome(PASSED) - set(self.flaky)


def key_of(tree: str, checks: Checks, level: str, *more: str) -> str:
    """Equal for the same tree, command, environment and isolation."""
    parts = [FORMAT, tree, checks.runner, checks.folder, *checks.argv, repr(checks.variables)]
    parts += [checks.environment.fingerprint(), level, *more]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def get_baseline(trees: Trees, tree: str) -> Baseline:
    """The baseline of a tree, from disk or by running the checks now; two processes do not compute it twice.

    Raises:
        Cancelled: it was asked to stop.
        CheckUnavailable: another process computes it and the time is up.
    """
    made = [_one(trees, checks, tree) for checks in trees.checks]
    return Baseline(
        merged([one.run for one in made], trees.checks), tuple(sorted(test for one in made for test in one.flaky))
    )


def get_run(trees: Trees, tree: str) -> CheckRun:
    """A run of the checks over a patched tree, from disk or made now: the same patch may be asked of in other words.

    A run that went wrong as a whole is not kept.
    """
    return merged(
        [
            kept_run(trees, key_of(tree, one, trees.level()), lambda one=one: trees.run_one(one, tree))  # type: ignore[misc]
            for one in trees.checks
        ],
        trees.checks,
    )


def kept_run(trees: Trees, key: str, run: Callable[[], CheckRun]) -> CheckRun:
    """A run from disk by its key, or made now and kept when it was sound."""
    file = trees.home / "cache" / "runs" / f"{key}.json"
    try:
        return _run(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        made = run()
    if made.problem is None:
        write_json(file, asdict(made))
    return made


def _one(trees: Trees, checks: Checks, tree: str) -> Baseline:
    file = trees.home / "cache" / "baselines" / f"{key_of(tree, checks, trees.level())}.json"
    if found := _read(file):
        return found
    with turn(file.with_suffix(".lock"), trees.clock.wait):
        return _read(file) or _make(file, lambda only: trees.run_one(checks, tree, only))


def _make(file: Path, run: Callable[[Sequence[str]], CheckRun]) -> Baseline:
    made = _compute(run)
    if made.run.problem is None:
        write_json(file, asdict(made))
    return made


def _compute(run: Callable[[Sequence[str]], CheckRun]) -> Baseline:
    first = run(())
    broken = first.with_outcome(*BROKEN)
    # Where nothing passes the fault is not chance, and a second run would only take as long.
    if first.problem or not broken or not first.with_outcome(PASSED):
        return Baseline(first)
    again = run(sorted({file_of(test) for test in broken}))
    flaky = broken & again.with_outcome(PASSED)
    return Baseline(first, tuple(sorted(flaky)))


def _read(file: Path) -> Baseline | None:
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Baseline(_run(data["run"]), tuple(data["flaky"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _run(data: dict[str, Any]) -> CheckRun:
    return CheckRun(**{**data, "reaches": tuple(data["reaches"])})


@contextmanager
def turn(file: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a file, one process after the other; `wait` is called meanwhile and raises to give up."""
    from filelock import FileLock, Timeout

    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    while not lock.is_locked:
        wait()
        with suppress(Timeout):
            lock.acquire(timeout=0.5)
    try:
        yield
    finally:
        lock.release()


def write_json(file: Path, data: Any) -> None:
    """Write a file of the cache, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.tmp")
    partial.write_text(json.dumps(data), encoding="utf-8")
    partial.replace(file)
