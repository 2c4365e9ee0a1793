"""The server starts in a user's folder: no file there stands in for a module of ours, and it is quick."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from .scene import COMMAND, MODULE, Scene, make_repository
from .speaking import Lines

HELLO = """\
from mcp.server import MCPServer

server = MCPServer("hello")


@server.tool()
def hello(name: str) -> str:
    \"\"\"Greet somebody.\"\"\"
    return "hello " + name


server.run("stdio")
"""
LOADED = """\
import sys
import mcp_router.cli, mcp_router.serving, mcp_router.server
slow = ("loop", "orchestrator", "verifier", "executors.api", "evaluation", "hooks.worker", "imports", "doctor")
others = ("anthropic", "git", "numpy", "openai", "psutil", "pytest", "rich.table", "tinydb", "tree_sitter")
print(*sorted({f"mcp_router.{name}" for name in slow}.union(others).intersection(sys.modules)))
"""
SLOWER_AT_MOST = 1.2
HOOK_OVER_BARE_S = 0.060
ROUNDS = 12
"""At most; as soon as the best of three or more rounds is within the limit, that is enough."""


@pytest.mark.parametrize("argv", [COMMAND, MODULE], ids=["acrouter", "python -I -m mcp_router"])
def test_hostile_modules_in_the_folder_are_not_imported(tmp_path: Path, argv: tuple[str, ...]) -> None:
    marker = tmp_path / "marker"
    evil = f"open({str(marker)!r}, 'w').close()\n"
    names = (
        *("tools/__init__.py", "mcp_router.py", "memory_store.py", "_acrouter_launch.py"),
        *("click.py", "json.py", "pydantic.py", "sitecustomize.py"),
    )
    root = make_repository(tmp_path / "repo", dict.fromkeys(names, evil))
    scene = Scene(root, tmp_path / "home", extra={"PYTHONPATH": "."})
    if argv == COMMAND:
        # With PYTHONPATH these run before any line of ours can: the interpreter's own hook, and the entry point's name.
        for name in ("sitecustomize.py", "_acrouter_launch.py"):
            (root / name).unlink()
    with scene.lines(argv) as server:
        assert len(server.ask("tools/list")["result"]["tools"]) == 3
        assert server.call("route_task", task="Rename the variable.")["status"] == "advised"
    assert not marker.exists()


def test_start_up_is_near_that_of_a_server_that_does_nothing(plain: Scene) -> None:
    """In CPU time, each at its best of turn by turn: a loaded machine changes everything else."""
    servers = {"acrouter": (*MODULE, "serve"), "hello world": (sys.executable, "-I", "-c", HELLO)}
    best = dict.fromkeys(servers, math.inf)
    for turn in range(ROUNDS):
        for name, argv in servers.items():
            best[name] = min(best[name], _cpu_seconds_to_tools(argv, plain))
        if turn > 1 and best["acrouter"] <= SLOWER_AT_MOST * best["hello world"]:
            break
    print(f"CPU seconds from process start to tools/list: {best}")
    assert best["acrouter"] <= SLOWER_AT_MOST * best["hello world"], best


def test_what_the_list_of_tools_does_not_need_is_not_loaded(tmp_path: Path) -> None:
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", LOADED], env={"ACROUTER_HOME": str(tmp_path)}, capture_output=True, check=True
    )
    assert loaded.stdout.decode().split() == []


def test_a_hook_starts_in_little_more_than_an_interpreter(plain: Scene) -> None:
    """With what comes most: the end of a tool that is none of ours."""
    commands = {"hook": (*COMMAND, "hook", "PostToolUse"), "bare": (sys.executable, "-I", "-c", "pass")}
    given = json.dumps({"tool_name": "Bash", "tool_input": {"command": "ls"}, "session_id": "s"}).encode()
    best = dict.fromkeys(commands, math.inf)
    for turn in range(ROUNDS):
        for name, argv in commands.items():
            started = time.monotonic()
            subprocess.run(argv, input=given, env=plain.env(), capture_output=True, check=True)
            best[name] = min(best[name], time.monotonic() - started)
        if turn > 1 and best["hook"] - best["bare"] <= HOOK_OVER_BARE_S:
            break
    print(f"seconds of a hook and of a bare interpreter: {best}")
    assert best["hook"] - best["bare"] <= HOOK_OVER_BARE_S, best


def _cpu_seconds_to_tools(argv: tuple[str, ...], scene: Scene) -> float:
    server = Lines(argv, scene.root, scene.env(), scene.log)
    try:
        server.greet("2025-11-25")
        assert server.ask("tools/list")["result"]["tools"]
        used = psutil.Process(server.process.pid).cpu_times()
        return float(used.user + used.system)
    finally:
        server.close()
