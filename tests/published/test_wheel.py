"""What is published is whole, holds nothing else, and runs where only what it declares is installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from mcp_router.demo.stage import plain_path
from mcp_router.verifier.git import git
from tests.server.speaking import Lines

from .building import ROOT, UV, build, install, project, run

OURS = ("mcp_router", "tools", "memory_store")
VERSION = project()["project"]["version"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def programs(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(built[1], tmp_path_factory.mktemp("installed") / "venv")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"PATH": plain_path(), "HOME": str(tmp_path), "ACROUTER_HOME": str(tmp_path / "home")}


def files_of(folder: Path) -> set[str]:
    return {
        file.relative_to(ROOT).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_the_packages_and_what_they_read_and_nothing_else(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    bundled = {
        name.replace("examples/", "mcp_router/_examples/", 1): name
        for name in ("examples/shop.fast-export", *files_of(ROOT / "examples" / "subtasks"))
    }
    wanted = {"_acrouter_launch.py", *bundled, *(name for folder in OURS for name in files_of(ROOT / folder))}
    assert names == wanted
    assert {"mcp_router/prices.json", "mcp_router/orchestrator/prior.json"} < names


def test_the_source_distribution_holds_what_git_holds_and_nothing_else(built: tuple[Path, Path]) -> None:
    """But for what only a clone needs; what is new and not ignored counts as if it were added already."""
    with tarfile.open(built[0]) as packed:
        names = {Path(name).relative_to(f"acrouter-{VERSION}").as_posix() for name in packed.getnames()}
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode().split("\0")[:-1]
    tracked = {name for name in listed if (ROOT / name).is_file()}
    assert names - tracked <= {"PKG-INFO"}
    assert {name for name in tracked - names if not name.startswith(".")} == set()


@pytest.mark.parametrize("argv", [("acrouter",), ("python", "-I", "-m", "mcp_router")], ids=" ".join)
def test_both_commands_say_their_version(
    programs: Path, tmp_path: Path, env: dict[str, str], argv: tuple[str, ...]
) -> None:
    command = (str(programs / argv[0]), *argv[1:])
    assert run(*command, "--version", cwd=tmp_path, **env).stdout == f"acrouter, version {VERSION}\n"


def test_the_server_answers(programs: Path, tmp_path: Path, env: dict[str, str]) -> None:
    argv = (str(programs / "python"), "-I", "-m", "mcp_router", "serve")
    server = Lines(argv, tmp_path, env, tmp_path / "server.log")
    try:
        assert server.greet()["serverInfo"]["version"] == VERSION
        assert len(server.ask("tools/list")["result"]["tools"]) == 3
        assert server.call("route_task", task="Rename the variable.")["status"] == "advised"
        assert server.call("query_memory", view="outcomes")["total"] == 1
    finally:
        server.close()


def test_the_demo_begins(programs: Path, tmp_path: Path, env: dict[str, str]) -> None:
    """As far as its first verdict: the whole of it is what tests/demo holds."""
    demo = subprocess.Popen(
        [programs / "acrouter", "demo"], cwd=tmp_path, env={**env, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE
    )
    late = threading.Timer(120, demo.kill)
    late.start()
    try:
        assert demo.stdout is not None
        priced = next((line for line in demo.stdout if b" $" in line), None)
        demo.send_signal(signal.SIGINT)
        demo.communicate()
    finally:
        late.cancel()
        demo.kill()
    assert priced is not None, "no verdict within 120 s"


def test_uvx_runs_the_wheel(built: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if UV is None:
        with capsys.disabled():
            print("\nuvx was not tried: there is no uv on this machine; the same wheel was installed by pip")
        return
    argv = (UV, "tool", "run", "--quiet", "--from", str(built[1]), "acrouter", "--version")
    assert run(*argv, cwd=tmp_path, **os.environ).stdout == f"acrouter, version {VERSION}\n"


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    server = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    plugin = json.loads((ROOT / "examples/claude-code-plugin/.claude-plugin/plugin.json").read_text(encoding="utf-8"))
    assert (server["version"], server["packages"][0]["version"], plugin["version"]) == (VERSION,) * 3
    assert "__version__" not in "".join(file.read_text(encoding="utf-8") for file in (ROOT / "mcp_router").glob("*.py"))


def test_the_changelog_has_a_section_for_what_is_next_or_for_this_version() -> None:
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    assert headings[0].startswith(("## [Unreleased]", f"## [{VERSION}]"))


def test_every_file_of_examples_is_used_by_a_test() -> None:
    """By its name, or in a folder of which tests take every file."""
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__)]
    whole = ("examples/shop/", "examples/subtasks/", "examples/claude-code-plugin/agents/")
    unused = {
        name
        for name in files_of(ROOT / "examples")
        if not name.startswith(whole) and not any(Path(name).name in text for text in texts)
    }
    assert unused == set()
