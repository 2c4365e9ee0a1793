"""Clients whose files are not edited: what to put into which file."""

from __future__ import annotations

import json
from dataclasses import dataclass

from mcp_router.clients.client import NAME, START, Place


@dataclass(frozen=True)
class Snippet:
    """What a user puts into a client's file by hand."""

    name: str
    title: str
    file: str
    """The file, for the user to find."""
    text: str


def snippets(place: Place) -> tuple[Snippet, ...]:
    """The snippet of each client, at this place."""
    server = {"command": place.python, "args": list(START), **place.graphical_env()}
    servers = _json("mcpServers", server)
    return (
        Snippet(
            "zed", "Zed", "settings.json, opened by the command `zed: open settings`", _json("context_servers", server)
        ),
        Snippet("windsurf", "Windsurf", "~/.codeium/windsurf/mcp_config.json", servers),
        Snippet("gemini-cli", "Gemini CLI", "~/.gemini/settings.json, or .gemini/settings.json of a project", servers),
        Snippet(
            "cline",
            "Cline",
            "cline_mcp_settings.json, opened by Configure MCP Servers; ~/.cline/data/settings/ for its command line",
            servers,
        ),
        Snippet("goose", "Goose", "~/.config/goose/config.yaml", _goose(place)),
    )


def _json(key: str, server: object) -> str:
    return json.dumps({key: {NAME: server}}, indent=2, ensure_ascii=False)


def _goose(place: Place) -> str:
    # Strings, lists and tables in JSON's form are YAML too.
    lines = {
        "enabled": True,
        "type": "stdio",
        "name": NAME,
        "cmd": place.python,
        "args": list(START),
        "envs": place.graphical_env().get("env", {}),
        "timeout": 300,
    }
    said = "".join(f"    {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in lines.items())
    return f"extensions:\n  {NAME}:\n{said}".rstrip()
