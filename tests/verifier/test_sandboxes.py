"""What runs is contained as far as the level says, and nothing of it lives on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import SANDBOX, WHY_NOT

from mcp_router.errors import CheckUnavailable
from mcp_router.verifier import sandboxes
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.plain import Plain

LEVELS = [sandbox for sandbox in (SANDBOX, Plain()) if sandbox]


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Environment]:
    """A tree to run over, and an environment for a repository elsewhere."""
    folder, root = tmp_path / "tree", tmp_path / "repository"
    folder.mkdir()
    (root / "node_modules").mkdir(parents=True)
    (folder / ".git").write_text("gitdir: nowhere\n")
    return folder, Environment(root, (), ("node_modules",), (), Path(sys.executable), "a test")


def run(sandbox, place, script, timeout_s=20.0, **more):
    return sandbox.run(["/bin/sh", "-c", script], place[0], place[1], timeout_s, None, **more)


@pytest.mark.parametrize("sandbox", LEVELS, ids=lambda sandbox: sandbox.level)
def test_a_command_sees_the_tree_and_writes_to_it(sandbox, place):
    ran = run(sandbox, place, "pwd; echo 1 > made; exit 3")
    assert ran.exit_code == 3
    assert ran.output.strip() == str(sandbox.seen_at(*place))
    assert (place[0] / "made").read_text() == "1\n"
    assert not (place[1].root / "made").exists()


@pytest.mark.parametrize("sandbox", LEVELS, ids=lambda sandbox: sandbox.level)
def test_what_ignores_signals_and_detaches_dies_all_the_same(sandbox, place):
    mark = f"acrouter-{os.getpid()}-{time.monotonic_ns()}"
    daemon = f"trap '' TERM HUP; (setsid sh -c 'trap \"\" TERM; sleep 300; echo {mark}' >/dev/null 2>&1 &) ; "
    for script, timeout_s in ((daemon + "exit 0", 20.0), (daemon + "sleep 300", 1.0)):
        began = time.monotonic()
        ran = run(sandbox, place, script, timeout_s)
        assert time.monotonic() - began < 5
        assert ran.stopped == ("timeout" if timeout_s == 1.0 else None)
    deadline = time.monotonic() + 5
    while left := [process.pid for process in psutil.process_iter() if mark in " ".join(_cmdline(process))]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.02)


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.parametrize("sandbox", LEVELS, ids=lambda sandbox: sandbox.level)
def test_output_is_capped_and_a_flood_is_stopped(sandbox, place):
    ran = run(sandbox, place, "yes; echo end")
    assert ran.stopped == "flood"
    assert len(ran.output) <= 2_000_000
    kept = run(sandbox, place, "head -c 3000000 /dev/zero | tr '\\0' x; echo end")
    assert kept.output.endswith("xend\n")
    assert len(kept.output) == 2_000_000


def test_the_sandbox_hides_the_home_the_network_and_other_processes(place, tmp_path):
    if SANDBOX is None:
        print(f"no sandbox on this machine: {WHY_NOT}")
        assert WHY_NOT
        return
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    root = place[1].root
    (root / ".env").write_text("s3cret")
    script = (
        f"cat {secret} {root}/.env {root}/.git/config; ls -A ~; touch /usr/planted; touch {root}/node_modules/planted; "
        "cat /sys/class/net/*/operstate >/dev/null; ls /proc | grep -c '^[0-9]'; "
        f"{sys.executable} -c \"import socket; socket.create_connection(('192.0.2.1', 80), 2)\" 2>&1 | tail -1; "
        "ls /run /home /tmp; touch ~/fine /tmp/fine && echo writable"
    )
    environment = Environment(
        root, (), ("node_modules",), (Path(sys.prefix), Path(sys.base_prefix)), place[1].python, "a test"
    )
    ran = SANDBOX.run(["/bin/sh", "-c", script], place[0], environment, 20.0, None)
    assert "s3cret" not in ran.output
    assert "unreachable" in ran.output
    assert "writable" in ran.output
    assert not Path("/usr/planted").exists()
    assert not (root / "node_modules" / "planted").exists()
    assert not (Path.home() / "fine").exists()
    numbers = [int(line) for line in ran.output.splitlines() if line.isdigit()]
    assert max(numbers) < 10


def test_without_a_sandbox_the_checks_are_refused_not_run_unprotected(monkeypatch):
    monkeypatch.setattr(sandboxes, "_bubblewrap", lambda: (None, "namespaces are switched off"))
    with pytest.raises(CheckUnavailable, match=r'isolation = "none" under \[checks\] in config.toml'):
        sandboxes.choose("auto")
    assert sandboxes.choose("none").level == "none"
