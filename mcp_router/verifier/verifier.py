"""The whole procedure: read the patch, look at what it touches, run the checks before and after, compare.

The first verdict costs one run of the checks; `settle` then asks the twins, which raise or lower it.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from mcp_router.config import REPOSITORY_FILE, Config
from mcp_router.errors import BadInput, BaseMismatch, CheckUnavailable, PatchRefused, RepositoryError
from mcp_router.types import Verdict, Verification, VerificationRequest
from mcp_router.verifier import verdict as verdicts
from mcp_router.verifier.baseline import Baseline, get_baseline, get_run, key_of, write_json
from mcp_router.verifier.case import Case, read_case
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.checks import Checks, find_checks
from mcp_router.verifier.hidden import Hidden, digest, hidden_name, read_hidden
from mcp_router.verifier.integrity import Integrity
from mcp_router.verifier.runners import PASSED, CheckRun, file_of
from mcp_router.verifier.sandboxes import choose
from mcp_router.verifier.sandboxes.selftest import prove
from mcp_router.verifier.settle import settled
from mcp_router.verifier.targets import find_targets, of_environment
from mcp_router.verifier.terms import terms_of
from mcp_router.verifier.text import one_line
from mcp_router.verifier.trees import Clock, Trees
from mcp_router.verifier.verdict import Finding
from mcp_router.verifier.workspace import Repository, open_repository, take_snapshot, tree_of

BASE_RERUNS = 3
ASKED_STRENGTH = 0.5
"""Tests that the patch may change bind less than tests that it may not."""
NOT_RUN = {"level": "not_run", "guarantees": []}


class CheckVerifier:
    """Judges patches by the repository's own checks. The user's tree is not touched.

    home: the state folder, for views and caches.
    """

    def __init__(self, home: Path, config: Config) -> None:
        self.home = home.absolute()
        self.config = config

    def judge(self, request: VerificationRequest, cancel: Event | None = None) -> Verification:
        """The first verdict and what the twins make of it, with the time that both took.

        Raises:
            as `verify`.
        """
        first = self.verify(request, cancel)
        last = self.settle(request, first, cancel)
        spent = first.timings["total_ms"]
        total = round(spent + (last.timings["total_ms"] if last is not first else 0.0), 1)
        timings = {**first.timings, **last.timings, "first_verdict_ms": spent, "total_ms": total}
        return dataclasses.replace(last, timings=timings)

    def verify(self, request: VerificationRequest, cancel: Event | None = None) -> Verification:
        """The first verdict on a patch; whatever the patch or its code does is a verdict, not an exception.

        Raises:
            RepositoryError: the folder or the base cannot be worked with.
            BadInput: the hidden file cannot be used.
            Cancelled: `cancel` was set; nothing is left running or behind.
        """
        clock = Clock(request.timeout_s, cancel)
        with clock.step("total_ms"):
            opened = self._open(request, clock)
            verification = opened if isinstance(opened, Verification) else self._first(*opened)
        return dataclasses.replace(verification, timings=dict(clock.timings))

    def settle(self, request: VerificationRequest, first: Verification, cancel: Event | None = None) -> Verification:
        """A first verdict raised or lowered by twins of the tests behind it; the same one where there are none.

        Raises:
            as `verify`.
        """
        if first.verdict is not Verdict.PASS:
            return first
        clock = Clock(request.timeout_s, cancel)
        with clock.step("total_ms"):
            opened = self._open(dataclasses.replace(request, base=first.checks["base"]), clock)
            if isinstance(opened, Verification):
                return first
            last = self._last(*opened, first)
        return dataclasses.replace(last, timings=dict(clock.timings))

    def baseline(self, repo: Path, base: str, checks: str | None = None, cancel: Event | None = None) -> None:
        """Run the checks on a base ahead of time, so that a later verdict costs one run.

        Only in a sandbox, one at a time on this machine, and giving way to whatever else runs.

        Raises:
            CheckUnavailable, BadInput, RepositoryError: there is nothing to run, and why.
            Cancelled: `cancel` was set; nothing is left running or behind.
        """
        from filelock import FileLock, Timeout

        repository = open_repository(repo)
        trees = self._trees(repository, base, checks, Clock(self.config.checks.timeout_s, cancel))
        if trees.sandbox.level == "none":
            raise CheckUnavailable("Checks run ahead of time only in a sandbox.")
        trees.polite = True
        lock = FileLock(self.home / "locks" / "background.lock")
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        while True:
            trees.clock.check()
            try:
                with lock.acquire(timeout=0.5):
                    get_baseline(trees, tree_of(repository, base))
                return
            except Timeout:
                continue

    def describe(self, repo: Path, base: str | None = None, checks: str | None = None) -> dict[str, Any]:
        """The checks that would run on a repository: command, runner, how found, environment; or why there are none.

        base: a commit; None: the tree as it is now. checks: a command line; None: found in the repository.
        """
        try:
            repository = open_repository(repo)
            trees = self._trees(repository, base or take_snapshot(repository).commit, checks, Clock(1.0, None))
        except (CheckUnavailable, BadInput, RepositoryError) as error:
            return {"command": None, "reason": str(error)}
        return {**_shown(trees.checks), "isolation": trees.sandbox.level}

    def _open(self, request: VerificationRequest, clock: Clock) -> tuple[Case, Trees] | Verification:
        """The case and where to run it, or the verdict where nothing needs to run."""
        hidden = read_hidden(request.hidden) if request.hidden else None
        repo = open_repository(request.repo)
        with clock.step("snapshot_ms"):
            commit = request.base or take_snapshot(repo).commit
            base = Tree(repo.root, tree_of(repo, commit))
        try:
            with clock.step("apply_ms"):
                case = read_case(request, repo, commit, base, hidden)
        except BaseMismatch as error:
            # A wrong base is nobody's failure.
            return Verification(Verdict.NO_SIGNAL, None, 0.0, (str(error),), isolation=NOT_RUN)
        except PatchRefused as error:
            return Verification(Verdict.REFUSED, 0.0, 1.0, (str(error),), isolation=NOT_RUN)
        if early := _of_integrity(case.integrity):
            return _verification(early, case)
        try:
            with clock.step("checks_ms"):
                trees = self._trees(repo, base.id, request.checks, clock, case.changed())
                case = case.with_hidden(trees.terms)
        except (CheckUnavailable, BadInput) as error:
            return _verification(verdicts.no_signal(str(error)), case)
        if request.base is None:
            trees.working_tree = base.id
        return case, trees

    def _trees(
        self, repo: Repository, base: str, explicit: str | None, clock: Clock, changed: Sequence[str] = ()
    ) -> Trees:
        """What to run, where and within which limits.

        Raises:
            CheckUnavailable, BadInput: there is nothing to run, and why.
        """
        terms = terms_of(self.home, repo, Tree(repo.root, base), self.config)
        checks = find_checks(repo, base, explicit, self.config, changed)
        sandbox = choose(self.config.checks.isolation)
        named = next((one for one in checks if one.found == REPOSITORY_FILE), None)
        if named is not None and sandbox.level == "none" and not terms.trusted:
            raise CheckUnavailable(
                f"{one_line(repo.name)} names its own checks ({one_line(named.command, 80)}) and they would run "
                "unprotected; look at them and run `acrouter trust` there, or use a sandbox."
            )
        clock.timeout_s = min(clock.timeout_s, terms.timeout_s)
        return Trees(repo, self.home, tuple(_without(one, self.home) for one in checks), sandbox, terms, clock)

    def _first(self, case: Case, trees: Trees) -> Verification:
        return self._cached(trees, case, "first", lambda: self._run(trees, case))

    def _last(self, case: Case, trees: Trees, first: Verification) -> Verification:
        stage = f"settled {trees.terms.twins} {trees.terms.diagnostics}"
        return self._cached(trees, case, stage, lambda: settled(trees, case, first))

    def _cached(self, trees: Trees, case: Case, stage: str, make: Callable[[], Finding]) -> Verification:
        """The earlier verdict on the same patch, base, checks and environment, else a new one."""
        request = case.request
        hidden = f"{case.hidden.command} {digest(case.hidden.content)}" if case.hidden else ""
        words = (stage, digest(request.patch), hidden, digest((request.task or "").encode()))
        keys = [key_of(case.base.id, one, trees.level(), *words) for one in trees.checks]
        file = self.home / "cache" / "verdicts" / f"{digest(' '.join(keys).encode())[:32]}.json"
        if found := _earlier(file):
            # Another commit, of another clone even, may hold the same tree.
            return dataclasses.replace(found, checks={**found.checks, "base": case.commit})
        try:
            finding = make()
        except (CheckUnavailable, RepositoryError, OSError) as error:
            # A full disk or a broken git is no fault of the patch.
            finding = verdicts.no_signal(f"The checks could not be run: {one_line(str(error), 200)}")
        made = _verification(finding, case, trees)
        if made.verdict is not Verdict.NO_SIGNAL:
            write_json(file, dataclasses.asdict(made))
        return made

    def _run(self, trees: Trees, case: Case) -> Finding:
        with trees.clock.step("baseline_ms"):
            baseline = get_baseline(trees, case.base.id)
        names = {*case.base.names(), *case.judged.names()}
        if nothing := verdicts.of_baseline(baseline, trees.checks[0], names):
            return nothing
        limit_s = trees.clock.left_s()
        with trees.clock.step("judged_ms"):
            run = get_run(trees, case.judged.id)
        finding = verdicts.of_reaches(baseline, run) or verdicts.of_problem(run, baseline, limit_s)
        if finding is None:
            compare = self._compare if baseline.run.results else self._by_exit_code
            finding = compare(trees, case, baseline, run)
        return dataclasses.replace(finding, details={**finding.details, **_counted(baseline, run)})

    def _compare(self, trees: Trees, case: Case, baseline: Baseline, run: CheckRun) -> Finding:
        lost = verdicts.lost_tests(baseline, run) - _excused(case.integrity, run, baseline)
        fixed = {test for test in baseline.failures() if len(set(verdicts.fixed_share(test, run))) == 1}
        targets = find_targets(baseline.failures(), fixed, case.request.task, case.judged, case.changed(), case.base)
        # Where what was asked still fails, chance in the rest does not change the verdict: no second run.
        if lost and targets <= fixed:
            with trees.clock.step("rerun_ms"):
                lost -= self._flaky(trees, case, baseline, run, lost)
        hidden = None
        if case.hidden is not None:
            limit_s = trees.clock.left_s()
            hidden = self._hidden(trees, case, case.hidden)
            if hidden.problem == "no_tests":
                return verdicts.no_signal("hidden: no tests were collected from the file.")
            if finding := verdicts.of_reaches(baseline, hidden) or verdicts.of_problem(hidden, baseline, limit_s):
                return finding
        targets -= (blocked := self._blocked(case, targets, baseline, run))
        if blocked and not targets and not lost and hidden is None:
            return verdicts.of_blocked(run, blocked, trees.checks[0])
        return verdicts.of_tests(baseline, run, lost, targets, hidden)

    def _blocked(self, case: Case, targets: set[str], baseline: Baseline, run: CheckRun) -> set[str]:
        """Targets that the machine keeps from running, before and after: a missing module, no network."""
        names, before = case.base.names(), baseline.failures()
        return {
            test
            for test in targets
            if of_environment(before[test], names) and of_environment(run.messages.get(test, ""), names)
        }

    def _flaky(self, trees: Trees, case: Case, baseline: Baseline, run: CheckRun, lost: set[str]) -> set[str]:
        """The lost tests that are lost on the base too now and then, by chance or because their names change."""
        files = sorted({file_of(test) for test in lost})
        suspected = lost & trees.run(case.judged.id, files).with_outcome(PASSED)
        renamed = verdicts.renamed_tests(baseline, run, lost)
        flaky: set[str] = set()
        for _ in range(BASE_RERUNS):
            if suspected | renamed <= flaky or trees.clock.left_s() < 2 * baseline.run.seconds:
                break
            again = trees.run(case.base.id, files)
            if again.problem is None:
                flaky |= (suspected - again.with_outcome(PASSED)) | (renamed - set(again.results))
        return flaky

    def _hidden(self, trees: Trees, case: Case, hidden: Hidden) -> CheckRun:
        """The hidden file's own run, after everything else."""
        name = hidden_name(case.base.names(), hidden.source)
        with trees.clock.step("hidden_ms"):
            if hidden.command is None:
                return trees.run(case.judged.id, [name], {name: hidden.content})
            command = hidden.command.replace("{file}", shlex.quote(name))
            checks = find_checks(trees.repo, case.base.id, command, self.config)
            alone = dataclasses.replace(trees, checks=tuple(_without(one, self.home) for one in checks))
            return alone.run(case.judged.id, (), {name: hidden.content})

    def _by_exit_code(self, trees: Trees, case: Case, baseline: Baseline, run: CheckRun) -> Finding:
        finding = verdicts.of_exit_code(baseline, run)
        if finding.verdict is Verdict.FAIL:
            with trees.clock.step("rerun_ms"):
                again = trees.run(case.judged.id)
            if again.problem is None and again.exit_code == 0:
                return verdicts.no_signal("The checks fail and pass by chance with the patch.")
        if case.hidden is None or finding.verdict is not Verdict.PASS:
            return finding
        hidden = self._hidden(trees, case, case.hidden)
        if reached := verdicts.of_reaches(baseline, hidden):
            return reached
        if hidden.problem is None and hidden.exit_code == 0:
            return finding
        return Finding(Verdict.FAIL, 0.0, finding.strength, ("The checks fail with the hidden file.",))


