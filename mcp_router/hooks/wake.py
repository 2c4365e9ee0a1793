"""What a server or a command does for hooks: takes up what they left, and has the snapshots renewed."""

from __future__ import annotations

import contextlib

from mcp_router.config import is_off
from mcp_router.hooks.events import CLAUDE_CODE
from mcp_router.hooks.inbox import INBOX, drop, start_worker
from mcp_router.session import Session


def wake(session: Session, client: str = CLAUDE_CODE) -> None:
    """Start the worker where hooks choose, or have left something; it knows this session's folder from then on, and
    keeps the snapshot for the client."""
    home = session.home
    left = any(any((home / name).glob("*.json")) for name in (INBOX, "hooks/calls"))
    if is_off() or (session.config.route == "observe" and not left):
        return
    with contextlib.suppress(OSError):
        drop(home, {"event": "Wake", "client": client, "cwd": str(session.folder)})
        start_worker(home)
