"""Clients as they are on a machine: their entries, our plugin, and whether their hooks are trusted."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mcp_router.doctor import clients, server
from mcp_router.doctor.findings import Finding, Status

from .machine import Machine

ENTRY = {"type": "stdio", "command": sys.executable, "args": ["-I", "-m", "mcp_router", "serve"]}
VERSION = "print('9.8.7 (a client)')\n"
APP_SERVER = """
import json, sys
if sys.argv[1:] != ["app-server"]:
    print("codex-cli 9.8.7")
    sys.exit()
for line in sys.stdin:
    asked = json.loads(line)
    hook = {{"command": "acrouter hook Stop", "enabled": True, "trustStatus": "{status}"}}
    result = {{"data": [{{"hooks": [hook, {{"command": "other"}}]}}]}} if asked["method"] == "hooks/list" else {{}}
    print(json.dumps({{"method": "notice"}}))
    print(json.dumps({{"id": asked["id"], "result": result}}), flush=True)
"""


def look(machine: Machine, *only: str) -> dict[str, Finding]:
    """The last finding of each check."""
    return {one.check: one for one in clients.client_entries(machine.ground(only))}


def write(path: Path, content: object) -> None:
    """A JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def user(machine: Machine) -> Path:
    """The home folder."""
    return Path(machine.env()["HOME"])


def test_clients_that_are_not_here_are_told_in_one_line(machine: Machine) -> None:
    found = look(machine)
    assert list(found) == ["clients"]
    assert found["clients"].status is Status.NOT_APPLICABLE


def test_a_client_without_an_entry_is_told_the_command(machine: Machine) -> None:
    machine.program("claude", VERSION)
    finding = look(machine)["client claude-code"]
    assert (finding.status, finding.fix) == (Status.WARNING, "acrouter install claude-code")
    assert "9.8.7" in finding.says


def test_an_entry_is_followed_to_its_program(machine: Machine) -> None:
    machine.program("claude", VERSION)
    write(machine.root / ".mcp.json", {"mcpServers": {"acrouter": ENTRY}})
    assert look(machine)["client claude-code"].status is Status.OK
    write(machine.root / ".mcp.json", {"mcpServers": {"acrouter": {**ENTRY, "command": "/gone/python"}}})
    finding = look(machine)["client claude-code"]
    assert (finding.status, finding.fix) == (Status.FAILURE, "acrouter install claude-code --scope project")
    write(machine.root / ".mcp.json", {"mcpServers": {"acrouter": {"command": "other"}}})
    assert look(machine)["client claude-code"].status is Status.WARNING


def test_a_file_that_cannot_be_read_is_a_failure_that_names_it(machine: Machine) -> None:
    machine.program("claude", VERSION)
    (machine.root / ".mcp.json").write_text("{")
    finding = look(machine)["client claude-code"]
    assert finding.status is Status.FAILURE
    assert ".mcp.json" in finding.says


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({}, Status.WARNING, "not installed"),
        ({"enabledPlugins": {"acrouter@acrouter": False}}, Status.WARNING, "turned off"),
        ({"enabledPlugins": {"acrouter@acrouter": True}}, Status.OK, "turned on"),
        ({"enabledPlugins": {"acrouter@acrouter": True}, "disableAllHooks": True}, Status.WARNING, "disableAllHooks"),
    ],
)
def test_the_plugin_of_claude_code_is_looked_for_in_its_settings(
    machine: Machine, settings: object, status: Status, words: str
) -> None:
    machine.program("claude", VERSION)
    write(user(machine) / ".claude" / "settings.json", settings)
    finding = look(machine)["plugin claude-code"]
    assert finding.status is status
    assert words in finding.says
    assert (finding.fix is None) == (status is Status.OK)


