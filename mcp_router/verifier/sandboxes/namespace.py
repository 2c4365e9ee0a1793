"""Watches over the processes of one sandbox from outside: what they use, and what they tried.

The kernel counts what a network namespace tried to send, and a process of the namespace cannot lower the counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from mcp_router.verifier.runners import Problem
from mcp_router.verifier.sandboxes.process import Caps, lasting
from mcp_router.verifier.text import one_line

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
DISK_EVERY = 5
ALMOST = 0.98
COUNTERS = {
    "IpOutNoRoutes": "tried to reach the network",
    "Ip6OutNoRoutes": "tried to reach the network",
    "UdpNoPorts": "tried to look up a name or to reach a service of this machine",
    "TcpAttemptFails": "tried to reach a service of this machine",
}


class Namespace:
    """The guard of one run behind bwrap. `disk` says how many bytes were written so far."""

    def __init__(self, disk: Callable[[], int], more: Callable[[], list[str]], network: bool) -> None:
        self._disk, self._more, self._network = disk, more, network
        self._asked = 0

    def over(self, pid: int, caps: Caps) -> Problem | None:
        """As the protocol says."""
        processes = list(_below(pid))
        if len(processes) > caps.processes:
            return "processes"
        if sum(_private_bytes(process) for process in processes) > caps.memory_bytes:
            return "memory"
        self._asked += 1
        return "disk" if self._asked % DISK_EVERY == 0 and self._full(pid, caps) else None

    def _full(self, pid: int, caps: Caps) -> bool:
        init = next(_children(pid), None)
        try:
            info = os.statvfs(PROC / str(init) / "root/tmp")
            used = (info.f_blocks - info.f_bfree) * info.f_frsize
        except OSError:
            used = 0
        return used + self._disk() >= ALMOST * caps.disk_bytes

    def reaches(self, pid: int, ended: bool) -> tuple[str, ...]:
        """Processes left running, and what was tried; then what `more` finds."""
        init = next(_children(pid), None)
        left = _left(init) if init is not None and ended else []
        tried = _tried(init) if init is not None and not self._network else []
        return (*(f"left a process running ({name})" for name in left), *tried, *self._more())

    def kill(self) -> None:
        """Killing bwrap ends its PID namespace, and every process in it, however it was detached."""


def _left(init: int) -> list[str]:
    """Programs that still run some moments after the command has ended."""
    return sorted({_program(process) for process in lasting(lambda: _strangers(init))})


def _strangers(init: int) -> list[int]:
    """Living processes but for the supervisor and its watcher."""
    supervisor = next(_children(init), None)
    ours = {supervisor, *(_children(supervisor) if supervisor is not None else ())}
    return [process for process in _below(init) if process not in ours and _state(process) != "Z"]


def _tried(init: int) -> list[str]:
    counts = {**_table(init, "snmp"), **_table6(init)}
    return list(dict.fromkeys(words for name, words in COUNTERS.items() if counts.get(name, 0) > 0))


def _table(pid: int, name: str) -> dict[str, int]:
    try:
        lines = (PROC / str(pid) / "net" / name).read_text().splitlines()
    except OSError:
        return {}
    pairs = zip(lines[::2], lines[1::2], strict=False)
    return {
        f"{heads[0][:-1]}{head}": int(value)
        for heads, values in ((head.split(), value.split()) for head, value in pairs)
        for head, value in zip(heads[1:], values[1:], strict=False)
    }


def _table6(pid: int) -> dict[str, int]:
    try:
        lines = (PROC / str(pid) / "net/snmp6").read_text().splitlines()
    except OSError:
        return {}
    return {name: int(value) for name, value in (line.split() for line in lines)}


def _children(pid: int) -> Iterator[int]:
    """The children of a process, of all of its threads."""
    try:
        tasks = os.listdir(PROC / str(pid) / "task")  # noqa: PTH208 - names only
    except OSError:
        return
    for task in tasks:
        try:
            yield from map(int, (PROC / str(pid) / "task" / task / "children").read_text().split())
        except OSError:
            continue


def _below(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _below(child)


def _private_bytes(pid: int) -> int:
    try:
        _, resident, shared, *_ = (PROC / str(pid) / "statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE


def _state(pid: int) -> str:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "Z"


def _program(pid: int) -> str:
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return one_line(os.path.basename(words[0]) or "unnamed", 40)  # noqa: PTH119 - not a path of ours
    except OSError:
        return "unnamed"
