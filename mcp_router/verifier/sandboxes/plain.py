"""No isolation: the checks run as the user, over a copy of the tree. Only what was started is cleaned up."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from mcp_router.verifier.environment import Environment
from mcp_router.verifier.runners import Problem
from mcp_router.verifier.sandboxes.process import Caps, Ran, run, supervised
from mcp_router.verifier.sandboxes.reaches import left_in, size_of
from mcp_router.verifier.views import View

if TYPE_CHECKING:
    import psutil

MARK = "ACROUTER_CHECK"
"""A variable that every descendant inherits, by which those that left the process group are found."""


class Plain:
    """The environment's variables are filtered and processes are killed; files and network are open."""

    level = "none"
    guarantees: tuple[str, ...] = ("no variables of the user's but an allow-list", "processes end with the run")
    overlays = False

    def seen_at(self, view: View) -> Path:
        """Where it lies."""
        return view.files

    def run(
        self,
        argv: Sequence[str],
        view: View,
        environment: Environment,
        caps: Caps,
        cancel: Event | None = None,
        *,
        folder: str = "",
        variables: Mapping[str, str] | None = None,
        network: bool = False,  # noqa: ARG002 - it is open in any case
    ) -> Ran:
        """As the protocol says; the repository's environment folders are linked into the tree.

        Raises:
            Cancelled: `cancel` was set.
        """
        for name in environment.shared:
            link = view.files / name
            if not link.exists():
                link.symlink_to(environment.root / name, target_is_directory=True)
        guard = _Marked(view)
        env = {**environment.variables(), **(variables or {}), MARK: guard.mark}
        return run(supervised(argv, view.files / folder, caps), env, caps, cancel, guard)


class _Marked:
    """Finds the processes of a run by a variable in their environment."""

    def __init__(self, view: View) -> None:
        self.mark, self._view = uuid.uuid4().hex, view

    def over(self, pid: int, caps: Caps) -> Problem | None:  # noqa: ARG002
        import psutil

        processes = list(self._processes())
        if len(processes) > caps.processes:
            return "processes"
        used = 0
        for process in processes:
            try:
                used += process.memory_info().rss
            except psutil.Error:
                continue
        if used > caps.memory_bytes:
            return "memory"
        return "disk" if size_of(self._view.files) > caps.disk_bytes else None

    def reaches(self, pid: int, ended: bool) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(left_in(self._view, self._view.files, ()))

    def kill(self) -> None:
        import psutil

        for process in self._processes():
            try:
                process.kill()
            except psutil.Error:
                continue

    def _processes(self) -> Iterator[psutil.Process]:
        import psutil

        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark:
                    yield process
            except (psutil.Error, OSError):
                continue
