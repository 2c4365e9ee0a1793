"""After `acrouter install` each client lists the server, and after its undo none does."""

from __future__ import annotations

import pytest

from .conftest import Hire

LISTS = {
    "claude-code": (("claude", "mcp", "list"), "✔ Connected"),
    "codex": (("codex", "mcp", "list"), "enabled"),
    "opencode": (("opencode", "mcp", "list"), "connected"),
}
"""Codex's list does not connect; that it can is held by its sessions."""


@pytest.mark.parametrize("client", LISTS)
def test_the_client_lists_the_server_until_it_is_removed(hire: Hire, client: str) -> None:
    user = hire({})
    command, mark = LISTS[client]
    user.install(client)
    listed = user.run(*command).well().stdout
    assert any("acrouter" in line and mark in line for line in listed.splitlines()), listed
    user.run("acrouter", "install", client, "--remove", "--yes").well()
    assert "acrouter" not in user.run(*command).well().stdout
