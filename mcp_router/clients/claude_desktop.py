"""Claude Desktop: `claude_desktop_config.json` of the user; it knows no projects."""

from mcp_router.clients.client import START, Client, Place


def client(place: Place) -> Client:
    """Claude Desktop at this place."""
    folder = place.app_data / "Claude"
    return Client(
        name="claude-desktop",
        title="Claude Desktop",
        files={"user": (folder / "claude_desktop_config.json",)},
        path=("mcpServers",),
        written={"command": place.python, "args": list(START), **place.graphical_env()},
        place=place,
        folders=(folder,),
        next_step={"user": "Quit Claude Desktop and start it again."},
    )
