"""Measures twins on a repository whose tests pass: on honest code, every twin that lives is a false alarm."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mcp_router.config import Config
from mcp_router.errors import CheckUnavailable
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.checks import Checks, find_checks
from mcp_router.verifier.runners import PASSED, PROBLEMS, CheckRun, file_of
from mcp_router.verifier.sandboxes.plain import Plain
from mcp_router.verifier.terms import terms_of
from mcp_router.verifier.trees import Clock, Trees
from mcp_router.verifier.twins import Twin, make_twin
from mcp_router.verifier.twins.limit import limited
from mcp_router.verifier.workspace import open_repository, take_snapshot


@dataclass(frozen=True, slots=True)
class Measured:
    """What twins say of one honest suite.

    tests: those that pass. twinned: those of them with a changed expectation, by file. alive: twins that pass
    although an expectation was changed. seconds: the real run of all tests, and the run of the twins.
    """

    tests: frozenset[str]
    twinned: frozenset[str]
    alive: tuple[str, ...]
    real_seconds: float
    twin_seconds: float

    def binding(self) -> float | None:
        """The share of tests whose twin dies, None without tests."""
        return (len(self.twinned) - len(self.alive)) / len(self.tests) if self.tests else None


def measure(folder: Path, command: str | None = None, python: Path | None = None, timeout_s: float = 900.0) -> Measured:
    """Run the tests of a repository and then their twins, over copies and as the user.

    Args:
        command: the command that runs the tests; None: found in the repository.
        python: the interpreter for pytest or unittest; None: found too.

    Raises:
        CheckUnavailable: the tests cannot be run, or say nothing.
        RepositoryError: the folder is no git repository.
    """
    repo = open_repository(folder)
    base = take_snapshot(repo).commit
    with tempfile.TemporaryDirectory(prefix="acrouter-twins-") as home:
        found = find_checks(repo, base, command, Config())
        checks = tuple(_with_python(one, python) for one in found) if python else found
        terms = terms_of(Path(home), repo, Tree(repo.root, base), Config())
        trees = Trees(repo, Path(home), checks, Plain(), terms, Clock(timeout_s, None))
        real = _sound(trees.run(base))
        passed = real.with_outcome(PASSED)
        if not passed:
            raise CheckUnavailable(f"Nothing can be measured: no test passes. {real.output[-500:]}")
        texts = Tree(repo.root, base).texts(sorted({file_of(test) for test in passed}))
        twins = [twin for path, text in texts.items() if (twin := make_twin(path, text))]
        return _measured(real, twins, _twin_run(trees, base, twins))


def _twin_run(trees: Trees, base: str, twins: list[Twin]) -> CheckRun:
    files = {twin.path: twin.text.encode() for twin in twins}
    trees = dataclasses.replace(trees, checks=tuple(map(limited, trees.checks)))
    return _sound(trees.run(base, sorted(files), files)) if files else CheckRun(0, 0.0)


def _measured(real: CheckRun, twins: list[Twin], run: CheckRun) -> Measured:
    passed = real.with_outcome(PASSED)
    twinned = {test for test in passed if any(twin.changes(test) for twin in twins)}
    alive = {test for test in run.with_outcome(PASSED) if any(twin.changes(test) for twin in twins)}
    return Measured(frozenset(passed), frozenset(twinned), tuple(sorted(alive)), real.seconds, run.seconds)


def _sound(run: CheckRun) -> CheckRun:
    if run.problem is not None or not run.results:
        why = PROBLEMS[run.problem] if run.problem else "only the exit code is known"
        raise CheckUnavailable(f"Nothing can be measured: {why}. {run.output[-500:]}")
    return run


def _with_python(checks: Checks, python: Path) -> Checks:
    environment = dataclasses.replace(checks.environment, python=python, described="as named")
    return dataclasses.replace(checks, environment=environment)
