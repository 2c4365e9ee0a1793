"""Runs the checks over a tree of the repository, in a fresh worktree each time, within the time that is left."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from mcp_router.errors import Cancelled, CheckUnavailable
from mcp_router.verifier.checks import Checks
from mcp_router.verifier.runners import CheckRun, Runner, exit_code, pytest
from mcp_router.verifier.sandboxes import Sandbox
from mcp_router.verifier.workspace import REPORT, Repository, commit_tree, worktree

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS_IN_ALL = 3
"""All runs together end within this many times the limit of one."""
MARGIN_S = 1.0


@dataclass(slots=True)
class Clock:
    """Limits in seconds, and milliseconds taken by step."""

    timeout_s: float
    cancel: Event | None
    started: float = field(default_factory=time.monotonic)
    timings: dict[str, float] = field(default_factory=dict)

    def left_s(self) -> float:
        """What the next run may take."""
        rest = self.started + RUNS_IN_ALL * self.timeout_s - time.monotonic() - min(MARGIN_S, self.timeout_s / 10)
        return max(0.0, min(self.timeout_s, rest))

    def check(self) -> None:
        """Stop here if that was asked for.

        Raises:
            Cancelled: `cancel` was set.
        """
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("The verification was stopped.")

    def wait(self) -> None:
        """Go on waiting for another process only while there is time.

        Raises:
            Cancelled: it was asked to stop.
            CheckUnavailable: the time is up.
        """
        self.check()
        if self.left_s() <= 0:
            raise CheckUnavailable("Another process still runs the checks on the same base; ask again later.")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step of the work; nothing more starts once it was asked to stop."""
        self.check()
        began = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = round(self.timings.get(name, 0.0) + (time.monotonic() - began) * 1000, 1)


@dataclass(frozen=True, slots=True)
class Trees:
    """Where and how the trees of one verification are run."""

    repo: Repository
    home: Path
    checks: Checks
    sandbox: Sandbox
    clock: Clock

    def run(self, tree: str, only: Sequence[str] = (), lay: Callable[[Path], str] | None = None) -> CheckRun:
        """Run the checks over a tree.

        Args:
            only: the files to run instead of all.
            lay: puts one more file into the tree and returns its path; that one alone is run.

        Raises:
            Cancelled: it was asked to stop.
        """
        runner: Runner = pytest if self.checks.runner == "pytest" else exit_code
        environment, clock = self.checks.environment, self.clock
        commit = commit_tree(self.repo, tree, None, "Tree under judgement")
        with worktree(self.repo, commit, self.home) as folder:
            files = [lay(folder)] if lay else list(only)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}{REPORT}") as name:
                place = Path(name)
                argv = runner.launch(self.checks, self.sandbox.seen_at(folder, environment), place, files)
                ran = self.sandbox.run(
                    argv,
                    folder,
                    environment,
                    clock.left_s(),
                    clock.cancel,
                    writable=[place],
                    variables=dict(self.checks.variables),
                )
                return runner.read(ran, place)
