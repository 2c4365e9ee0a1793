"""VS Code: `mcp.json` of the user's profile, or in a project's `.vscode`."""

from mcp_router.clients.client import START, Client, Place


def client(place: Place) -> Client:
    """VS Code at this place."""
    folder = place.app_data / "Code"
    return Client(
        name="vscode",
        title="VS Code",
        files={"user": (folder / "User/mcp.json",), "project": (place.project / ".vscode/mcp.json",)},
        path=("servers",),
        written={"type": "stdio", "command": place.python, "args": list(START), **place.graphical_env()},
        place=place,
        folders=(folder,),
        command="code",
        next_step=dict.fromkeys(("user", "project"), "Start the server by `MCP: List Servers` and trust it."),
    )
