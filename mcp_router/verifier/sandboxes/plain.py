"""No isolation: the checks run as the user, over the tree where it lies. Only what was started is cleaned up."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.process import Ran, capped, run

MARK = "ACROUTER_CHECK"
"""A variable that every descendant inherits, by which those that left the process group are found."""


class Plain:
    """The environment's variables are filtered and processes are killed; files and network are open."""

    level = "none"
    guarantees: tuple[str, ...] = ("no variables of the user's but an allow-list", "processes end with the run")

    def seen_at(self, folder: Path, environment: Environment) -> Path:  # noqa: ARG002
        """Where it lies."""
        return folder

    def run(
        self,
        argv: Sequence[str],
        folder: Path,
        environment: Environment,
        timeout_s: float,
        cancel: Event | None,
        *,
        writable: Sequence[Path] = (),  # noqa: ARG002
        variables: Mapping[str, str] | None = None,
    ) -> Ran:
        """As the protocol says; the repository's environment folders are linked into the tree.

        Raises:
            Cancelled: `cancel` was set.
        """
        for name in environment.shared:
            link = folder / name
            if not link.exists():
                link.symlink_to(environment.root / name, target_is_directory=True)
        mark = uuid.uuid4().hex
        env = {**environment.variables(), **(variables or {}), MARK: mark}
        return run(capped(argv) if os.name == "posix" else argv, folder, env, timeout_s, cancel, lambda: _end(mark))


def _end(mark: str) -> None:
    import psutil

    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                process.kill()
        except (psutil.Error, OSError):
            continue
