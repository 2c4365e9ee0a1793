"""The whole procedure: read the patch, look at what it touches, run the checks before and after, compare."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from mcp_router.config import REPOSITORY_FILE, Config
from mcp_router.errors import BadInput, CheckUnavailable, PatchRefused, RepositoryError
from mcp_router.types import Verdict, Verification, VerificationRequest
from mcp_router.verifier import patch as patches
from mcp_router.verifier import verdict as verdicts
from mcp_router.verifier.baseline import Baseline, get_baseline, get_run, key_of, write_json
from mcp_router.verifier.changes import Change, Tree, changes_between
from mcp_router.verifier.checks import Checks, find_checks
from mcp_router.verifier.hidden import digest, place_hidden, read_hidden
from mcp_router.verifier.integrity import Integrity, inspect, judged_tree
from mcp_router.verifier.runners import CheckRun
from mcp_router.verifier.sandboxes import Sandbox, choose
from mcp_router.verifier.targets import find_targets, of_environment
from mcp_router.verifier.terms import terms_of
from mcp_router.verifier.text import one_line
from mcp_router.verifier.trees import Clock, Trees
from mcp_router.verifier.verdict import Finding
from mcp_router.verifier.workspace import Repository, open_repository, take_snapshot, tree_of

BASE_RERUNS = 3
ASKED_STRENGTH = 0.5
"""Tests that the patch may change bind less than tests that it may not."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Case:
    """One patch on one base, read and looked at."""

    request: VerificationRequest
    base: Tree
    judged: Tree
    changes: tuple[Change, ...]
    integrity: Integrity
    hidden: bytes | None


