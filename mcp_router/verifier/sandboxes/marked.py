"""Finds the processes of a run by a variable that every descendant inherits, where there is no namespace to end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import Problem
from mcp_router.verifier.sandboxes.process import Caps, lasting
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    import psutil

MARK = "ACROUTER_CHECK"


class Marked:
    """The guard of one run. `disk` says how many bytes were written so far, `more` what else was done outside."""

    def __init__(self, disk: Callable[[], int], more: Callable[[], list[str]]) -> None:
        self.mark = uuid.uuid4().hex
        self._disk, self._more = disk, more

    def variables(self) -> dict[str, str]:
        """The variable to start the run with."""
        return {MARK: self.mark}

    def over(self, pid: int, caps: Caps) -> Problem | None:  # noqa: ARG002
        """As the protocol says."""
        processes = list(self._processes())
        if len(processes) > caps.processes:
            return "processes"
        if sum(map(_bytes, processes)) > caps.memory_bytes:
            return "memory"
        return "disk" if self._disk() >= caps.disk_bytes else None

    def reaches(self, pid: int, ended: bool) -> tuple[str, ...]:
        """Processes left running; then what `more` finds."""
        left = self._left(pid) if ended else []
        return (*(f"left a process running ({name})" for name in left), *self._more())

    def kill(self) -> None:
        """End every process of the run, and those that they start meanwhile."""
        import psutil

        while found := list(self._processes()):
            for process in found:
                try:
                    process.kill()
                except psutil.Error:
                    continue

    def _left(self, supervisor: int) -> list[str]:
        import psutil

        def strangers() -> list[psutil.Process]:
            return [one for one in self._processes() if supervisor not in (one.pid, _parent(one))]

        names = set()
        for process in lasting(strangers):
            try:
                names.add(one_line(process.name(), 40))
            except psutil.Error:
                continue
        return sorted(names)

    def _processes(self) -> Iterator[psutil.Process]:
        import psutil

        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    yield process
            except (psutil.Error, OSError):
                continue


def _parent(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _bytes(process: psutil.Process) -> int:
    import psutil

    try:
        info = process.memory_info()
    except psutil.Error:
        return 0
    return int(info.rss - getattr(info, "shared", 0))
