"""opencode: `opencode.json` or `opencode.jsonc`, of the user or of a project."""

from mcp_router.clients.client import START, Client, Place

EMPTY = '{\n  "$schema": "https://opencode.ai/config.json"\n}\n'
"""opencode adds the schema to a file that lacks it."""

TIMEOUT_MS = 60_000
"""opencode gives a server 5 s to start and to answer, which a cold disk or a large repository can take."""


def client(place: Place) -> Client:
    """opencode at this place. It keeps to XDG folders on every platform."""
    folder = place.folder("XDG_CONFIG_HOME", ".config") / "opencode"
    names = ("opencode.jsonc", "opencode.json")
    return Client(
        name="opencode",
        title="opencode",
        files={"user": tuple(folder / name for name in names), "project": tuple(place.project / n for n in names)},
        path=("mcp",),
        written={"type": "local", "command": [place.python, *START], "enabled": True, "timeout": TIMEOUT_MS},
        place=place,
        folders=(folder, place.folder("XDG_DATA_HOME", ".local/share") / "opencode"),
        command="opencode",
        empty=EMPTY,
        next_step=dict.fromkeys(("user", "project"), "New sessions have it; `opencode mcp list` shows it."),
    )