class CheckVerifier:
    """Judges patches by the repository's own checks. The user's tree is not touched.

    home: the state folder, for worktrees and caches.
    """

    def __init__(self, home: Path, config: Config) -> None:
        self.home = home.absolute()
        self.config = config

    def verify(self, request: VerificationRequest, cancel: Event | None = None) -> Verification:
        """Judge a patch; whatever the patch or its code does is a verdict, not an exception.

        Raises:
            RepositoryError: the folder or the base cannot be worked with.
            BadInput: the hidden file cannot be used.
            Cancelled: `cancel` was set; nothing is left running or behind.
        """
        clock = Clock(request.timeout_s, cancel)
        hidden = read_hidden(request.hidden) if request.hidden else None
        with clock.step("total_ms"):
            verification = self._verify(request, hidden, clock)
        return dataclasses.replace(verification, timings=dict(clock.timings))

    def baseline(self, repo: Path, base: str, checks: str | None = None, cancel: Event | None = None) -> None:
        """Run the checks on a base ahead of time, so that a later verdict costs one run.

        Raises:
            CheckUnavailable, BadInput, RepositoryError: there is nothing to run, and why.
            Cancelled: `cancel` was set; nothing is left running or behind.
        """
        repository = open_repository(repo)
        found, sandbox = self._checks(repository, base, checks)
        clock = Clock(found.timeout_s or self.config.checks.timeout_s, cancel)
        self._baseline(Trees(repository, self.home, found, sandbox, clock), tree_of(repository, base))

    def describe(self, repo: Path, base: str | None = None, checks: str | None = None) -> dict[str, Any]:
        """The checks that would run on a repository: command, runner, how found, environment; or why there are none.

        base: a commit; None: the tree as it is now. checks: a command line; None: found in the repository.
        """
        try:
            repository = open_repository(repo)
            found, sandbox = self._checks(repository, base or take_snapshot(repository).commit, checks)
        except (CheckUnavailable, BadInput, RepositoryError) as error:
            return {"command": None, "reason": str(error)}
        return {**_shown(found), "isolation": sandbox.level}

    def _verify(self, request: VerificationRequest, hidden: bytes | None, clock: Clock) -> Verification:
        repo = open_repository(request.repo)
        with clock.step("snapshot_ms"):
            commit = request.base or take_snapshot(repo).commit
            base = Tree(repo.root, tree_of(repo, commit))
        try:
            with clock.step("apply_ms"):
                case = _read(request, repo, base, hidden)
        except PatchRefused as error:
            return Verification(Verdict.REFUSED, 0.0, 1.0, (str(error),), isolation=NOT_RUN)
        if early := _of_integrity(case.integrity):
            return _verification(early, case)
        try:
            with clock.step("checks_ms"):
                checks, sandbox = self._checks(repo, base.id, request.checks)
        except (CheckUnavailable, BadInput) as error:
            return _verification(verdicts.no_signal(str(error)), case)
        clock.timeout_s = min(request.timeout_s, checks.timeout_s or request.timeout_s)
        trees = Trees(repo, self.home, checks, sandbox, clock)
        try:
            return self._cached(trees, case)
        except (CheckUnavailable, RepositoryError, OSError) as error:
            # A full disk or a broken git is no fault of the patch.
            return _verification(
                verdicts.no_signal(f"The checks could not be run: {one_line(str(error), 200)}"), case, trees
            )

    def _checks(self, repo: Repository, base: str, explicit: str | None) -> tuple[Checks, Sandbox]:
        checks = find_checks(repo, base, explicit, self.config)
        sandbox = choose(self.config.checks.isolation)
        terms = terms_of(self.home, repo, Tree(repo.root, base), self.config)
        if sandbox.level == "none" and checks.found == REPOSITORY_FILE and not terms.trusted:
            raise CheckUnavailable(
                f"{one_line(repo.name)} names its own checks ({one_line(checks.command, 80)}) and they would run "
                "unprotected; look at them and run `acrouter trust` there, or use a sandbox."
            )
        environment = dataclasses.replace(checks.environment, hide=(*checks.environment.hide, self.home))
        return dataclasses.replace(checks, environment=environment), sandbox

    def _cached(self, trees: Trees, case: _Case) -> Verification:
        """The earlier verdict on the same patch, base, checks and environment, else a new one."""
        words = (digest(case.request.patch), digest(case.hidden), digest((case.request.task or "").encode()))
        file = (
            self.home / "cache" / "verdicts" / f"{key_of(case.base.id, trees.checks, trees.sandbox.level, *words)}.json"
        )
        if found := _earlier(file):
            return found
        finding = self._run(trees, case)
        made = _verification(finding, case, trees)
        if made.verdict is not Verdict.NO_SIGNAL:
            write_json(file, dataclasses.asdict(made))
        return made

    def _run(self, trees: Trees, case: _Case) -> Finding:
        with trees.clock.step("baseline_ms"):
            baseline = self._baseline(trees, case.base.id)
        names = {*case.base.names(), *case.judged.names()}
        if nothing := verdicts.of_baseline(baseline, trees.checks, names):
            return nothing
        limit_s = trees.clock.left_s()
        with trees.clock.step("judged_ms"):
            key = key_of(case.judged.id, trees.checks, trees.sandbox.level)
            run = get_run(self.home, key, lambda: trees.run(case.judged.id))
        finding = verdicts.of_problem(run, baseline, limit_s)
        if finding and trees.checks.runner != "pytest":
            finding = dataclasses.replace(finding, strength=min(finding.strength, verdicts.EXIT_CODE_STRENGTH))
        if finding is None and trees.checks.runner == "pytest":
            finding = self._compare(trees, case, baseline, run)
        elif finding is None:
            finding = self._by_exit_code(trees, case, baseline, run)
        return dataclasses.replace(finding, details={**finding.details, **_counted(baseline, run)})

    def _baseline(self, trees: Trees, tree: str) -> Baseline:
        key = key_of(tree, trees.checks, trees.sandbox.level)
        return get_baseline(self.home, key, lambda only: trees.run(tree, only), trees.clock.wait)

    def _compare(self, trees: Trees, case: _Case, baseline: Baseline, run: CheckRun) -> Finding:
        lost = verdicts.lost_tests(baseline, run) - _excused(case.integrity, run, baseline)
        fixed = {test for test in baseline.failures() if len(set(verdicts.fixed_share(test, run))) == 1}
        paths = [change.path for change in case.changes]
        targets = find_targets(baseline.failures(), fixed, case.request.task, case.judged, paths)
        # Where what was asked still fails, chance in the rest does not change the verdict: no second run.
        if lost and targets <= fixed:
            with trees.clock.step("rerun_ms"):
                lost -= self._flaky(trees, case, baseline, lost)
        hidden = None
        if case.hidden is not None:
            limit_s = trees.clock.left_s()
            with trees.clock.step("hidden_ms"):
                hidden = self._hidden(trees, case, case.hidden)
            if hidden.problem == "no_tests":
                return verdicts.no_signal("hidden: no tests were collected from the file.")
            if finding := verdicts.of_problem(hidden, baseline, limit_s):
                return finding
        targets -= (blocked := self._blocked(case, targets, baseline, run))
        if blocked and not targets and not lost and hidden is None:
            return verdicts.of_blocked(run, blocked, trees.checks)
        return verdicts.of_tests(baseline, run, lost, targets, hidden)

    def _blocked(self, case: _Case, targets: set[str], baseline: Baseline, run: CheckRun) -> set[str]:
        """Targets that the machine keeps from running, before and after: a missing module, no network."""
        names, before = case.base.names(), baseline.failures()
        return {
            test
            for test in targets
            if of_environment(before[test], names) and of_environment(run.messages.get(test, ""), names)
        }

    def _flaky(self, trees: Trees, case: _Case, baseline: Baseline, lost: set[str]) -> set[str]:
        """The lost tests that pass when run again, and that fail now and then on the base too."""
        files = sorted({test.partition("::")[0] for test in lost})
        suspected = lost & trees.run(case.judged.id, files).with_outcome("passed")
        flaky: set[str] = set()
        for _ in range(BASE_RERUNS):
            if suspected <= flaky or trees.clock.left_s() < 2 * baseline.run.seconds:
                break
            again = trees.run(case.base.id, files)
            if again.problem is None:
                flaky |= suspected - again.with_outcome("passed")
        return flaky

    def _hidden(self, trees: Trees, case: _Case, content: bytes) -> CheckRun:
        source = case.request.hidden
        assert source is not None
        names = case.base.names()
        return trees.run(case.judged.id, lay=lambda folder: place_hidden(folder, names, source, content))

    def _by_exit_code(self, trees: Trees, case: _Case, baseline: Baseline, run: CheckRun) -> Finding:
        finding = verdicts.of_exit_code(baseline, run)
        if case.hidden is None or finding.verdict is not Verdict.PASS:
            return finding
        with trees.clock.step("hidden_ms"):
            hidden = self._hidden(trees, case, case.hidden)
        if hidden.problem is None and hidden.exit_code == 0:
            return finding
        return Finding(Verdict.FAIL, 0.0, finding.strength, ("The checks fail with the hidden file.",))


