"""What the runs before and after say about a patch: the last two of the verdicts, and when they say nothing.

score = share of what was to be fixed * share of what was to be kept, capped by strength. strength: how hard the
evidence is to forge or to meet by chance; STRENGTH says what each kind is worth before twins are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from mcp_router.types import Verdict
from mcp_router.verifier.baseline import Baseline
from mcp_router.verifier.checks import HOW_TO_NAME, Checks
from mcp_router.verifier.runners import PASSED, PROBLEMS, CheckRun
from mcp_router.verifier.targets import of_environment
from mcp_router.verifier.text import one_line, some

STRENGTH = {"channel": 0.8, "report": 0.7, "exit_code": 0.4}
"""Of a pass that fixes something, by where the outcomes come from."""
NOTHING_FIXED = 0.6
"""Of that, when no test that failed before passes now."""
FULL_SCORE_FROM = 0.7
SLOW_SHARE = 0.7
"""A baseline that takes more of the limit than this leaves open whether the patch hangs or the machine is slow."""
ATTACKS = ("memory", "processes", "disk", "flood")


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with its score, how much it binds, why, the tests behind it, and the evidence."""

    verdict: Verdict
    score: float | None
    strength: float
    reasons: tuple[str, ...]
    details: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)


def most(strength: float) -> float:
    """The highest score that evidence of this strength can give: 1 from 0.7 on, down to 0.5 at no strength.

    >>> [round(most(strength), 2) for strength in (1.0, 0.7, 0.4, 0.0)]
    [1.0, 1.0, 0.79, 0.5]
    """
    return min(1.0, 0.5 + 0.5 * strength / FULL_SCORE_FROM)


def no_signal(reason: str) -> Finding:
    """The checks say nothing about the patch."""
    return Finding(Verdict.NO_SIGNAL, None, 0.0, (reason,))


def of_baseline(baseline: Baseline, checks: Checks, names: Collection[str]) -> Finding | None:
    """Why nothing can be said, from the base alone; None when its checks are sound."""
    run, failures = baseline.run, baseline.failures()
    if run.problem:
        said = one_line((run.output.strip().splitlines() or [""])[-1], 160)
        return no_signal(f"Without the patch, {PROBLEMS[run.problem]}{f' ({said})' if said else ''}; {HOW_TO_NAME}.")
    if not run.results:
        return None
    if not run.with_outcome(PASSED) and not failures:
        return no_signal("Every test is skipped without the patch, so nothing is measured.")
    if not run.with_outcome(PASSED) and all(of_environment(message, names) for message in failures.values()):
        first = one_line(next(iter(failures.values())), 160)
        where = checks.environment.described
        return no_signal(f"The environment is broken without the patch too ({first}), in {where}; {HOW_TO_NAME}.")
    return None


def of_blocked(run: CheckRun, blocked: Collection[str], checks: Checks) -> Finding:
    """All that the task is about cannot run on this machine, with or without the patch."""
    first = one_line(run.messages[min(blocked)], 160)
    return no_signal(
        f"The tests that the task is about cannot run in {checks.environment.described} ({first}); install what they "
        f"need, or {HOW_TO_NAME}."
    )


def of_problem(run: CheckRun, baseline: Baseline, timeout_s: float) -> Finding | None:
    """What a run over the patched tree that went wrong as a whole means, the baseline's being sound."""
    if run.problem is None:
        return None
    what = PROBLEMS[run.problem]
    if run.problem in ATTACKS:
        return Finding(Verdict.SUSPECT, 0.0, 0.5, (f"With the patch, {what}; without it they do not.",))
    if run.problem in ("report_missing", "disagree"):
        return Finding(
            Verdict.SUSPECT, 0.0, 0.5, (f"With the patch, {what}; the patched code may have ended the run.",)
        )
    if run.problem == "timeout" and baseline.run.seconds > SLOW_SHARE * timeout_s:
        took = f"{baseline.run.seconds:.0f} s of {timeout_s:.0f} s"
        return no_signal(f"The checks did not end in time; they need {took} without the patch: allow more time.")
    said = one_line((run.output.strip().splitlines() or [""])[-1], 160)
    last = f" ({said})" if said else ""
    strength = 1.0 if baseline.run.results else STRENGTH["exit_code"]
    ends = f"without it they end in {baseline.run.seconds:.1f} s"
    return Finding(Verdict.FAIL, 0.0, strength, (f"With the patch, {what}{last}; {ends}.",))


def of_reaches(baseline: Baseline, run: CheckRun) -> Finding | None:
    """What the code did outside of its tree while the checks ran, where the base does nothing of the kind."""
    known = {_kind(reach) for reach in baseline.run.reaches}
    new = [reach for reach in run.reaches if reach not in baseline.run.reaches and _kind(reach) not in known]
    if not new:
        return None
    shown = f"While the checks ran, the patched code {some(new, 5, 120)}."
    return Finding(Verdict.SUSPECT, 0.0, 0.5, (shown,), {"reaches": new})


def _kind(reach: str) -> str:
    """A process or a connection is known by what it is, whatever its name; a file by its own."""
    return reach.partition(" (")[0]


