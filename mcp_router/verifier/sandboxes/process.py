"""One command with its descendants: capped in time, memory, processes, disk and output, and never left running.

The command is the child of a small shell, its supervisor, which waits when the command has ended: so what the
command left behind is seen before it is killed.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Protocol, TypeVar

from mcp_router.errors import Cancelled
from mcp_router.verifier.runners import CHANNEL, Problem

T = TypeVar("T")
STATUS = 4
LOWEST_FREE = 10
KEPT_BYTES = 2_000_000
FLOOD_BYTES = 200_000_000
CHANNEL_BYTES = 100_000_000
POLL_S = 0.1
GRACE_S = 0.3
"""What the command started may take so long to end by itself after it."""
SUPERVISOR = f"""
for cap in "-c 0" "-f $1" "-n 4096"; do ulimit $cap 2>/dev/null; done
cd -- "$2" || exit 126
shift 2
exec 5<&0 </dev/null
( read _ <&5; kill -9 0 ) {CHANNEL}>&- {STATUS}>&- >/dev/null 2>&1 &
exec 5<&-
"$@" {STATUS}>&-
echo $? >&{STATUS}
wait
"""
"""Sets limits, runs the command and tells how it ended, then waits to be killed.

Standard input is a leash that we hold: when we are killed it is let go, and the watcher ends the process group.
Memory is not limited by the kernel's limits for one process: several runtimes reserve far more than they use.
"""


@dataclass(frozen=True, slots=True)
class Caps:
    """What one run may use: seconds, bytes of memory and of disk, processes; all of its processes together."""

    timeout_s: float
    memory_bytes: int = 8_000_000_000
    disk_bytes: int = 4_000_000_000
    processes: int = 512


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended.

    exit_code is 128 + n for a signal; output is the last 2 MB of what it printed; stopped says why we ended it;
    channel is what was written to the descriptor of ours; reaches is what it did outside of its tree.
    """

    exit_code: int
    output: str
    seconds: float
    stopped: Problem | None = None
    channel: bytes = b""
    reaches: tuple[str, ...] = ()


class Guard(Protocol):
    """Watches over the processes of one run."""

    def over(self, pid: int, caps: Caps) -> Problem | None:
        """Which cap the run is over; asked ten times a second."""

    def reaches(self, pid: int, ended: bool) -> tuple[str, ...]:
        """What was done outside of the tree, asked once, before the rest is killed. ended: the command has."""

    def kill(self) -> None:
        """End what is not in the process group."""


@dataclass(slots=True)
class _Tail:
    """The last bytes of a stream."""

    most: int
    total: int = 0
    _held: int = 0
    _pieces: deque[bytes] = field(default_factory=deque)

    def add(self, piece: bytes) -> None:
        self.total += len(piece)
        self._held += len(piece)
        self._pieces.append(piece)
        while self._held - len(self._pieces[0]) >= self.most:
            self._held -= len(self._pieces.popleft())

    def bytes(self) -> bytes:
        return b"".join(self._pieces)[-self.most :]


def lasting(find: Callable[[], list[T]]) -> list[T]:
    """What is still found once it has had time to end by itself."""
    deadline = time.monotonic() + GRACE_S
    while (found := find()) and time.monotonic() < deadline:
        time.sleep(GRACE_S / 10)
    return found


