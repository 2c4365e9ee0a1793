"""The whole procedure: read the patch, look at what it touches, run the checks before and after, compare.

The first verdict costs one run of the checks; `settle` then asks the twins, which raise or lower it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from mcp_router.config import REPOSITORY_FILE, Config
from mcp_router.errors import BadInput, BaseMismatch, CheckUnavailable, PatchRefused, RepositoryError
from mcp_router.types import Verdict, Verification, VerificationRequest
from mcp_router.verifier import verdict as verdicts
from mcp_router.verifier.baseline import Baseline, get_baseline, key_of, turn, write_json
from mcp_router.verifier.case import Case, read_case
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.checks import Checks, find_checks
from mcp_router.verifier.compare import compared
from mcp_router.verifier.hidden import digest, read_hidden
from mcp_router.verifier.integrity import Integrity
from mcp_router.verifier.sandboxes import choose
from mcp_router.verifier.sandboxes.selftest import prove
from mcp_router.verifier.settle import settled
from mcp_router.verifier.terms import terms_of
from mcp_router.verifier.text import one_line
from mcp_router.verifier.trees import Clock, Trees
from mcp_router.verifier.verdict import Finding
from mcp_router.verifier.workspace import Repository, open_repository, take_snapshot, tree_of

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
        clock = Clock(request.timeout_s, cancel)
        with clock.step("total_ms"):
            with clock.step("first_verdict_ms"):
                opened = self._open(request, clock)
                last = opened if isinstance(opened, Verification) else self._first(*opened)
            if not isinstance(opened, Verification) and last.verdict is Verdict.PASS:
                case, trees = opened
                # What comes now has time of its own, and the steps so far are told with it.
                trees.clock = Clock(clock.timeout_s, cancel, timings=clock.timings)
                last = self._last(case, trees, last)
        return dataclasses.replace(last, timings=dict(clock.timings))

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

    def baseline(self, repo: Path, base: str, checks: str | None = None, cancel: Event | None = None) -> Baseline:
        """Run the checks on a base ahead of time, so that a later verdict costs one run; what they said.

        Only in a sandbox, one at a time on this machine, and giving way to whatever else runs.

        Raises:
            CheckUnavailable, BadInput, RepositoryError: there is nothing to run, and why.
            Cancelled: `cancel` was set; nothing is left running or behind.
        """
        repository = open_repository(repo)
        trees = self._trees(repository, base, checks, Clock(self.config.checks.timeout_s, cancel))
        if trees.sandbox.level == "none":
            raise CheckUnavailable("Checks run ahead of time only in a sandbox.")
        trees.polite = True
        with turn(self.home / "locks" / "background.lock", trees.clock.check):
            return get_baseline(trees, tree_of(repository, base))

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
        return Trees(repo, self.home, checks, sandbox, terms, clock)

    def _first(self, case: Case, trees: Trees) -> Verification:
        return self._cached(trees, case, "first", lambda: compared(trees, case, self.config))

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


def _of_integrity(integrity: Integrity) -> Finding | None:
    if integrity.tampered:
        return Finding(Verdict.TAMPERED, 0.0, 1.0, tuple(integrity.tampered))
    if integrity.suspect:
        return Finding(Verdict.SUSPECT, 0.0, 0.5, tuple(integrity.suspect))
    return None


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


def _earlier(file: Path) -> Verification | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        data |= {"verdict": Verdict(data["verdict"]), "reasons": tuple(data["reasons"]), "cached": True}
        data["checks"]["cache"] = f"{file.parent.name}/{file.stem}"
        return Verification(**data)
    except (OSError, ValueError, KeyError, TypeError):
        return None
