"""Claude Code: `.claude.json` of the user, a large file that the client itself writes; `.mcp.json` of a project."""

from mcp_router.clients.client import START, Client, Place


def client(place: Place) -> Client:
    """Claude Code at this place."""
    folder = place.folder("CLAUDE_CONFIG_DIR", ".claude")
    file = (folder if place.env.get("CLAUDE_CONFIG_DIR") else place.home) / ".claude.json"
    return Client(
        name="claude-code",
        title="Claude Code",
        # Where there is an older .config.json Claude Code goes on with it.
        files={"user": (folder / ".config.json", file), "project": (place.project / ".mcp.json",)},
        path=("mcpServers",),
        written={"type": "stdio", "command": place.python, "args": list(START)},
        place=place,
        folders=(folder, file),
        command="claude",
        next_step={
            "user": "New sessions have it; `claude mcp list` says whether it is connected.",
            "project": "Start `claude` there once and approve the server.",
        },
    )
