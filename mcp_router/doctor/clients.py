"""The clients on this machine: their versions, and whether each starts our server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

from mcp_router.clients import Client, Place, clients
from mcp_router.clients.client import is_ours
from mcp_router.doctor.findings import Finding, Ground, failure, not_applicable, ok, told, warning
from mcp_router.doctor.plugins import plugin, plugin_enabled
from mcp_router.errors import BadInput


def client_entries(ground: Ground) -> Iterator[Finding]:
    """Each client that is here: what it starts as our server, and our plugin."""
    absent = []
    for client in asked_for(ground):
        if client.installed():
            yield from _client(ground, client)
        elif ground.only_clients:
            yield failure(f"client {client.name}", f"{client.title} is not on this machine", f"install {client.title}")
        else:
            absent.append(client.title)
    if absent:
        yield not_applicable("clients", f"not on this machine: {', '.join(absent)}")


def asked_for(ground: Ground) -> list[Client]:
    """The clients to look at: those asked for, else all.

    Raises:
        BadInput: there is no client of a name that was asked for.
    """
    repository = ground.repository()
    keys = ground.config.key_names if ground.config else ()
    root = repository.root if repository else ground.folder
    known = clients(Place(env=ground.env, project=root, keys=keys))
    names = [client.name for client in known]
    for name in ground.only_clients:
        if name not in names:
            raise BadInput(f"--client: {name!r} is not known; choose among {', '.join(names)}.")
    return [client for client in known if not ground.only_clients or client.name in ground.only_clients]


def _client(ground: Ground, client: Client) -> Iterator[Finding]:
    check, version = f"client {client.name}", client.version()
    title = f"{client.title} {version}" if version else client.title
    try:
        entries = {scope: entry for scope in client.files if (entry := client.entry(scope)) is not None}
    except BadInput as error:
        yield told(check, error)
        return
    install = f"acrouter install {client.name}"
    by_plugin = bool(plugin_enabled(client))
    if by_plugin and not entries:
        yield ok(check, f"{title} starts the server, by the plugin")
    elif not entries:
        yield warning(check, f"{title} is here and does not start the server", install)
    for scope, entry in entries.items():
        fix = f"{install} --scope {scope}"
        if not is_ours(entry):
            yield warning(
                check, f"{title}: the entry acrouter of its {scope} file starts something else", f"{fix} --yes"
            )
        elif (program := _program(entry)) and not shutil.which(program, path=ground.env.get("PATH")):
            yield failure(check, f"{title}: its {scope} file starts {program}, which is not there", fix)
        elif entry.get("enabled") is False or entry.get("disabled") is True:
            yield warning(check, f"{title} has the server in its {scope} file, switched off", fix)
        elif missing := _not_handed_on(client, entry):
            yield warning(check, f"{title} starts the server without {', '.join(missing)}, which models need", fix)
        else:
            yield ok(check, f"{title} starts the server, by its {scope} file")
            if by_plugin:
                yield warning(
                    check, f"{title} starts the server by the plugin too, so it is there twice", f"{fix} --remove"
                )
    yield from plugin(ground, client)


def _not_handed_on(client: Client, entry: Any) -> list[str]:
    """Variables that the server reads, of which a client hands on only those that its entry names."""
    wanted, named = client.written.get("env_vars", []), entry.get("env_vars")
    return [name for name in wanted if name not in (named if isinstance(named, list) else [])]


def _program(entry: Any) -> str | None:
    command = entry.get("command") if isinstance(entry, dict) else None
    first = command[0] if isinstance(command, list) and command else command
    return first if isinstance(first, str) else None
