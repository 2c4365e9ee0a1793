"""Cursor: `mcp.json` in `.cursor`, of the user or of a project."""

from mcp_router.clients.client import START, Client, Place


def client(place: Place) -> Client:
    """Cursor at this place."""
    return Client(
        name="cursor",
        title="Cursor",
        files={"user": (place.home / ".cursor/mcp.json",), "project": (place.project / ".cursor/mcp.json",)},
        path=("mcpServers",),
        written={"command": place.python, "args": list(START), **place.graphical_env()},
        place=place,
        folders=(place.home / ".cursor",),
        command="cursor",
        next_step=dict.fromkeys(("user", "project"), "Switch the server on in Cursor's settings, under MCP."),
    )
