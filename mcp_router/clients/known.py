"""All clients that `acrouter install` writes to, in the order in which they are listed."""

from __future__ import annotations

import os
from pathlib import Path

from mcp_router.clients import claude_code, claude_desktop, codex, cursor, opencode, vscode
from mcp_router.clients.client import Client, Place
from mcp_router.config import load_config
from mcp_router.errors import BadInput


def clients(place: Place | None = None) -> tuple[Client, ...]:
    """Each client at this place, whether it is installed or not; the process's own surroundings when left out."""
    place = place or here()
    return tuple(module.client(place) for module in (claude_code, cursor, codex, vscode, opencode, claude_desktop))


def here() -> Place:
    """The surroundings of this process."""
    folder = Path.cwd()
    project = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    return Place(env=os.environ, project=project, keys=_keys())


def _keys() -> tuple[str, ...]:
    try:
        return load_config().key_names
    except BadInput:
        # Told by the server and by every command that needs the configuration; clients do not.
        return ()