def _without(checks: Checks, folder: Path) -> Checks:
    """The checks in an environment where a folder cannot be seen."""
    environment = checks.environment
    return dataclasses.replace(checks, environment=dataclasses.replace(environment, hide=(*environment.hide, folder)))


def _of_integrity(integrity: Integrity) -> Finding | None:
    if integrity.tampered:
        return Finding(Verdict.TAMPERED, 0.0, 1.0, tuple(integrity.tampered))
    if integrity.suspect:
        return Finding(Verdict.SUSPECT, 0.0, 0.5, tuple(integrity.suspect))
    return None


def _excused(integrity: Integrity, run: CheckRun, baseline: Baseline) -> set[str]:
    """Tests that are gone from files that the task asked to change."""
    gone = baseline.passed() - set(run.results)
    return {test for test in gone if file_of(test) in integrity.tests_changed}


def _verification(finding: Finding, case: Case, trees: Trees | None = None) -> Verification:
    integrity = case.integrity
    strength = min(finding.strength, ASKED_STRENGTH) if integrity.tests_changed else finding.strength
    added = {"added_tests": integrity.added_tests} if integrity.added_tests else {}
    shown = _shown(trees.checks) if trees else {}
    return Verification(
        finding.verdict,
        None if finding.score is None else min(finding.score, verdicts.most(strength)),
        strength,
        (*finding.reasons, *integrity.notes, *(trees.terms.waiting if trees else ())),
        checks={"base": case.commit, **shown, **finding.details, **added},
        evidence=finding.evidence,
        paths=integrity.classes,
        isolation=_isolation(trees) if trees else NOT_RUN,
    )


