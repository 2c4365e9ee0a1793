"""Compares the checks on the base with those on the patched tree: test by test, or by exit code where that is all.

What goes wrong by chance is run again on both; a hidden test file runs last, in a process of its own.
"""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

from mcp_router.config import Config
from mcp_router.types import Verdict
from mcp_router.verifier import verdict as verdicts
from mcp_router.verifier.baseline import Baseline, get_baseline, get_run
from mcp_router.verifier.case import Case
from mcp_router.verifier.checks import find_checks
from mcp_router.verifier.hidden import Hidden, hidden_name
from mcp_router.verifier.integrity import Integrity
from mcp_router.verifier.runners import PASSED, CheckRun, file_of
from mcp_router.verifier.targets import find_targets, of_environment
from mcp_router.verifier.trees import Trees
from mcp_router.verifier.verdict import Finding

BASE_RERUNS = 3


def compared(trees: Trees, case: Case, config: Config) -> Finding:
    """What the checks say of a patch: its first verdict, but for what was found by reading it.

    Raises:
        Cancelled: it was asked to stop.
        CheckUnavailable: another process runs the checks on the same base and the time is up.
    """
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
        compare = _compare if baseline.run.results else _by_exit_code
        finding = compare(trees, case, config, baseline, run)
    return dataclasses.replace(finding, details={**finding.details, **_counted(baseline, run)})


def _compare(trees: Trees, case: Case, config: Config, baseline: Baseline, run: CheckRun) -> Finding:
    lost = verdicts.lost_tests(baseline, run) - _excused(case.integrity, run, baseline)
    fixed = {test for test in baseline.failures() if len(set(verdicts.fixed_share(test, run))) == 1}
    targets = find_targets(baseline.failures(), fixed, case.request.task, case.judged, case.changed(), case.base)
    # Where what was asked still fails, chance in the rest does not change the verdict: no second run.
    if lost and targets <= fixed:
        with trees.clock.step("rerun_ms"):
            lost -= _flaky(trees, case, baseline, run, lost)
    hidden = None
    if case.hidden is not None:
        limit_s = trees.clock.left_s()
        hidden = _hidden(trees, case, config, case.hidden)
        if hidden.problem == "no_tests":
            return verdicts.no_signal("hidden: no tests were collected from the file.")
        if finding := verdicts.of_reaches(baseline, hidden) or verdicts.of_problem(hidden, baseline, limit_s):
            return finding
    targets -= (blocked := _blocked(case, targets, baseline, run))
    if blocked and not targets and not lost and hidden is None:
        return verdicts.of_blocked(run, blocked, trees.checks[0])
    return verdicts.of_tests(baseline, run, lost, targets, hidden)


def _blocked(case: Case, targets: set[str], baseline: Baseline, run: CheckRun) -> set[str]:
    """Targets that the machine keeps from running, before and after: a missing module, no network."""
    names, before = case.base.names(), baseline.failures()
    return {
        test
        for test in targets
        if of_environment(before[test], names) and of_environment(run.messages.get(test, ""), names)
    }


def _flaky(trees: Trees, case: Case, baseline: Baseline, run: CheckRun, lost: set[str]) -> set[str]:
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


def _hidden(trees: Trees, case: Case, config: Config, hidden: Hidden) -> CheckRun:
    """The hidden file's own run, after everything else."""
    name = hidden_name(case.base.names(), hidden.source)
    with trees.clock.step("hidden_ms"):
        if hidden.command is None:
            return trees.run(case.judged.id, [name], {name: hidden.content})
        command = hidden.command.replace("{file}", shlex.quote(name))
        checks = find_checks(trees.repo, case.base.id, command, config)
        alone = dataclasses.replace(trees, checks=checks)
        return alone.run(case.judged.id, (), {name: hidden.content})


def _by_exit_code(trees: Trees, case: Case, config: Config, baseline: Baseline, run: CheckRun) -> Finding:
    finding = verdicts.of_exit_code(baseline, run)
    if finding.verdict is Verdict.FAIL:
        with trees.clock.step("rerun_ms"):
            again = trees.run(case.judged.id)
        if again.problem is None and again.exit_code == 0:
            return verdicts.no_signal("The checks fail and pass by chance with the patch.")
    if case.hidden is None or finding.verdict is not Verdict.PASS:
        return finding
    hidden = _hidden(trees, case, config, case.hidden)
    if reached := verdicts.of_reaches(baseline, hidden):
        return reached
    if hidden.problem is None and hidden.exit_code == 0:
        return finding
    return Finding(Verdict.FAIL, 0.0, finding.strength, ("The checks fail with the hidden file.",))


def _excused(integrity: Integrity, run: CheckRun, baseline: Baseline) -> set[str]:
    """Tests that are gone from files that the task asked to change."""
    gone = baseline.passed() - set(run.results)
    return {test for test in gone if file_of(test) in integrity.tests_changed}


def _counted(baseline: Baseline, run: CheckRun) -> dict[str, Any]:
    sides = (("baseline", baseline.run), ("result", run))
    return {
        name: {**side.counts(), "exit_code": side.exit_code, "seconds": round(side.seconds, 2)} for name, side in sides
    }
