"""Where clients have their files, on each platform, and how they are seen to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_router.clients import clients
from mcp_router.clients.client import is_ours

from .stand import client, place


def files(folder: Path, platform: str, **env: str) -> dict[str, str]:
    found = {one.name: one.file("user") for one in clients(place(folder, platform, **env))}
    return {name: path.relative_to(folder).as_posix() for name, path in found.items()}


def test_files_of_the_user_on_linux(tmp_path: Path) -> None:
    assert files(tmp_path, "linux") == {
        "claude-code": "home/.claude.json",
        "cursor": "home/.cursor/mcp.json",
        "codex": "home/.codex/config.toml",
        "vscode": "home/.config/Code/User/mcp.json",
        "opencode": "home/.config/opencode/opencode.json",
        "claude-desktop": "home/.config/Claude/claude_desktop_config.json",
    }


def test_files_of_the_user_on_macos_and_windows(tmp_path: Path) -> None:
    mac = files(tmp_path, "darwin")
    assert mac["vscode"] == "home/Library/Application Support/Code/User/mcp.json"
    assert mac["claude-desktop"] == "home/Library/Application Support/Claude/claude_desktop_config.json"
    assert mac["opencode"] == "home/.config/opencode/opencode.json"
    windows = files(tmp_path, "win32", USERPROFILE=str(tmp_path / "u"), APPDATA=str(tmp_path / "roaming"))
    assert windows["vscode"] == "roaming/Code/User/mcp.json"
    assert windows["claude-desktop"] == "roaming/Claude/claude_desktop_config.json"
    assert windows["cursor"] == "u/.cursor/mcp.json"


def test_folders_that_the_environment_names_count(tmp_path: Path) -> None:
    named = {"CLAUDE_CONFIG_DIR": "cc", "CODEX_HOME": "cx", "XDG_CONFIG_HOME": "xdg"}
    found = files(tmp_path, "linux", **{name: str(tmp_path / folder) for name, folder in named.items()})
    assert found["claude-code"] == "cc/.claude.json"
    assert found["codex"] == "cx/config.toml"
    assert found["opencode"] == "xdg/opencode/opencode.json"


def test_opencode_keeps_to_the_file_that_is_there(tmp_path: Path) -> None:
    one = client("opencode", tmp_path)
    folder = tmp_path / "home/.config/opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.jsonc").write_text("{} // mine\n")
    assert one.file("user").name == "opencode.jsonc"
    (folder / "opencode.json").write_text('{"mcp": {"acrouter": {}}}')
    assert one.file("user").name == "opencode.json"


def test_a_client_is_seen_by_its_folder_or_its_command(tmp_path: Path) -> None:
    assert not any(one.installed() for one in clients(place(tmp_path)))
    (tmp_path / "home/.cursor").mkdir()
    command = tmp_path / "bin/codex"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho 'codex-cli 0.169.0'\n")
    command.chmod(0o755)
    there = [one for one in clients(place(tmp_path, PATH=str(command.parent))) if one.installed()]
    assert [(one.name, one.version()) for one in there] == [("cursor", None), ("codex", "0.169.0")]


def test_a_graphical_client_is_told_where_the_memory_is(tmp_path: Path) -> None:
    found = {one.name: one.written for one in clients(place(tmp_path, ACROUTER_HOME=str(tmp_path / "state")))}
    for name in ("cursor", "vscode", "claude-desktop"):
        assert found[name]["env"] == {"ACROUTER_HOME": str(tmp_path / "state")}
    # A terminal hands its environment on; Codex hands on what is named.
    assert "env" not in found["claude-code"]
    assert "ACROUTER_HOME" in found["codex"]["env_vars"]


@pytest.mark.parametrize(
    ("entry", "ours"),
    [
        ({"command": "acrouter", "args": ["serve"]}, True),
        ({"command": "C:\\env\\Scripts\\acrouter.exe", "args": ["serve"]}, True),
        ({"type": "local", "command": ["/x/python", "-I", "-m", "mcp_router", "serve"]}, True),
        ({"command": "uvx", "args": ["acrouter", "serve"]}, True),
        ({"command": "npx", "args": ["-y", "acrouter-tools"]}, False),
        ({"url": "https://example.org/acrouter"}, False),
        ("acrouter", False),
    ],
)
def test_our_entry_is_known_by_what_it_starts(entry: object, ours: bool) -> None:
    assert is_ours(entry) is ours
