"""Puts our entry into a client's file and takes it out again: planned first, then written, exactly undone.

Undo needs no record of its own. Each write leaves a backup beside the file; a backup that becomes the file as it is
now when our entry is put into it shows that nobody touched the file since, so it is given back byte for byte. A file
that is exactly what we would make anew, with no such backup, was made by us and goes. Any other file only loses the
entry.
"""

from __future__ import annotations

import copy
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mcp_router.clients.client import NAME, Client, Scope, is_blank, is_ours, read
from mcp_router.clients.files import back_up, backups_of, delete, replace
from mcp_router.errors import BadInput

ENFORCED = ("type", "command", "args")
"""What an entry of ours must say as we write it; the rest is added where it is missing, and the user's to change."""

SWITCHED_ON = {"enabled": True, "disabled": False}
"""How clients say that an entry counts; who installs the server wants it to."""

Status = Literal["installed", "updated", "replaced", "unchanged", "restored", "deleted", "removed", "absent"]


@dataclass(frozen=True)
class Change:
    """What would be done to one client's file."""

    client: Client
    scope: Scope
    file: Path
    before: str | None
    """The text now; None when there is no file."""
    after: str | None
    """The text to be; None when there is to be no file."""
    status: Status
    foreign: bool = False
    """The entry of our name that is there starts something else."""
    spent: tuple[Path, ...] = ()
    """Backups that hold nothing more once this is done."""


def plan(client: Client, scope: Scope, remove: bool = False) -> Change:
    """What installing or removing would change; writes nothing.

    Raises:
        BadInput: the client has no such scope, or its file cannot be read or edited; names the line and the fix.
    """
    file = client.file(scope)
    text = read(file)
    entry = None if text is None else client.entry_in(text, file)
    try:
        made = _removal(client, scope, file, text, entry) if remove else _entry(client, scope, file, text, entry)
        if made.before != made.after and made.status in ("installed", "updated", "replaced", "removed"):
            _check(made)
    except BadInput as error:
        raise BadInput(f"{file} was left alone: {error}") from None
    return made


def write(change: Change) -> Path | None:
    """Carry a plan out; returns the backup that it left, if any.

    Raises:
        BadInput: the file was changed since the plan was made; nothing was written.
        OSError: it cannot be written.
    """
    if change.before == change.after:
        return None
    if read(change.file) != change.before:
        raise BadInput(f"{change.file} was changed meanwhile; nothing was written; run the command again.")
    exact = change.status in ("restored", "deleted") and _as_written(change)
    backup = None if exact or change.before is None else back_up(change.file)
    if change.after is None:
        place = change.client.place
        # A folder that the environment names is the user's own, empty or not.
        delete(change.file, {place.home, place.project, *(Path(value) for value in place.env.values() if value)})
    else:
        replace(change.file, change.after.encode(), private=change.scope == "user")
    for spent in change.spent:
        spent.unlink(missing_ok=True)
    return backup


def _entry(client: Client, scope: Scope, file: Path, text: str | None, entry: Any) -> Change:
    if entry is None:
        return Change(client, scope, file, text, _with_entry(client, text, client.written), "installed")
    assert text is not None
    path = (*client.path, NAME)
    if not is_ours(entry):
        after = client.syntax.put(text, path, client.written, whole=True)
        return Change(client, scope, file, text, after, "replaced", foreign=True)
    after = client.syntax.put(text, path, _wanted(client, entry), whole=False)
    return Change(client, scope, file, text, after, "unchanged" if after == text else "updated")


def _wanted(client: Client, entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry of ours is to say: as we write it where that is enforced or missing, and switched on."""
    wanted = {key: value for key, value in client.written.items() if key in ENFORCED or key not in entry}
    for key, value in client.written.items():
        if key not in wanted and isinstance(value, list) and isinstance(entry[key], list):
            # Variables that the server reads now, beside those that the user added.
            wanted[key] = list(dict.fromkeys((*entry[key], *value)))
    return wanted | {key: state for key, state in SWITCHED_ON.items() if entry.get(key) is (not state)}


def _as_written(change: Change) -> bool:
    """Whether our entry in the file is as we wrote it, so that nothing of the user's goes with it."""
    entry = change.client.entry_in(change.before or "", change.file)
    return isinstance(entry, dict) and all(change.client.written.get(key) == value for key, value in entry.items())


def _removal(client: Client, scope: Scope, file: Path, text: str | None, entry: Any) -> Change:
    if text is None or entry is None:
        return Change(client, scope, file, text, text, "absent")
    backups = [(path, read(path) or "") for path in backups_of(file)]
    if is_ours(entry):
        for path, old in reversed(backups):
            if not is_ours(_entry_of(client, old)) and _made_from(client, old, entry) == text:
                spent = tuple(p for p, t in backups if p == path or _made_from(client, old, _entry_of(client, t)) == t)
                return Change(client, scope, file, text, old, "restored", spent=spent)
        if _made_from(client, None, entry) == text:
            spent = tuple(p for p, t in backups if _made_from(client, None, _entry_of(client, t)) == t)
            return Change(client, scope, file, text, None, "deleted", spent=spent)
    after = client.syntax.drop(text, (*client.path, NAME))
    return Change(client, scope, file, text, after, "removed", foreign=not is_ours(entry))


def _with_entry(client: Client, text: str | None, entry: Any) -> str:
    base = client.empty if text is None or is_blank(text) else text
    return client.syntax.put(base, (*client.path, NAME), entry, whole=True)


def _made_from(client: Client, text: str | None, entry: Any) -> str | None:
    """The text with the entry put into it; None where that cannot be done."""
    with suppress(BadInput):
        return _with_entry(client, text, entry) if isinstance(entry, dict) else None
    return None


def _entry_of(client: Client, text: str) -> Any:
    with suppress(BadInput):
        return client.entry_in(text, Path())
    return None


def _check(change: Change) -> None:
    """Read the result: it has to say what the file said, with our entry or without one."""
    client, was = change.client, change.before or ""
    before = client.syntax.read(client.empty if is_blank(was) else was)
    try:
        after = client.syntax.read(change.after or "")
    except BadInput as error:
        raise BadInput(f"its form has no room for a table of its own ({error}); edit it by hand.") from None
    entry = client.entry_in(change.after or "", change.file)
    as_meant = entry is None if change.status == "removed" else is_ours(entry)
    if not as_meant or _others(before, client.path) != _others(after, client.path):
        raise BadInput("its form is not one that can be edited safely; edit it by hand.")


def _others(data: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The data without our entry, and without the table of servers where it is empty then."""
    rest = copy.deepcopy(data)
    parents = [rest]
    for key in path:
        parents.append(parents[-1].get(key, {}))
    parents[-1].pop(NAME, None)
    for parent, key in zip(reversed(parents[:-1]), reversed(path), strict=True):
        if parent.get(key) == {}:
            del parent[key]
    return rest
