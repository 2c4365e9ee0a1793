"""Codex: `config.toml`, of the user or of a project that the user trusts.

Codex hands a server only a few environment variables: those that ours reads are named, so that its memory is the
one of other clients and its keys are found. Under approval policy "never" Codex refuses a tool that may reach the
outside, as `route_task` in delegate mode does, unless the server's tools are approved.
"""

from mcp_router.clients.client import INHERITED, START, Client, Place
from mcp_router.clients.tomltext import SYNTAX

TIMEOUT_S = 300
"""A first look at a huge repository may take longer than the 60 s after which Codex gives a call up."""


def client(place: Place) -> Client:
    """Codex at this place."""
    folder = place.folder("CODEX_HOME", ".codex")
    return Client(
        name="codex",
        title="Codex",
        files={"user": (folder / "config.toml",), "project": (place.project / ".codex/config.toml",)},
        path=("mcp_servers",),
        written={
            "command": place.python,
            "args": list(START),
            "env_vars": list(dict.fromkeys((*INHERITED, *place.keys))),
            "default_tools_approval_mode": "approve",
            "tool_timeout_sec": TIMEOUT_S,
        },
        place=place,
        folders=(folder,),
        command="codex",
        syntax=SYNTAX,
        empty="",
        next_step={
            "user": "New sessions have it; `codex mcp list` shows it.",
            "project": "Codex reads this file in projects that you trust; start `codex` there once and trust it.",
        },
    )
