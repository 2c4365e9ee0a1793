"""The repository at hand and how work in it would be verified: isolation, the checks, and one run of them."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Timer

from mcp_router.config import Config
from mcp_router.doctor.findings import Finding, Ground, Status, failure, not_applicable, ok, told, warning
from mcp_router.errors import AcrouterError, CheckUnavailable, RepositoryError
from mcp_router.verifier.baseline import Baseline
from mcp_router.verifier.runners import BROKEN, PASSED, PROBLEMS
from mcp_router.verifier.sandboxes import choose
from mcp_router.verifier.sandboxes.selftest import prove
from mcp_router.verifier.verifier import CheckVerifier
from mcp_router.verifier.workspace import open_repository, take_snapshot

RUN_S = 10.0
"""One run of the checks; there may be a second one, of what failed."""
ALL_RUNS_S = 14.0
NAME_THEM = '[checks]\ncommand = "..."  # in .acrouter.toml'


def repository(ground: Ground) -> Iterator[Finding]:
    """Whether there is a repository that can be worked in."""
    try:
        found = open_repository(ground.folder)
    except RepositoryError as error:
        # Advice is given all the same.
        yield told("repository", error, Status.WARNING)
        return
    if found.busy:
        yield warning(
            "repository", f"a {found.busy} is under way, so nothing is delegated here", f"git {found.busy} --abort"
        )
    else:
        commits = "" if found.head else ", without a commit yet"
        yield ok("repository", f"{found.root}{commits}")


def isolation(ground: Ground) -> Iterator[Finding]:
    """What the sandbox keeps, put to the test on this machine."""
    if ground.config is None:
        yield not_applicable("isolation", "config.toml has to be put right first")
        return
    try:
        sandbox = choose(ground.config.checks.isolation)
    except CheckUnavailable as error:
        yield told("isolation", error)
        return
    ground.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    proof = prove(sandbox, ground.home)
    if sandbox.level == "none":
        yield warning("isolation", "checks run unprotected, as you", '[checks]\nisolation = "auto"  # in config.toml')
    elif proof.open:
        yield warning("isolation", f"{proof.level} holds, except that not proven is: {'; '.join(proof.open)}", None)
    else:
        yield ok("isolation", f"{proof.level}: all {len(proof.proven)} guarantees were put to the test and held")


def checks(ground: Ground) -> Iterator[Finding]:
    """The checks of the repository, found and run once, in the sandbox and within seconds."""
    if ground.config is None or ground.repository() is None:
        yield not_applicable("checks", "there is no repository, or config.toml has to be put right first")
        return
    found = CheckVerifier(ground.home, ground.config).describe(ground.folder)
    if found["command"] is None:
        yield warning("checks", f"nothing can be verified here: {found['reason']}", NAME_THEM)
        return
    more = f" and {len(found['also'])} more" if "also" in found else ""
    yield ok("checks", f"{found['command']}{more}, by {found['runner']} with {found['environment']}")
    yield _run(ground, ground.config)


def _run(ground: Ground, config: Config) -> Finding:
    limits = config.checks.model_copy(update={"timeout_s": min(RUN_S, config.checks.timeout_s)})
    verifier = CheckVerifier(ground.home, config.model_copy(update={"checks": limits}))
    commit = take_snapshot(open_repository(ground.folder)).commit
    cancel = Event()
    timer = Timer(ALL_RUNS_S, cancel.set)
    timer.start()
    try:
        return _counted(verifier.baseline(ground.folder, commit, cancel=cancel), config.checks.timeout_s)
    except AcrouterError as error:
        return _too_long(config.checks.timeout_s) if cancel.is_set() else told("checks run", error, Status.WARNING)
    finally:
        timer.cancel()


def _counted(baseline: Baseline, limit_s: float) -> Finding:
    run = baseline.run
    passed, broken = len(baseline.passed()), len(baseline.failures())
    counts = f"{passed} passed, {broken} failed, {len(baseline.flaky)} flaky in {run.seconds:.1f} s"
    if run.problem == "timeout":
        return _too_long(limit_s)
    if run.problem:
        return failure("checks run", f"{PROBLEMS[run.problem]} (exit code {run.exit_code})", NAME_THEM)
    if run.evidence == "exit_code":
        good = run.exit_code == 0
        words = f"the command ended with {run.exit_code} in {run.seconds:.1f} s, and its tests cannot be told apart"
        return ok("checks run", words) if good else warning("checks run", words, "mend it, or name another command")
    if run.with_outcome(*BROKEN) and not run.with_outcome(PASSED):
        return failure("checks run", f"no test passes before any change: {counts}", "acrouter checks")
    return ok("checks run", counts)


def _too_long(limit_s: float) -> Finding:
    says = f"the checks did not end within {RUN_S:.0f} s here; a verdict gives each run {limit_s:.0f} s"
    return warning("checks run", says, "acrouter verify --repo . --patch FILE  # takes the time that they need")
