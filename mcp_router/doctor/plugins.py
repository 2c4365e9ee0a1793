"""Our plugin in the clients that take it: installed, turned on, and its hooks running."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mcp_router.clients import Client
from mcp_router.doctor.codex_hooks import hook_trust
from mcp_router.doctor.findings import Finding, Ground, ok, warning

OURS = "acrouter@"
"""How our plugin is called in settings, before the name of its marketplace."""
COMMANDS = {"claude-code": ("claude", "install", "enable"), "codex": ("codex", "add", "add")}
"""The clients that take it, with their command, and what it calls installing a plugin and turning it on."""
MARKETPLACE = Path(__file__).parents[2] / "examples"


def plugin(ground: Ground, client: Client) -> Iterator[Finding]:
    """Whether what our plugin does without the model's help is done in this client."""
    if client.name not in COMMANDS:
        return
    check, enabled = f"plugin {client.name}", plugin_enabled(client)
    command, install, enable = COMMANDS[client.name]
    if enabled is None:
        place = MARKETPLACE if (MARKETPLACE / ".claude-plugin").is_dir() else "FOLDER_OF_EXAMPLES"
        fix = f"{command} plugin marketplace add {place} && {command} plugin {install} acrouter@acrouter"
        yield warning(check, "not installed: nothing is routed unless the model asks for it", fix)
    elif not enabled:
        yield warning(check, "turned off, so its hooks do not run", f"{command} plugin {enable} acrouter@acrouter")
    elif client.name == "codex":
        yield from hook_trust(ground, client)
    elif any(settings.get("disableAllHooks") is True for settings in _claude_settings(client)):
        yield warning(check, "turned on, but `disableAllHooks` is set", '"disableAllHooks": false  # in settings.json')
    else:
        yield ok(check, "turned on, so its hooks run")


def plugin_enabled(client: Client) -> bool | None:
    """Whether our plugin is turned on; None: it is not installed, or the client has no plugins."""
    found = [
        bool(value.get("enabled") if isinstance(value, dict) else value)
        for table in _plugins(client)
        if isinstance(table, dict)
        for name, value in table.items()
        if name.startswith(OURS)
    ]
    return found[-1] if found else None


def _plugins(client: Client) -> list[Any]:
    if client.name == "claude-code":
        return [settings.get("enabledPlugins") for settings in _claude_settings(client)]
    return [_toml(client.file("user")).get("plugins")] if client.name == "codex" else []


def _claude_settings(client: Client) -> list[dict[str, Any]]:
    """Claude Code's settings, the ones that count more last."""
    own = client.place.folder("CLAUDE_CONFIG_DIR", ".claude") / "settings.json"
    project = client.place.project / ".claude"
    return [_json(path) for path in (own, project / "settings.json", project / "settings.local.json")]


def _json(path: Path) -> dict[str, Any]:
    """An object from a file; empty where there is none that can be read: the client tells of that itself."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
