"""The command that puts the server into a client's configuration and takes it out again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_router.cli_common import as_json as json_option
from mcp_router.cli_common import show

if TYPE_CHECKING:
    from mcp_router.clients import Client, Scope
    from mcp_router.clients.by_hand import Snippet
    from mcp_router.clients.install import Change

WRITTEN = ("claude-code", "cursor", "codex", "vscode", "opencode", "claude-desktop")
SHOWN = ("zed", "windsurf", "gemini-cli", "cline", "goose")
LINE_LIMIT = 200
"""Characters of a line of the change that are shown: some clients keep a whole history in one line."""
DONE = {
    "installed": "acrouter is in {file}.",
    "updated": "acrouter in {file} is as it should be again.",
    "replaced": "acrouter in {file} starts this server now.",
    "unchanged": "acrouter is in {file} already.",
    "restored": "{file} is what it was before, byte for byte.",
    "deleted": "{file} is gone; it held nothing but our entry.",
    "removed": "acrouter is out of {file}.",
    "absent": "acrouter is not in {file}.",
}


@click.command()
@click.argument("client", type=click.Choice([*WRITTEN, *SHOWN]), required=False)
@click.option("--scope", type=click.Choice(["user", "project"]), default="user", show_default=True)
@click.option("--all", "every", is_flag=True, help="Every client that is on this machine.")
@click.option("--remove", is_flag=True, help="Undo: give the file back as it was, or take out our entry only.")
@click.option("--dry-run", is_flag=True, help="Show the change, write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, and replace an entry of our name that starts something else.")
@json_option
def install(client: str | None, every: bool, scope: Scope, remove: bool, as_json: bool, **how: bool) -> None:
    """Put the server into CLIENT's configuration: the change is shown first, a backup is kept, --remove undoes it."""
    from mcp_router.clients import here
    from mcp_router.clients.by_hand import snippets

    if (client is None) != every:
        raise click.UsageError("name one CLIENT, or --all for those that are on this machine.")
    place = here()
    if not remove and not {".cache", "cache", "Caches"}.isdisjoint(Path(place.python).parts):
        click.echo(
            f"acrouter: {place.python} lies in a cache and may vanish; better run `uv tool install acrouter` first.",
            err=True,
        )
    by_hand = next((one for one in snippets(place) if one.name == client), None)
    if by_hand:
        _show_snippet(by_hand, remove, as_json)
        return
    results = [_one(found, scope, remove, as_json, **how) for found in _chosen(client, scope, remove)]
    if as_json:
        show({"clients": results}, True)
    elif not results:
        click.echo(f"Found nowhere: {', '.join(WRITTEN)}. Name one to install it all the same.")
    if "failed" in (statuses := {result["status"] for result in results}):
        sys.exit(2)
    sys.exit(1 if "declined" in statuses or not results else 0)


def _chosen(name: str | None, scope: Scope, remove: bool) -> list[Client]:
    from mcp_router.clients import clients

    if name:
        return [one for one in clients() if one.name == name]
    # What is to be taken out may be left of a client that is gone.
    return [one for one in clients() if scope in one.files and (remove or one.installed())]


def _one(client: Client, scope: Scope, remove: bool, as_json: bool, dry_run: bool, yes: bool) -> dict[str, Any]:
    """Plan, show, ask, write; what came of it."""
    from mcp_router.clients.install import plan, write
    from mcp_router.errors import BadInput

    result: dict[str, Any] = {"client": client.name, "scope": scope}
    try:
        change = plan(client, scope, remove)
        changes = change.before != change.after
        result |= {"file": str(change.file), "diff": _diff(change), "backup": None}
        if not as_json:
            _show_change(change, result["diff"])
        if changes and dry_run:
            return result | {"status": f"would be {change.status}"}
        if changes and not _agreed(change, yes, as_json):
            return result | {"status": "declined"}
        backup = write(change)
    except (BadInput, OSError) as error:
        sentence = str(error)
        if isinstance(error, OSError):
            file = result.get("file", client.title)
            sentence = f"{file}: {error.strerror}; nothing was written; make room, or make its folder writable for you."
        click.echo(f"acrouter: {sentence}", err=True)
        return result | {"status": "failed", "error": sentence}
    if not as_json:
        _show_done(change, str(backup) if backup else None)
    return result | {"status": change.status, "backup": str(backup) if backup else None}


def _agreed(change: Change, yes: bool, as_json: bool) -> bool:
    """Whether to write: --yes says so, a person is asked, and anything else may do what overwrites nobody."""
    from mcp_router.errors import BadInput

    if yes:
        return True
    if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        question = "This entry starts another program. Replace it?" if change.foreign else "Write this?"
        return click.confirm(question, default=not change.foreign)
    if change.foreign:
        raise BadInput(f"acrouter in {change.file} starts another program; nothing was written; --yes overrules this.")
    return True


def _diff(change: Change) -> str:
    """The change as a unified diff; secrets of other entries beside ours are not shown."""
    import difflib

    from memory_store.redact import redact

    before, after = (redact(text or "").splitlines() for text in (change.before, change.after))
    old, new = ("/dev/null" if text is None else str(change.file) for text in (change.before, change.after))
    lines = difflib.unified_diff(before, after, old, new, n=0, lineterm="")
    shown = ("".join(char if char.isprintable() or char == "\t" else " " for char in line) for line in lines)
    return "\n".join(line if len(line) <= LINE_LIMIT else f"{line[:LINE_LIMIT]}…" for line in shown)


def _show_change(change: Change, diff: str) -> None:
    click.echo(f"{change.client.title}, {change.scope}: {change.file}")
    for line in diff.splitlines():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=colour)


def _show_done(change: Change, backup: str | None) -> None:
    click.echo(DONE[change.status].format(file=change.file))
    if backup:
        click.echo(f"Backup: {backup}")
    if change.status in ("installed", "updated", "replaced"):
        click.echo(change.client.next_step[change.scope])


def _show_snippet(snippet: Snippet, remove: bool, as_json: bool) -> None:
    if as_json:
        show({"client": snippet.name, "file": snippet.file, "snippet": snippet.text, "status": "by hand"}, True)
        return
    todo = "Take this out of" if remove else "Put this into"
    click.echo(f"{todo} {snippet.file}:\n\n{snippet.text}\n")
