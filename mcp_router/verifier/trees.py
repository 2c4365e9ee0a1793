"""Runs the checks over a tree of the repository, in a fresh view each time, within the time that is left."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from mcp_router.errors import Cancelled, CheckUnavailable
from mcp_router.verifier.checks import Checks, find_runner
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.runners import CheckRun
from mcp_router.verifier.sandboxes import Sandbox
from mcp_router.verifier.sandboxes.command import Command
from mcp_router.verifier.sandboxes.process import Caps, Ran
from mcp_router.verifier.terms import Terms
from mcp_router.verifier.views import View, view
from mcp_router.verifier.workspace import Repository, overlayable, working_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
WEAKEST_LAST = ("channel", "report", "exit_code")
RUNS_IN_ALL = 3
"""All runs together end within this many times the limit of one."""
MARGIN_S = 1.0
MEGABYTE = 1_000_000


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


@dataclass(slots=True)
class Trees:
    """Where and how the trees of one verification are run.

    polite: the checks give way to whatever else runs. working_tree: the user's files as a tree, and overlaid: whether
    views may lie over them; both once known.
    """

    repo: Repository
    home: Path
    checks: tuple[Checks, ...]
    sandbox: Sandbox
    terms: Terms
    clock: Clock
    polite: bool = False
    working_tree: str | None = None
    overlaid: bool | None = None

    def level(self) -> str:
        """The isolation, as caches tell it apart."""
        return f"{self.sandbox.level}{' with network' if self.terms.network else ''}"

    def run(self, tree: str, only: Sequence[str] = (), files: Mapping[str, bytes] | None = None) -> CheckRun:
        """Run the checks over a tree.

        Args:
            only: the test files to run instead of all.
            files: files to lay over the tree first.

        Raises:
            Cancelled: it was asked to stop.
        """
        asked = [
            checks for checks in self.checks if not only or any(_within(file, checks.folder) for file in only)
        ] or self.checks
        return merged([self.run_one(checks, tree, only, files) for checks in asked], asked)

    def run_one(
        self, checks: Checks, tree: str, only: Sequence[str] = (), files: Mapping[str, bytes] | None = None
    ) -> CheckRun:
        """Run one of several checks; as `run`."""

        def ran(view: View) -> CheckRun:
            runner = find_runner(checks.runner)
            argv = runner.launch(checks, self.sandbox.seen_at(view), view.place, only)
            result = self.execute(argv, view, checks.environment, checks.folder, dict(checks.variables))
            read = runner.read(result, view.place)
            return dataclasses.replace(read, reaches=result.reaches)

        return self.on(tree, ran, files)

    def execute(
        self, argv: Sequence[str], view: View, environment: Environment, folder: str, variables: dict[str, str]
    ) -> Ran:
        """Run a command over a view, within the time that is left."""
        terms = self.terms
        caps = Caps(self.clock.left_s(), terms.memory_mb * MEGABYTE, terms.disk_mb * MEGABYTE, terms.processes)
        argv = ["nice", "-n", "19", *argv] if self.polite else argv
        return self.sandbox.run(
            Command(argv, view, environment, caps, self.clock.cancel, folder, variables, terms.network)
        )

    def on(self, tree: str, work: Callable[[View], T], files: Mapping[str, bytes] | None = None) -> T:
        """Do something over a view of a tree.

        The view lies over the user's own files where that is possible. They may be edited meanwhile: then what was
        seen is nothing that can be named, and it is done once more over a copy.
        """
        under = self._under()
        with view(self.repo, tree, self.home, under, files or {}) as made:
            result = work(made)
        if under is None or working_tree(self.repo) == under:
            return result
        self.working_tree = None
        with view(self.repo, tree, self.home, None, files or {}) as made:
            return work(made)

    def _under(self) -> str | None:
        if self.overlaid is None:
            apart = not self.home.is_relative_to(self.repo.root)
            self.overlaid = self.sandbox.overlays and apart and overlayable(self.repo)
        if not self.overlaid:
            return None
        if self.working_tree is None:
            self.working_tree = working_tree(self.repo)
        return self.working_tree


def _within(file: str, folder: str) -> bool:
    return not folder or file.startswith(f"{folder}/")


def merged(runs: Sequence[CheckRun], checks: Sequence[Checks]) -> CheckRun:
    """Several checks of one tree as one run: as strong as the weakest, sound only when all are."""
    if len(runs) == 1:
        return runs[0]
    pairs = list(zip(runs, checks, strict=True))
    results = {test: outcome for run in runs for test, outcome in run.results.items()}
    for run, of in pairs:
        if run.evidence == "exit_code" and run.problem is None:
            results[f"{of.folder or '.'}$ {of.command}"] = "passed" if run.exit_code == 0 else "failed"
    return CheckRun(
        exit_code=max(run.exit_code for run in runs),
        seconds=sum(run.seconds for run in runs),
        results=results,
        messages={test: message for run in runs for test, message in run.messages.items()},
        output="\n".join(run.output for run in runs),
        problem=next((run.problem for run in runs if run.problem), None),
        evidence=max((run.evidence for run in runs), key=WEAKEST_LAST.index),
        reaches=tuple(dict.fromkeys(reach for run in runs for reach in run.reaches)),
    )
