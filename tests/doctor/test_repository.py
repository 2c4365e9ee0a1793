"""How work in the repository would be verified: the isolation, the checks, and one run of them by counts."""

from __future__ import annotations

import pytest

from mcp_router.demo.stage import isolation_here
from mcp_router.doctor import repository, setting
from mcp_router.doctor.findings import Finding, Status

from .machine import FAILING, PASSING, Machine

SANDBOX, WORDS = isolation_here()


@pytest.fixture(autouse=True)
def _in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run gives way to whatever else runs here, and other tests do."""
    monkeypatch.setattr(repository, "RUN_S", 60.0)
    monkeypatch.setattr(repository, "ALL_RUNS_S", 90.0)


def run(machine: Machine) -> Finding:
    """The finding on the run of the checks."""
    *_, last = repository.checks(machine.ground())
    if SANDBOX == "none":
        print(f"no run of the checks here: {WORDS}")
    return last


def test_the_checks_are_run_once_and_counted(machine: Machine) -> None:
    machine.files(tests__test_b=FAILING)
    finding = run(machine)
    if SANDBOX == "auto":
        assert (finding.check, finding.status) == ("checks run", Status.OK)
        assert finding.says.startswith("2 passed, 1 failed, 0 flaky in ")
    else:
        assert finding.status is Status.WARNING


def test_checks_of_which_nothing_passes_are_a_failure(machine: Machine) -> None:
    machine.files(tests__test_a=FAILING)
    assert run(machine).status is (Status.FAILURE if SANDBOX == "auto" else Status.WARNING)


def test_checks_that_take_too_long_end_in_time_with_a_warning(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "RUN_S", 1.5)
    machine.files(tests__test_a=PASSING + "\n\ndef test_slow():\n    import time\n\n    time.sleep(600)\n")
    finding = run(machine)
    assert finding.status is Status.WARNING
    assert finding.fix
    if SANDBOX == "auto":
        assert "a verdict gives each run 300 s" in finding.says


def test_a_repository_without_checks_is_told_how_to_name_them(machine: Machine) -> None:
    machine.git("rm", "-q", "tests/test_a.py")
    (finding,) = repository.checks(machine.ground())
    assert finding.status is Status.WARNING
    assert finding.fix == repository.NAME_THEM


def test_unprotected_checks_are_not_run_and_that_is_said(machine: Machine) -> None:
    machine.configure('[checks]\nisolation = "none"')
    (isolation,) = repository.isolation(machine.ground())
    assert isolation.status is Status.WARNING
    assert "unprotected" in isolation.says
    assert "isolation" in (isolation.fix or "")
    assert run(machine).status is Status.WARNING


def test_the_isolation_is_put_to_the_test(machine: Machine) -> None:
    (finding,) = repository.isolation(machine.ground())
    print(WORDS)
    assert finding.status in ((Status.OK, Status.WARNING) if SANDBOX == "auto" else (Status.FAILURE,))
    assert list(machine.home.glob("cache/isolation-*.json")) or SANDBOX == "none"


def test_outside_of_a_repository_advice_still_works(machine: Machine) -> None:
    ground = machine.ground()
    elsewhere = type(ground)(machine.home, machine.base, ground.config, ground.env)
    assert [one.status for one in repository.repository(elsewhere)] == [Status.WARNING]
    assert [one.status for one in repository.checks(elsewhere)] == [Status.NOT_APPLICABLE]


def test_a_merge_under_way_is_told_with_its_end(machine: Machine) -> None:
    (machine.root / ".git" / "MERGE_HEAD").write_text(machine.git("rev-parse", "HEAD"))
    (finding,) = repository.repository(machine.ground())
    assert finding.fix == "git merge --abort"


def test_what_a_repository_asks_for_waits_for_trust(machine: Machine) -> None:
    (machine.root / ".acrouter.toml").write_text("[checks]\nnetwork = true\ntimeout_s = 900")
    fine, waiting = setting.repository_settings(machine.ground())
    assert "1 of its wishes" in fine.says
    assert (waiting.status, waiting.fix) == (Status.WARNING, "acrouter trust")
    assert "checks.network" in waiting.says
