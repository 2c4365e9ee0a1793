"""The memory's health, and what the user can do about it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mcp_router.doctor import memory
from mcp_router.doctor.findings import Finding, Status
from memory_store.records import Choice, Decision
from memory_store.store import MemoryStore

from .machine import Machine

HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def decided(key: str) -> Decision:
    """A decision of long ago."""
    chosen = Choice(candidate="small", model="small", p_success=0.5, low=0.1, high=0.9, cost_usd=None)
    return Decision(
        decision_id=key,
        at="2026-01-01T00:00:00.000Z",
        repo=None,
        title="t",
        features=(),
        dimension="unknown",
        chain=(chosen,),
        propensity=1.0,
        policy="test",
        reason="r",
    )


def look(machine: Machine) -> dict[str, list[Finding]]:
    """The findings by their check."""
    found: dict[str, list[Finding]] = {}
    for one in memory.memory(machine.ground()):
        found.setdefault(one.check, []).append(one)
    return found


def test_no_memory_yet_is_fine_and_none_is_made(machine: Machine) -> None:
    assert [one.status for findings in look(machine).values() for one in findings] == [Status.OK, Status.OK]
    assert not machine.home.exists()


def test_records_are_counted_and_a_damaged_line_is_told(machine: Machine) -> None:
    MemoryStore(machine.home).append(decided("d1"), decided("d2"))
    assert "2 records" in look(machine)["memory"][0].says
    with (machine.home / "journal.jsonl").open("a") as file:
        file.write("garbage\n")
    fine, damaged = look(machine)["memory"]
    assert (fine.status, damaged.status) == (Status.OK, Status.WARNING)
    assert "line 3" in damaged.says
    assert "quarantine" in (damaged.fix or "")


def test_a_memory_of_a_newer_program_is_a_failure_with_its_fix(machine: Machine) -> None:
    MemoryStore(machine.home).append(decided("d1"))
    journal = machine.home / "journal.jsonl"
    journal.write_text(journal.read_text().replace('{"v": ', '{"v": 9', 1))
    (finding,) = (one for one in look(machine)["memory"] if one.status is Status.FAILURE)
    assert "newer acrouter" in finding.says
    assert finding.fix == "upgrade acrouter."


def test_a_lock_that_somebody_holds_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LOCK_WAIT_S", 0.2)
    MemoryStore(machine.home).append(decided("d1"))
    argv = [sys.executable, "-c", HOLD, str(machine.home / "journal.lock")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        (finding,) = look(machine)["locks"]
        assert finding.status is Status.FAILURE
        assert "has been held" in finding.says
        holder.communicate("")
    assert "locks" not in look(machine)


def test_decisions_that_nobody_reports_are_told(machine: Machine) -> None:
    MemoryStore(machine.home).append(*(decided(f"d{number}") for number in range(12)))
    (finding,) = look(machine)["decisions"]
    assert finding.status is Status.WARNING
    assert "12 of 12" in finding.says


def test_a_folder_that_cannot_be_written_to_is_a_failure(machine: Machine) -> None:
    ground = machine.ground()
    machine.home.write_text("a file")
    finding = next(memory.memory(ground))
    assert (finding.check, finding.status) == ("state folder", Status.FAILURE)