def of_exit_code(baseline: Baseline, run: CheckRun) -> Finding:
    """What two exit codes say."""
    before, after = baseline.run.exit_code == 0, run.exit_code == 0
    last = one_line((run.output.strip().splitlines() or [""])[-1], 160)
    weak, evidence = STRENGTH["exit_code"], {"outcomes": "exit_code"}
    if before and not after:
        why = f"The checks pass without the patch and fail with it ({last})."
        return Finding(Verdict.FAIL, 0.0, weak, (why,), evidence=evidence)
    if not before and not after:
        return no_signal(f"The checks fail without the patch too ({last}).")
    if not before:
        why = "The checks failed before and pass now; only the exit code is known."
        return Finding(Verdict.PASS, 1.0, weak, (why,), evidence=evidence)
    why = "The checks pass as before; only the exit code is known, and nothing shows what changed."
    return Finding(Verdict.PASS, 1.0, round(weak * NOTHING_FIXED, 2), (why,), evidence=evidence)


def lost_tests(baseline: Baseline, run: CheckRun) -> set[str]:
    """Tests that passed and are not `passed` now: failing, skipped, expected to fail, or gone."""
    return baseline.passed() - run.with_outcome(PASSED)


def renamed_tests(baseline: Baseline, run: CheckRun, lost: Collection[str]) -> set[str]:
    """Lost tests with parameters of which the run has none by that name, but as many others of the same function.

    Names made from an address, a time or a number drawn are others in each run.
    """
    now = Counter(map(_function, run.with_outcome(PASSED)))
    before = Counter(map(_function, baseline.passed()))
    gone = {test for test in lost if "[" in test and test not in run.results}
    return {test for test in gone if now[_function(test)] >= before[_function(test)]}


def _function(test: str) -> str:
    return test.partition("[")[0]


def fixed_share(test: str, run: CheckRun) -> tuple[int, int]:
    """Of a failure of the baseline, how much passes now and out of how much; a file counts by its tests."""
    if "::" in test:
        return int(run.results.get(test) == PASSED), 1
    inside = [outcome for name, outcome in run.results.items() if name.startswith(f"{test}::")]
    return (inside.count(PASSED), max(1, len(inside))) if test not in run.results else (0, max(1, len(inside)))


def of_tests(baseline: Baseline, run: CheckRun, lost: set[str], targets: set[str], hidden: CheckRun | None) -> Finding:
    """What two runs say test by test; `lost` after reruns, `targets` the baseline's failures that count."""
    shares = [fixed_share(test, run) for test in targets]
    if hidden is not None:
        shares.append((len(hidden.with_outcome(PASSED)), max(1, len(hidden.results))))
    done, asked = sum(share[0] for share in shares), sum(share[1] for share in shares)
    failing = sorted(test for test in targets if fixed_share(test, run)[0] < fixed_share(test, run)[1])
    kept = len(baseline.passed())
    details = {
        "lost": sorted(lost),
        "fixed": sorted(targets - set(failing)),
        "still_failing": failing,
        "old_failures": sorted(set(baseline.failures()) - targets),
        "flaky": list(baseline.flaky),
        "messages": {test: run.messages[test] for test in [*sorted(lost), *failing] if test in run.messages},
    }
    if not kept and not asked:
        return no_signal("No test passed without the patch, and none that failed is about it, so nothing is measured.")
    if not lost and done == asked:
        strength = STRENGTH[run.evidence] * (1.0 if targets or hidden else NOTHING_FIXED)
        reasons = _passing(sorted(targets), hidden, kept)
        return Finding(Verdict.PASS, 1.0, round(strength, 2), reasons, details, {"outcomes": run.evidence})
    score = done / asked * (1 - len(lost) / max(1, kept)) if asked else 0.0
    reasons = _failing(run, sorted(lost), failing, hidden, kept)
    return Finding(Verdict.FAIL, round(min(score, 0.99), 4), 1.0, reasons, details, {"outcomes": run.evidence})


def _passing(targets: list[str], hidden: CheckRun | None, kept: int) -> tuple[str, ...]:
    also = (f"All {len(hidden.results)} tests of the hidden file pass.",) if hidden else ()
    still = f"the {kept} that passed still do" if kept else "none passed before"
    if not targets:
        return (*also, f"No test that failed before passes now; {still}, so nothing more is shown.")
    what = "1 test that failed before passes" if len(targets) == 1 else f"{len(targets)} tests that failed before pass"
    return (f"{what} now; {still}.", *also)


def _failing(run: CheckRun, lost: list[str], failing: list[str], hidden: CheckRun | None, kept: int) -> tuple[str, ...]:
    reasons = []
    if lost:
        reasons.append(f"{len(lost)} of the {kept} that passed before no longer pass: {some(lost)}.")
    if failing:
        reasons.append(f"{len(failing)} of the tests that the task is about still fail: {some(failing)}.")
    if hidden is not None and (wrong := len(hidden.results) - len(hidden.with_outcome(PASSED))):
        reasons.append(f"{wrong} of the {len(hidden.results)} tests of the hidden file do not pass.")
    told = [test for test in (*lost, *failing) if test in run.messages][:2]
    return (*reasons, *(f"{one_line(test, 60)}: {one_line(run.messages[test], 160)}" for test in told))
