"""The server starts in a user's folder: no file there stands in for a module of ours, and it is quick."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

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
SLOWER_AT_MOST = 2.5
ROUNDS = 3


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


def test_start_up_is_near_that_of_a_server_that_does_nothing(plain: Scene, tmp_path: Path) -> None:
    hello = tmp_path / "hello.py"
    hello.write_text(HELLO, encoding="utf-8")
    servers = {"acrouter": (*MODULE, "serve"), "hello world": (sys.executable, "-I", str(hello))}
    took: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, argv in servers.items():
            took[name].append(_seconds_to_tools(argv, plain))
    medians = {name: statistics.median(times) for name, times in took.items()}
    print(f"process start to tools/list, median of {ROUNDS}: {medians}")
    assert medians["acrouter"] < SLOWER_AT_MOST * medians["hello world"]


def _seconds_to_tools(argv: tuple[str, ...], scene: Scene) -> float:
    started = time.monotonic()
    server = Lines(argv, scene.root, scene.env(), scene.log)
    try:
        server.greet("2025-11-25")
        assert server.ask("tools/list")["result"]["tools"]
        return time.monotonic() - started
    finally:
        server.close()
