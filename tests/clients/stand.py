"""A user with an empty home and a project, for the clients to be looked for in."""

from __future__ import annotations

from pathlib import Path

from mcp_router.clients import Client, Place, clients

PYTHON = "/opt/acrouter/bin/python"
"""Stands for the environment's interpreter in golden files."""
GOLDEN = Path(__file__).parent / "golden"
NAMES = ("claude-code", "cursor", "codex", "vscode", "opencode", "claude-desktop")


def place(folder: Path, platform: str = "linux", **env: str) -> Place:
    """An environment that knows nothing but a home folder and a project in `folder`."""
    home, project = folder / "home", folder / "project"
    home.mkdir(exist_ok=True)
    project.mkdir(exist_ok=True)
    return Place(env={"HOME": str(home), "PATH": "", **env}, project=project, platform=platform, python=PYTHON)


def client(name: str, folder: Path) -> Client:
    """One client at such a place."""
    return next(one for one in clients(place(folder)) if one.name == name)


def golden(name: str, state: str) -> Path:
    """The golden file of a client: "new", "existing" or "existing.installed"."""
    return GOLDEN / name / f"{state}{'.toml' if name == 'codex' else '.json'}"
