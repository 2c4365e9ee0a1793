"""Runs of the checks that are kept on disk, once per tree, command and environment: the base's above all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mcp_router.verifier.checks import Checks
from mcp_router.verifier.runners import BROKEN, PASSED, CheckRun


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
    parts = [tree, checks.runner, *checks.argv, repr(checks.variables), checks.environment.fingerprint(), level, *more]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def get_baseline(home: Path, key: str, run: Callable[[Sequence[str]], CheckRun], wait: Callable[[], None]) -> Baseline:
    """The baseline of a key, from disk or by running it now; two processes do not compute it twice.

    Args:
        run: runs the checks on the base; with the files to run, or all for an empty sequence.
        wait: called again and again while another process computes it; raises to give up.
    """
    from filelock import FileLock, Timeout

    file = home / "cache" / "baselines" / f"{key}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file.with_suffix(".lock"))
    while (found := _read(file)) is None:
        wait()
        try:
            with lock.acquire(timeout=0.5):
                return _read(file) or _make(file, run)
        except Timeout:
            continue
    return found


def get_run(home: Path, key: str, run: Callable[[], CheckRun]) -> CheckRun:
    """A run of the checks over a patched tree, from disk or made now: the same patch may be asked of in other words.

    A run that went wrong as a whole is not kept.
    """
    file = home / "cache" / "runs" / f"{key}.json"
    try:
        return CheckRun(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        made = run()
    if made.problem is None:
        write_json(file, asdict(made))
    return made


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
    again = run(sorted({test.partition("::")[0] for test in broken}))
    flaky = broken & again.with_outcome(PASSED)
    return Baseline(first, tuple(sorted(flaky)))


def _read(file: Path) -> Baseline | None:
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Baseline(CheckRun(**data["run"]), tuple(data["flaky"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_json(file: Path, data: Any) -> None:
    """Write a file of the cache, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.tmp")
    partial.write_text(json.dumps(data), encoding="utf-8")
    partial.replace(file)