NOT_RUN = {"level": "not_run", "guarantees": []}


def _read(request: VerificationRequest, repo: Repository, base: Tree, hidden: bytes | None) -> _Case:
    patches.check(request.patch)
    patched = Tree(repo.root, patches.patched_tree(repo.root, base.id, request.patch))
    changes = changes_between(repo.root, base.id, patched.id)
    integrity = inspect(base, patched, changes, request.task)
    judged = Tree(repo.root, judged_tree(repo.root, patched.id, integrity.restored))
    return _Case(request, base, judged, changes, integrity, hidden)


def _of_integrity(integrity: Integrity) -> Finding | None:
    if integrity.tampered:
        return Finding(Verdict.TAMPERED, 0.0, 1.0, tuple(integrity.tampered))
    if integrity.suspect:
        return Finding(Verdict.SUSPECT, 0.0, 0.5, tuple(integrity.suspect))
    return None


def _excused(integrity: Integrity, run: CheckRun, baseline: Baseline) -> set[str]:
    """Tests that are gone from files that the task asked to change."""
    gone = baseline.passed() - set(run.results)
    return {test for test in gone if test.partition("::")[0] in integrity.tests_changed}


def _verification(finding: Finding, case: _Case, trees: Trees | None = None) -> Verification:
    integrity = case.integrity
    strength = min(finding.strength, ASKED_STRENGTH) if integrity.tests_changed else finding.strength
    added = {"added_tests": integrity.added_tests} if integrity.added_tests else {}
    return Verification(
        finding.verdict,
        finding.score,
        strength,
        (*finding.reasons, *integrity.notes),
        checks={**(_shown(trees.checks) if trees else {}), **finding.details, **added},
        paths=integrity.classes,
        isolation={"level": trees.sandbox.level, "guarantees": list(trees.sandbox.guarantees)} if trees else NOT_RUN,
    )


def _shown(checks: Checks) -> dict[str, Any]:
    return {
        "command": checks.command,
        "runner": checks.runner,
        "found": checks.found,
        "environment": checks.environment.described,
    }


def _counted(baseline: Baseline, run: CheckRun) -> dict[str, Any]:
    sides: Sequence[tuple[str, CheckRun]] = (("baseline", baseline.run), ("result", run))
    return {
        name: {**side.counts(), "exit_code": side.exit_code, "seconds": round(side.seconds, 2)} for name, side in sides
    }


def _earlier(file: Path) -> Verification | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        data |= {"verdict": Verdict(data["verdict"]), "reasons": tuple(data["reasons"]), "cached": True}
        return Verification(**data)
    except (OSError, ValueError, KeyError, TypeError):
        return None