def test_a_server_that_is_there_twice_is_told(machine: Machine) -> None:
    machine.program("claude", VERSION)
    write(user(machine) / ".claude" / "settings.json", {"enabledPlugins": {"acrouter@acrouter": True}})
    assert look(machine)["client claude-code"].status is Status.OK
    write(machine.root / ".mcp.json", {"mcpServers": {"acrouter": ENTRY}})
    finding = look(machine)["client claude-code"]
    assert (finding.status, finding.fix) == (Status.WARNING, "acrouter install claude-code --scope project --remove")


def test_a_project_turns_the_plugin_off(machine: Machine) -> None:
    machine.program("claude", VERSION)
    write(user(machine) / ".claude" / "settings.json", {"enabledPlugins": {"acrouter@acrouter": True}})
    write(machine.root / ".claude" / "settings.json", {"enabledPlugins": {"acrouter@acrouter": False}})
    assert "turned off" in look(machine)["plugin claude-code"].says


@pytest.mark.parametrize(
    ("program", "status", "words"),
    [
        (APP_SERVER.format(status="trusted"), Status.OK, "all 1 hooks are trusted"),
        (APP_SERVER.format(status="modified"), Status.WARNING, "skips 1 of 1 hooks"),
        ("print('codex-cli 9.8.7')", Status.WARNING, "could not be asked"),
    ],
)
def test_codex_itself_says_whether_our_hooks_are_trusted(
    machine: Machine, program: str, status: Status, words: str
) -> None:
    machine.program("codex", program)
    config = user(machine) / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text('[plugins."acrouter@acrouter"]\nenabled = true\n')
    found = look(machine, "codex")
    assert found["client codex"].status is Status.OK
    assert found["plugin codex"].status is status
    assert words in found["plugin codex"].says


def test_a_hook_that_starts_slowly_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "TRIALS", 1)
    machine.program("acrouter", "import time\ntime.sleep(0.2)\n")
    (finding,) = server.hooks(machine.ground())
    if find_spec("mcp_router.hooks") is None:
        assert finding.status is Status.NOT_APPLICABLE
    else:
        assert finding.status is Status.WARNING
        assert "too slow" in finding.says


def test_the_last_fault_of_a_hook_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "TRIALS", 1)
    machine.home.mkdir()
    (machine.home / "hooks.log").write_text("older\n2026-11-24T10:00:00Z 'Stop' ValueError at events.py:3\n")
    found = [one.says for one in server.hooks(machine.ground())]
    if find_spec("mcp_router.hooks") is not None:
        assert "ValueError at events.py:3" in found[-1]


def test_a_server_that_cannot_start_says_why(machine: Machine) -> None:
    ground = machine.ground()
    machine.configure("= 3")
    found = list(server.server(ground))
    assert [one.status for one in found] == [Status.FAILURE, Status.FAILURE]
    assert all("is not valid TOML" in one.says for one in found)


def test_an_entry_that_is_switched_off_or_lacks_a_key_s_variable_is_told(machine: Machine) -> None:
    machine.program("codex", VERSION)
    machine.configure('[models.x]\nprovider = "openai"\nkey_env = "GATEWAY_KEY"\n')
    named = ["ACROUTER_HOME", "ACROUTER_OFF", "XDG_DATA_HOME", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"]
    file = user(machine) / ".codex" / "config.toml"
    file.parent.mkdir()
    entry = f"[mcp_servers.acrouter]\ncommand = {json.dumps(sys.executable)}\nargs = {json.dumps(ENTRY['args'])}\n"
    file.write_text(f"{entry}env_vars = {json.dumps(named)}\n")
    finding = look(machine)["client codex"]
    assert (finding.status, finding.fix) == (Status.WARNING, "acrouter install codex --scope user")
    assert "without GATEWAY_KEY" in finding.says
    file.write_text(f"{entry}env_vars = {json.dumps([*named, 'GATEWAY_KEY'])}\n")
    assert look(machine)["client codex"].status is Status.OK
    file.write_text(f"{entry}env_vars = {json.dumps([*named, 'GATEWAY_KEY'])}\nenabled = false\n")
    finding = look(machine)["client codex"]
    assert finding.status is Status.WARNING
    assert "switched off" in finding.says
