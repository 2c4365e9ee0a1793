"""Any command that leaves JUnit XML in the tree: Maven, Gradle, and where the configuration says `report`.

A shell around the command removes what earlier runs left, and takes what this one wrote out of the tree. Ids are
FILE::CLASS::NAME where the report has files, else CLASS::NAME.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_router.verifier.runners import BROKEN, OUTPUT_CHARS, WORST, CheckRun, Problem, by_signal
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

MAVEN = ("**/target/surefire-reports/*.xml", "**/target/failsafe-reports/*.xml")
GRADLE = ("**/build/test-results/**/*.xml",)
PATTERNS = {"mvn": MAVEN, "mvnw": MAVEN, "gradle": GRADLE, "gradlew": GRADLE}
GOALS = {"test", "check", "build", "verify", "package", "install"}
ROOT = "root"
SCRIPT = r"""
place=$1; shift
reports() {
  find . -type d \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( PATHS \) "$@"
}
reports -exec rm -f {} +
"$@"
status=$?
reports -exec sh -c 'for file do n=$((n + 1)); cp "$file" "$0/$$-$n.xml"; done' "$place" {} +
exit $status
"""


def arguments(words: list[str]) -> list[str] | None:
    """The command when its program is known to leave reports and it is told to test."""
    goals = {word.rpartition(":")[2] for word in words[1:]}
    return words if words and Path(words[0]).name in PATTERNS and goals & GOALS else None


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The command, whole, behind a shell that brings its reports to `place`."""
    (place / ROOT).write_text(str(root), encoding="utf-8")
    patterns = (checks.report,) if checks.report else PATTERNS[Path(checks.argv[0]).name]
    paths = " -o ".join(f"-path {shlex.quote(_path(pattern))}" for pattern in patterns)
    return ["/bin/sh", "-c", SCRIPT.replace("PATHS", paths), "sh", str(place), *checks.argv]


def _path(pattern: str) -> str:
    """A glob as `find -path` has it, whose star takes slashes too.

    >>> _path("**/target/*.xml"), _path("build/junit-*.xml")
    ('./*target/*.xml', './build/junit-*.xml')
    """
    return "./" + re.sub(r"\*\*/?", "*", pattern.removeprefix("./"))


def read(ran: Ran, place: Path) -> CheckRun:
    """A run from the reports; sound only when each is whole and the exit code says the same."""
    results: dict[str, str] = {}
    messages: dict[str, str] = {}
    root = (place / ROOT).read_text(encoding="utf-8")
    reports = [_read(report) for report in sorted(place.glob("*.xml"))]
    for case in (case for cases in reports for case in cases or []):
        test, (outcome, message) = _test_id(case, root), _outcome(case)
        if WORST.index(outcome) <= WORST.index(results.get(test, "passed")):
            results[test] = outcome
            if outcome in BROKEN:
                messages[test] = message
    problem = ran.stopped or _problem(ran.exit_code, results, whole=None not in reports, left=bool(reports))
    sound = problem is None
    return CheckRun(
        ran.exit_code,
        ran.seconds,
        results if sound else {},
        messages if sound else {},
        ran.output[-OUTPUT_CHARS:],
        problem,
        "report",
    )


def _problem(exit_code: int, results: dict[str, str], *, whole: bool, left: bool) -> Problem | None:
    if by_signal(exit_code):
        return "crashed"
    if not left:
        return "report_missing" if exit_code == 0 else "not_started"
    if not whole:
        return "disagree"
    if not results:
        return "no_tests"
    broken = any(outcome in BROKEN for outcome in results.values())
    return None if broken == (exit_code != 0) else "disagree"


def _read(report: Path) -> list[Any] | None:
    """The cases of a report, None when it is not whole: no XML, or with other counts than cases."""
    from junitparser import JUnitXml, JUnitXmlError

    try:
        suites: list[Any] = list(JUnitXml.fromfile(str(report)))
    except (OSError, ValueError, SyntaxError, JUnitXmlError):
        return None
    cases = [list(suite) for suite in suites]
    # Of suites within suites some writers count all tests and some only the direct ones.
    counts = [
        {None, len(inside), len(suite._elem.findall("testcase"))} for suite, inside in zip(suites, cases, strict=True)
    ]
    if any(suite.tests not in counted for suite, counted in zip(suites, counts, strict=True)):
        return None
    return [case for inside in cases for case in inside]


def _test_id(case: Any, root: str) -> str:
    file = (case._elem.get("file") or "").removeprefix(f"{root}/").removeprefix("./")
    name = case.name or ""
    parts = [part for part in (file, case.classname, name) if part]
    return "::".join(parts if len(parts) > 1 else ["report", *parts])


def _outcome(case: Any) -> tuple[str, str]:
    outcome, message = "passed", ""
    for result in case.result:
        found = {"Failure": "failed", "Error": "error", "Skipped": "skipped"}.get(type(result).__name__, "passed")
        if WORST.index(found) < WORST.index(outcome):
            outcome, message = found, one_line(str(result.message or result.text or result.type or ""), 300)
    return outcome, message