def supervised(argv: Sequence[str], folder: Path, caps: Caps) -> list[str]:
    """The command behind its supervisor, started in `folder`."""
    return ["/bin/sh", "-c", SUPERVISOR, "sh", str(caps.disk_bytes // 512), str(folder), *argv]


def run(argv: Sequence[str], env: Mapping[str, str], caps: Caps, cancel: Event | None, guard: Guard) -> Ran:
    """Run a supervised command until it ends, is over a cap, or `cancel` is set; nothing of it lives on.

    Raises:
        Cancelled: `cancel` was set.
        OSError: the program cannot be started.
    """
    started = time.monotonic()
    streams = _Streams()
    pid = streams.spawn(argv, env)
    reaches: tuple[str, ...] = ()
    try:
        stopped = _watch(pid, streams, started + caps.timeout_s, caps, cancel, guard)
        seconds = time.monotonic() - started
        reaches = guard.reaches(pid, stopped is None)
    finally:
        _end(pid, streams, guard)
    if stopped is None and not streams.status.total:
        reaches = (*reaches, "ended the process that watches over the checks")
    return Ran(
        streams.exit_code(),
        streams.output.bytes().decode("utf-8", "replace"),
        seconds,
        stopped,
        streams.channel.bytes(),
        reaches,
    )


class _Streams:
    """The pipes between us and the supervisor: a leash in, and output, channel and status out."""

    def __init__(self) -> None:
        self.output, self.channel, self.status = _Tail(KEPT_BYTES), _Tail(CHANNEL_BYTES), _Tail(100)
        self.open: dict[int, _Tail] = {}
        self.leash = -1

    def spawn(self, argv: Sequence[str], env: Mapping[str, str]) -> int:
        theirs: list[int] = []

        def pipe(back: bool) -> int:
            ours, far = os.pipe() if back else os.pipe()[::-1]
            # Descriptors are laid out by number in the child: none may lie where another is to go.
            theirs.append(fcntl.fcntl(far, fcntl.F_DUPFD_CLOEXEC, LOWEST_FREE))
            os.close(far)
            return ours

        try:
            self.leash = pipe(back=False)
            self.open = {pipe(back=True): tail for tail in (self.output, self.channel, self.status)}
            for stream in self.open:
                os.set_blocking(stream, False)
            _keep_to_ourselves()
            places = (0, 1, CHANNEL, STATUS)
            actions = [(os.POSIX_SPAWN_DUP2, far, at) for far, at in zip(theirs, places, strict=True)]
            actions.append((os.POSIX_SPAWN_DUP2, theirs[1], 2))
            return os.posix_spawnp(argv[0], list(argv), dict(env), file_actions=actions, setsid=True)
        except BaseException:
            self.close()
            raise
        finally:
            for far in theirs:
                os.close(far)

    def read(self, stream: int) -> None:
        """Take what is there; a stream that has ended is forgotten."""
        try:
            piece = os.read(stream, 1 << 16)
        except BlockingIOError:
            return
        if piece:
            self.open[stream].add(piece)
        else:
            del self.open[stream]
            os.close(stream)

    def ended(self) -> bool:
        """Whether the supervisor has told how the command ended, or is gone itself."""
        return self.status.bytes().endswith(b"\n") or self.status not in self.open.values()

    def exit_code(self) -> int:
        said = self.status.bytes().strip()
        return int(said) if said.isdigit() else 128 + signal.SIGKILL

    def let_go(self) -> None:
        if self.leash >= 0:
            os.close(self.leash)
            self.leash = -1

    def close(self) -> None:
        self.let_go()
        for stream in self.open:
            os.close(stream)
        self.open = {}


def _keep_to_ourselves() -> None:
    """Descriptors that whoever started us left open are not for the checks."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names only
        with suppress(OSError):
            if int(name) > 2:
                os.set_inheritable(int(name), False)


def _watch(
    pid: int, streams: _Streams, deadline: float, caps: Caps, cancel: Event | None, guard: Guard
) -> Problem | None:
    """Read until the command has ended or must be ended, and say why."""
    looked = time.monotonic()
    while not streams.ended():
        if cancel is not None and cancel.is_set():
            raise Cancelled("The checks were stopped.")
        if (now := time.monotonic()) >= deadline:
            return "timeout"
        if streams.output.total > FLOOD_BYTES or streams.channel.total > CHANNEL_BYTES:
            return "flood"
        if now - looked >= POLL_S:
            looked = now
            if problem := guard.over(pid, caps):
                return problem
        _read(streams, POLL_S)
    return None


def _read(streams: _Streams, timeout_s: float) -> bool:
    """Take what comes within the time; False when nothing did."""
    with selectors.DefaultSelector() as selector:
        for stream in streams.open:
            selector.register(stream, selectors.EVENT_READ)
        ready = selector.select(timeout_s)
    for key, _ in ready:
        streams.read(key.fd)
    return bool(ready)


def _end(pid: int, streams: _Streams, guard: Guard) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    guard.kill()
    os.waitpid(pid, 0)
    streams.let_go()
    # What was still in the pipes; all writers are dead by now, but for one that escaped where nothing isolates.
    while streams.open and streams.output.total <= FLOOD_BYTES and _read(streams, POLL_S):
        pass
    streams.close()
