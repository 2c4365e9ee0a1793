"""Raises or lowers a first verdict by what takes longer: twins of the tests behind it, and the repository's checkers.

Twins are tests with other expectations. Source that computes its answers must fail them; source that cheats the
comparison goes on passing. A twin that lives withholds the reward; one that dies shows that its test binds. New
findings of linters and type checkers lower the score of a pass.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from mcp_router.types import Verdict, Verification
from mcp_router.verifier.baseline import kept_run, key_of
from mcp_router.verifier.case import Case
from mcp_router.verifier.diagnostics.run import run_checkers
from mcp_router.verifier.hidden import digest
from mcp_router.verifier.paths import CODE, classify
from mcp_router.verifier.reach import reached
from mcp_router.verifier.runners import PASSED, CheckRun, file_of
from mcp_router.verifier.text import one_line, some
from mcp_router.verifier.trees import Trees
from mcp_router.verifier.twins import Twin, make_twin
from mcp_router.verifier.twins.limit import limited
from mcp_router.verifier.verdict import Finding

BOUND = 1.0
"""Strength of a pass whose turned tests all failed as twins."""
MOST_FILES = 40


def settled(trees: Trees, case: Case, first: Verification) -> Finding:
    """The finding that a passing first verdict becomes."""
    finding = Finding(first.verdict, first.score, first.strength, first.reasons, first.checks, first.evidence)
    if trees.terms.twins:
        with trees.clock.step("twins_ms"):
            finding = _by_twins(trees, case, first, finding)
    if trees.terms.diagnostics and finding.verdict is Verdict.PASS:
        with trees.clock.step("diagnostics_ms"):
            said = run_checkers(trees, case.base, case.judged, case.changed())
        finding = _by_diagnostics(finding, said)
    return finding


def _by_diagnostics(finding: Finding, said: dict[str, Any]) -> Finding:
    new = said["new"]
    score = None if finding.score is None else round(finding.score * said["part"], 4)
    places = [f"{one['checker']} {one['path']}:{one['line']} {one_line(one['message'], 80)}" for one in new]
    reasons = (f"New findings of the repository's own checkers: {some(places, 3, 160)}.",) if new else ()
    details = {**finding.details, "diagnostics": said}
    return dataclasses.replace(finding, score=score, reasons=(*finding.reasons, *reasons), details=details)


def _by_twins(trees: Trees, case: Case, first: Verification, finding: Finding) -> Finding:
    twins = make_twins(case, first)
    run = _run(trees, case.judged.id, twins) if twins else None
    if run is None or not run.results:
        return _with(finding, {"tests": 0, **({"problem": run.problem} if run else {})})
    asked = {test for test in run.results if any(twin.changes(test) for twin in twins)}
    alive = asked & run.with_outcome(PASSED)
    if old := {test for test in alive if _name(test) not in _turned(first)}:
        # A test that passed before and lives as a twin binds as little on the base: no fault of the patch.
        alive -= old & _run(trees, case.base.id, twins).with_outcome(PASSED)
    died = asked - run.with_outcome(PASSED)
    said = {"tests": len(asked), "died": len(died), "alive": sorted(alive)}
    if alive:
        why = f"{len(alive)} tests still pass when what they expect is changed: {some(sorted(alive))}."
        return Finding(Verdict.SUSPECT, 0.0, 0.5, (why,), finding.details, {**finding.evidence, "twins": said})
    bound = _turned(first) & set(map(_name, died))
    return _with(dataclasses.replace(finding, strength=_raised(first, bound)) if bound else finding, said)


def make_twins(case: Case, first: Verification) -> list[Twin]:
    """Twins of the test files in which a test was turned, and of those that come to load what was changed."""
    turned = {file_of(name) for name in _turned(first)}
    tests = [path for path in case.judged.names() if CODE.search(path) and classify(path) == "test"]
    near = [path for path in tests if path in turned or set(case.changed()) & reached(case.judged, path)]
    texts = case.judged.texts(sorted(near, key=lambda path: (path not in turned, path))[:MOST_FILES])
    found = (make_twin(path, text) for path, text in texts.items())
    return [twin for twin in found if twin is not None]


def _turned(first: Verification) -> set[str]:
    """The tests that failed before and pass now, by name: in a twin the parameters may be others."""
    return set(map(_name, first.checks.get("fixed", ())))


def _name(test: str) -> str:
    return test.partition("[")[0] if file_of(test).endswith(".py") else test


def _run(trees: Trees, tree: str, twins: Collection[Twin]) -> CheckRun:
    files = {twin.path: twin.text.encode() for twin in twins}
    words = digest("\0".join(f"{twin.path}\0{twin.text}" for twin in twins).encode())
    key = key_of(tree, trees.checks[0], trees.level(), "twins", words)
    bounded = dataclasses.replace(trees, checks=tuple(map(limited, trees.checks)))
    return kept_run(trees, key, lambda: bounded.run(tree, sorted(files), files))


def _raised(first: Verification, bound: Collection[str]) -> float:
    """Towards 1 by the share of the turned tests that were shown to bind."""
    share = len(bound) / len(_turned(first))
    return round(first.strength + share * (BOUND - first.strength), 2)


def _with(finding: Finding, twins: dict[str, Any]) -> Finding:
    return dataclasses.replace(finding, evidence={**finding.evidence, "twins": twins})