def _shown(checks: Sequence[Checks]) -> dict[str, Any]:
    first, *more = checks
    return {
        "command": first.command,
        "runner": first.runner,
        "found": first.found,
        "environment": first.environment.described,
        **({"folder": first.folder} if first.folder else {}),
        **({"also": [f"{one.folder or '.'}$ {one.command}" for one in more]} if more else {}),
    }


def _isolation(trees: Trees) -> dict[str, Any]:
    proof = prove(trees.sandbox, trees.home)
    network = ["the network, as the repository asks and you allowed"] if trees.terms.network else []
    return {"level": proof.level, "guarantees": list(proof.proven), "open": [*proof.open, *network]}


def _counted(baseline: Baseline, run: CheckRun) -> dict[str, Any]:
    sides = (("baseline", baseline.run), ("result", run))
    return {
        name: {**side.counts(), "exit_code": side.exit_code, "seconds": round(side.seconds, 2)} for name, side in sides
    }


def _earlier(file: Path) -> Verification | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        data |= {"verdict": Verdict(data["verdict"]), "reasons": tuple(data["reasons"]), "cached": True}
        data["checks"]["cache"] = f"{file.parent.name}/{file.stem}"
        return Verification(**data)
    except (OSError, ValueError, KeyError, TypeError):
        return None
