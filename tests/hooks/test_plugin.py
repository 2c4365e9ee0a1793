"""The plugin folder fits the program: each hook that it names is understood, each agent reaches a model."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mcp_router.clients import codex
from mcp_router.clients.client import Place
from mcp_router.executors.advise import claude_code_name
from mcp_router.hooks.events import EVENTS, is_spawn
from mcp_router.hooks.rewrite import agents_of
from mcp_router.models import resolve

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PLUGIN = EXAMPLES / "claude-code-plugin"


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _commands() -> dict[str, tuple[str, str]]:
    """Command and matcher by event."""
    hooks = _json(PLUGIN / "hooks" / "hooks.json")["hooks"]
    return {event: (groups[0]["hooks"][0]["command"], groups[0].get("matcher", "")) for event, groups in hooks.items()}


def test_the_marketplace_leads_to_the_plugin() -> None:
    market = _json(EXAMPLES / ".claude-plugin" / "marketplace.json")
    assert [EXAMPLES / plugin["source"] for plugin in market["plugins"]] == [PLUGIN]
    assert market["plugins"][0]["name"] == _json(PLUGIN / ".claude-plugin" / "plugin.json")["name"] == market["name"]


def test_version_and_licence_are_the_program_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert _json(PLUGIN / ".claude-plugin" / "plugin.json")["version"] == project["version"]
    assert (PLUGIN / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_each_hook_is_a_command_in_shell_form_for_its_own_event() -> None:
    commands = _commands()
    assert {event: command for event, (command, _) in commands.items()} == {
        event: f"acrouter hook {event}" for event in commands
    }
    assert set(commands) < set(EVENTS)
    assert {"PreToolUse", "PostToolUse", "SubagentStop", "StopFailure", "SessionStart", "SessionEnd"} <= set(commands)


@pytest.mark.parametrize("tool", ["Agent", "Task", "spawn_agent", "collaborationspawn_agent", "Bash", "TaskCreate"])
def test_hooks_of_tools_run_only_where_a_subagent_starts(tool: str) -> None:
    matchers = {matcher for event, (_, matcher) in _commands().items() if "Tool" in event}
    assert [bool(re.fullmatch(matcher, tool)) for matcher in matchers] == [is_spawn(tool)]


def test_each_agent_names_a_model_that_the_client_s_field_does_not_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_PLUGIN_ROOT", str(PLUGIN))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    agents = agents_of(str(tmp_path))
    assert set(agents) == {f"acrouter:{file.stem}" for file in (PLUGIN / "agents").glob("*.md")}
    known = {name: resolve(model) for name, model in agents.items()}
    assert all(model and model.provider == "anthropic" for model in known.values())
    assert not any(claude_code_name(model) for model in agents.values())


def test_the_server_is_started_by_a_command_that_is_installed() -> None:
    server = _json(PLUGIN / ".mcp.json")["mcpServers"]["acrouter"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert server["command"] in scripts
    assert server["args"] == ["serve"]


def test_the_server_in_codex_has_the_memory_of_the_hooks_and_the_keys() -> None:
    server = _json(PLUGIN / ".mcp.json")["mcpServers"]["acrouter"]
    place = Place(env={"HOME": "/home/u"}, project=Path("/home/u/shop"))
    assert {**codex.client(place).written, "command": "acrouter", "args": ["serve"]} == server


def test_the_folder_survives_being_copied_as_clients_copy_it(tmp_path: Path) -> None:
    copy = shutil.copytree(PLUGIN, tmp_path / "plugin")
    assert not [path for path in copy.rglob("*") if path.is_symlink()]
    texts = [path.read_text(encoding="utf-8") for path in copy.rglob("*") if path.is_file()]
    assert not [text for text in texts if str(ROOT) in text or "../" in text]
