"""`acrouter doctor` as a person or a program runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcp_router.doctor.examine import CHECKS, examine
from mcp_router.doctor.findings import Ground, Status, told
from mcp_router.errors import CheckUnavailable

from .machine import Machine

SECRET = "sk-ant-0123456789abcdef0123456789"


def test_on_a_sound_machine_everything_is_said_and_nothing_is_left_behind(machine: Machine) -> None:
    before = machine.git("status", "--porcelain=v2", "--branch"), machine.git("for-each-ref")
    machine.program("acrouter", "")
    done = machine.doctor("--json", ANTHROPIC_API_KEY=SECRET)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    found = {(one["check"], one["status"]) for one in said["findings"]}
    assert {("server", "ok"), ("repository", "ok"), ("settings", "ok"), ("command", "ok")} <= found
    eras = [one["says"] for one in said["findings"] if one["check"] == "server"]
    assert ["2025-11-25" in eras[0], "2026-07-28" in eras[1]] == [True, True]
    assert said["counts"]["failure"] == 0
    assert SECRET not in done.stdout + done.stderr
    assert (machine.git("status", "--porcelain=v2", "--branch"), machine.git("for-each-ref")) == before
    assert {path.name for path in machine.home.iterdir()} <= {"cache", "locks", "worktrees"}
    assert not list(machine.home.glob("worktrees/*"))
    assert not list(Path(machine.env()["HOME"]).rglob("*"))


def test_what_is_broken_is_a_failure_with_a_sentence_each_and_no_traceback(machine: Machine) -> None:
    machine.configure("max_attemps = 2")
    (machine.home / "journal.jsonl").write_text("garbage\n")
    done = machine.doctor("--client", "codex")
    assert done.returncode == 1
    assert done.stderr == ""
    assert "did you mean max_attempts?" in done.stdout
    assert "holds no readable record" in done.stdout
    assert "Codex is not on this machine" in done.stdout
    assert "Traceback" not in done.stdout
    assert " failure, " in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("args", "said"),
    [(("--client", "emacs"), "choose among claude-code"), (("--repo", "/no/such/folder"), "is not a folder")],
)
def test_what_is_not_there_is_bad_use(machine: Machine, args: tuple[str, str], said: str) -> None:
    done = machine.doctor(*args)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_check_that_goes_wrong_is_a_finding_and_the_others_go_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_router.doctor.examine.CHECKS", [pair for pair in CHECKS if pair[0] != "server"])
    machine.home.write_text("a file where the state folder belongs")
    seen: list[str] = []
    findings = list(examine(Ground(machine.home, machine.root, None, machine.env()), seen.append))
    assert seen == [name for name, _ in CHECKS if name != "server"]
    assert Status.FAILURE in {one.status for one in findings if one.check == "state folder"}
    assert all("\n" not in one.says and one.says.endswith(".") for one in findings)


@pytest.mark.parametrize(
    ("error", "says", "fix"),
    [
        (CheckUnavailable("Nothing was found; name it."), "Nothing was found.", "name it."),
        (OSError(28, "No space left", "/state"), "/state: No space left.", "free space"),
        (
            ZeroDivisionError(f"with {SECRET}\x1b[31m"),
            "ZeroDivisionError: with [redacted] [31m",
            "run `acrouter doctor`",
        ),
    ],
)
def test_an_exception_becomes_a_sentence_and_a_fix(error: Exception, says: str, fix: str) -> None:
    finding = told("x", error)
    assert says in finding.says
    assert finding.fix is not None
    assert finding.fix.startswith(fix)
