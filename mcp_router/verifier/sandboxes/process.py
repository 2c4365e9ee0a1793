"""One process with its descendants: capped in output and time, stopped from outside, never left running."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Literal

from mcp_router.errors import Cancelled
from mcp_router.verifier.runners import Problem

KEPT_BYTES = 2_000_000
FLOOD_BYTES = 200_000_000
POLL_S = 0.05
CAPS = """
exec 3<&0 </dev/null
( (read _ <&3; kill -9 0) >/dev/null 2>&1 & )
exec 3<&-
for cap in "-c 0" "-f 4000000" "-n 4096"; do ulimit $cap 2>/dev/null; done
exec "$@"
"""
"""Sets limits and becomes the command: no core files, files up to 2 GB (512-byte blocks), 4,096 open files.

The address space is not limited: several runtimes reserve far more than they use. Standard input is a leash that
we hold: when we are killed it is let go, and a watcher beside the command ends its process group.
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended.

    exit_code is negative for a signal; output is the last 2 MB of what it printed; stopped says why we ended it;
    channel is what was written to the descriptor of ours; reaches is what it did outside of its tree.
    """

    exit_code: int
    output: str
    seconds: float
    stopped: Problem | None = None
    channel: bytes = b""
    reaches: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tail:
    """The last bytes of a stream."""

    total: int = 0
    _held: int = 0
    _pieces: deque[bytes] = field(default_factory=deque)

    def add(self, piece: bytes) -> None:
        self.total += len(piece)
        self._held += len(piece)
        self._pieces.append(piece)
        while self._held - len(self._pieces[0]) >= KEPT_BYTES:
            self._held -= len(self._pieces.popleft())

    def text(self) -> str:
        return b"".join(self._pieces)[-KEPT_BYTES:].decode("utf-8", "replace")


def capped(argv: Sequence[str]) -> list[str]:
    """The command behind a shell that sets its limits first and then becomes it."""
    return ["/bin/sh", "-c", CAPS, "sh", *argv]


def run(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    cancel: Event | None,
    end: Callable[[], None],
) -> Ran:
    """Run until the process ends, the time is up, it printed 200 MB, or `cancel` is set; `end` then kills the rest.

    Raises:
        Cancelled: `cancel` was set.
        OSError: the program cannot be started.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    tail = _Tail()
    try:
        stopped = _watch(process, tail, started + timeout_s, cancel)
    finally:
        _kill_group(process.pid)
        end()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
    _drain(process, tail)
    if stopped == "cancelled":
        raise Cancelled("The checks were stopped.")
    seconds = time.monotonic() - started
    return Ran(process.returncode, tail.text(), seconds, stopped)


def _watch(
    process: subprocess.Popen[bytes], tail: _Tail, deadline: float, cancel: Event | None
) -> Problem | Literal["cancelled"] | None:
    assert process.stdout is not None
    stream = process.stdout.fileno()
    os.set_blocking(stream, False)
    opened = True
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if cancel is not None and cancel.is_set():
                return "cancelled"
            if time.monotonic() >= deadline:
                return "timeout"
            if tail.total > FLOOD_BYTES:
                return "flood"
            if opened and selector.select(POLL_S):
                opened = _read(stream, tail)
                continue
            try:
                # The stream may close long before the process ends, or stay open in a child long after.
                process.wait(0 if opened else POLL_S)
                return None
            except subprocess.TimeoutExpired:
                continue


def _read(stream: int, tail: _Tail) -> bool:
    try:
        piece = os.read(stream, 1 << 16)
    except BlockingIOError:
        return True
    tail.add(piece)
    return bool(piece)


def _drain(process: subprocess.Popen[bytes], tail: _Tail) -> None:
    """What was still in the pipe; all writers are dead by now."""
    assert process.stdout is not None
    with process.stdout as stream, selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while tail.total <= FLOOD_BYTES and selector.select(POLL_S) and (piece := os.read(stream.fileno(), 1 << 16)):
            tail.add(piece)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
