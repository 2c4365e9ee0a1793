"""pytest, with our own options and a JUnit report outside the tree, checked against its counts and exit code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_router.verifier.runners import CheckRun, Problem
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
OPTIONS = (
    *("-q", "--tb=short", "--color=no", "--maxfail=0", "--continue-on-collection-errors"),
    *("-p", "no:randomly", "-o", "junit_family=xunit1", "-o", "junit_logging=no"),
)
REPORT = "junit.xml"
OUTPUT_CHARS = 4_000
WORST = ("error", "failed", "skipped", "xfailed", "passed")
"""Of two entries for one test the worse counts."""


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for pytest when a command line only runs pytest."""
    from mcp_router.verifier.checks import pytest_arguments

    return pytest_arguments(words)


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
    """pytest behind our bootstrap; `only` names the files to run instead of what the command names."""
    # The cache of the last run lies in a fresh folder too: --lf and --ff of the project then change nothing.
    own = ["-o", f"cache_dir={place}/cache", f"--junitxml={place / REPORT}", f"--rootdir={root}"]
    program = [str(checks.environment.python), "-c", BOOTSTRAP.read_text(encoding="utf-8")]
    mapping = [str(checks.environment.root), str(root)]
    named = [*_options_of(checks.argv), *only] if only else checks.argv
    return [*program, *mapping, *named, *OPTIONS, *own]


def _options_of(argv: Sequence[str]) -> list[str]:
    """The command's arguments without the paths that it names, for a run of other ones."""
    return [word for at, word in enumerate(argv) if word.startswith("-") or (at and _takes_value(argv[at - 1]))]


def _takes_value(word: str) -> bool:
    return word in {
        "-k",
        "-m",
        "-p",
        "-o",
        "-c",
        "-n",
        "-W",
        "--cov",
        "--rootdir",
        "--confcutdir",
        "--ignore",
        "--deselect",
    }


def read(ran: Ran, place: Path) -> CheckRun:
    """A run from how the process ended and what it left; sound only when all of it agrees."""
    output = ran.output[-OUTPUT_CHARS:]

    def bad(problem: Problem) -> CheckRun:
        return CheckRun(ran.exit_code, ran.seconds, output=output, problem=problem)

    if ran.stopped:
        return bad(ran.stopped)
    if ran.exit_code < 0 or 128 < ran.exit_code < 160:
        return bad("crashed")
    suite = _suite(place / REPORT)
    if suite is None:
        return bad("not_started" if ran.exit_code in (2, 3, 4, 126, 127) or _no_pytest(ran) else "report_missing")
    results, messages = _results(suite)
    if not results and ran.exit_code == 5:
        return bad("no_tests")
    if len(list(suite)) != suite.tests or ran.exit_code not in (0, 1):
        return bad("disagree")
    broken = any(outcome in ("failed", "error") for outcome in results.values())
    if broken != (ran.exit_code == 1) or broken != bool(suite.failures + suite.errors):
        return bad("disagree")
    return CheckRun(ran.exit_code, ran.seconds, results, messages, output, evidence="report")


def _no_pytest(ran: Ran) -> bool:
    return ran.exit_code == 1 and re.search(r"No module named '?_?pytest", ran.output) is not None


def _suite(report: Path) -> Any:
    """The one test suite of the report, None when it is missing or not whole."""
    from junitparser import JUnitXml, JUnitXmlError
    from junitparser.junitparser import TestSuite

    try:
        suites = list(JUnitXml.fromfile(str(report)))
    except (OSError, ValueError, SyntaxError, JUnitXmlError):
        return None
    return suites[0] if len(suites) == 1 and isinstance(suites[0], TestSuite) else None


def _results(suite: Any) -> tuple[dict[str, str], dict[str, str]]:
    results: dict[str, str] = {}
    messages: dict[str, str] = {}
    for case in suite:
        name = _test_id(case)
        outcome, message = _outcome(case)
        if WORST.index(outcome) <= WORST.index(results.get(name, "passed")):
            results[name] = outcome
        if message and outcome in ("failed", "error"):
            messages[name] = message
    return results, messages


def _test_id(case: Any) -> str:
    """The id that pytest itself uses, FILE::CLASS::NAME; the bare file for one that could not be collected."""
    file, classes = case._elem.get("file"), case.classname or ""
    if not file:
        return f"{classes}::{case.name}" if classes else _file_of(case.name)
    if not classes:
        return str(file)
    module = re.sub(r"\.py$", "", file).replace("/", ".").replace("\\", ".")
    inner = classes[len(module) + 1 :] if classes.startswith(module) else classes
    return "::".join([file, *(part for part in inner.split(".") if part), case.name])


def _file_of(module: str) -> str:
    return module if module.endswith(".py") else module.replace(".", "/") + ".py"


def _outcome(case: Any) -> tuple[str, str | None]:
    outcome, message = "passed", None
    for result in case.result:
        kind = type(result).__name__
        found = {"Failure": "failed", "Error": "error"}.get(kind)
        if found is None:
            found = "xfailed" if result.type == "pytest.xfail" else "skipped"
        if WORST.index(found) < WORST.index(outcome):
            outcome, message = found, _first_line(result)
    return outcome, message


def _first_line(result: Any) -> str:
    """The line that says what went wrong; of a file that could not be collected, its last error line."""
    text = str(result.text or "")
    if result.message == "collection failure":
        errors = [line[2:].strip() for line in text.splitlines() if line.startswith("E ")]
        return one_line("collection failure: " + (errors[-1] if errors else text), 300)
    return one_line(str(result.message or text), 300)
