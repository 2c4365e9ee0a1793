"""Whatever happens a hook ends in time, with exit code 0, and says nothing that is no answer."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_router.hooks.keep import Keeper
from mcp_router.session import Session

from .scene import COMMAND, HOOK, TASK, Claude, until
from .test_choice import remember

OUTCOMES = 500
SECRET_WORDS = "the secret words of a task"
FORBIDDEN = ("mcp", "pydantic", "numpy", "click", "git", "tinydb", "anthropic", "openai", "psutil", "rich")


@pytest.mark.parametrize(
    "raw", [b"", b"garbage", b"[1]", b'{"tool_name": 7}', b"\xff\xfe", b'{"a": "' + b"x" * 20_000_000], ids=len
)
def test_input_that_is_no_event_is_passed_over(claude: Claude, raw: bytes) -> None:
    for event in ("PreToolUse", "SubagentStop", "NoSuchEvent"):
        ran = claude.hook(event, raw=raw)
        assert (ran.code, ran.stdout, ran.stderr) == (0, b"", b"")
    assert claude.memory().decisions() == []


def test_acrouter_off_leaves_no_trace(claude: Claude) -> None:
    claude.extra["ACROUTER_OFF"] = "1"
    before = sorted(claude.home.rglob("*"))
    assert claude.start()[1].stdout == b""
    assert sorted(claude.home.rglob("*")) == before


def test_a_disk_that_hangs_does_not_hold_the_agent_up(claude: Claude) -> None:
    claude.configure(route="set")
    (claude.home / "hooks").mkdir()
    os.mkfifo(claude.home / "hooks" / "snapshot-claude-code")
    took = []
    for _ in range(10):
        # On a busy machine all takes longer, by the factor by which an interpreter's start does at that moment.
        bare = _seconds((sys.executable, "-I", "-c", "pass"))
        _, ran = claude.start()
        assert (ran.code, ran.stdout) == (0, b"")
        took.append((ran.seconds - bare - 1.5 * max(0.0, bare - 0.015), ran.seconds, bare))
    over, whole, bare = min(took)
    print(f"with a snapshot that cannot be read: {whole * 1e3:.0f} ms, a bare interpreter {bare * 1e3:.0f} ms")
    assert over < 0.095


@pytest.mark.parametrize("cut", [0, 10, 200, 5_000])
def test_a_damaged_snapshot_is_no_answer_and_is_made_anew(claude: Claude, cut: int) -> None:
    claude.configure(route="set")
    session = Session(claude.home, claude.root)
    Keeper(session).keep("claude-code", claude.root)
    session.close()
    path = claude.home / "hooks" / "snapshot-claude-code"
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    _, ran = claude.start(SECRET_WORDS)
    assert (ran.code, ran.stdout, ran.stderr) == (0, b"", b"")
    log = claude.home / "hooks.log"
    assert not log.exists() or SECRET_WORDS not in log.read_text()
    until(lambda: len(path.read_bytes()) >= len(whole), "a new snapshot")


def test_a_home_that_cannot_be_written_to_is_no_fault_of_the_agent(claude: Claude, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    claude.extra["ACROUTER_HOME"] = str(tmp_path / "file" / "home")
    _, ran = claude.start()
    assert (ran.code, ran.stdout, ran.stderr) == (0, b"", b"")


def test_the_log_is_bounded_and_holds_no_words_of_a_task(claude: Claude) -> None:
    log = claude.home / "hooks.log"
    log.write_text("x" * 100_000)
    claude.hook("PreToolUse", raw=f'{{"{SECRET_WORDS}'.encode())
    text = log.read_text()
    assert "JSONDecodeError at " in text
    assert len(text) < 200
    assert SECRET_WORDS not in text


def test_a_hook_imports_nothing_heavy(claude: Claude) -> None:
    claude.configure(route="set")
    session = Session(claude.home, claude.root)
    remember(session, OUTCOMES)
    Keeper(session).keep("claude-code", claude.root)
    session.close()
    argv = (sys.executable, "-I", "-X", "importtime", "-m", "mcp_router", "hook")
    imported = claude.hook("SessionStart", argv=argv).stderr.decode() + _told_of(claude, argv)
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in imported.splitlines()}
    assert "json" in modules
    assert not modules & set(FORBIDDEN)


def _told_of(claude: Claude, argv: tuple[str, ...]) -> str:
    call = {"tool_name": "Agent", "tool_use_id": "t", "tool_input": {"prompt": "Fix it", "run_in_background": False}}
    return claude.hook("PreToolUse", argv=argv, **call).stderr.decode()


def test_the_command_starts_within_60_ms_over_a_bare_interpreter(claude: Claude) -> None:
    claude.configure(route="set")
    session = Session(claude.home, claude.root)
    remember(session, OUTCOMES)
    Keeper(session).keep("claude-code", claude.root)
    session.close()
    given = {"session_id": "s", "cwd": str(claude.root), "tool_name": "Agent", "tool_input": {"prompt": TASK}}
    raw = json.dumps(given).encode()
    took = {
        name: min(_cpu_seconds(argv, raw, claude.env()) for _ in range(7))
        for name, argv in {
            "bare": (sys.executable, "-c", "pass"),
            "acrouter hook Stop": (*COMMAND, "Stop"),
            "python -I -m mcp_router hook Stop": (*HOOK, "Stop"),
            "acrouter hook PreToolUse": (*COMMAND, "PreToolUse"),
        }.items()
    }
    print("CPU ms, least of 7:", {name: round(seconds * 1e3, 1) for name, seconds in took.items()})
    assert all(seconds - took["bare"] < 0.060 for seconds in took.values()), took


def _cpu_seconds(argv: tuple[str, ...], raw: bytes, env: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, input=raw, env=env, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(argv: tuple[str, ...]) -> float:
    import time

    began = time.monotonic()
    subprocess.run(argv, check=True)
    return time.monotonic() - began
