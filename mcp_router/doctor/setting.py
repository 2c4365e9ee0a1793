"""The program itself, its settings, and what the repository makes of them."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from mcp_router import version
from mcp_router.config import REPOSITORY_FILE, is_off, load_config
from mcp_router.doctor.findings import Finding, Ground, failure, not_applicable, ok, told, warning
from mcp_router.effective import effective
from mcp_router.errors import BadInput
from mcp_router.models import resolve


def program(ground: Ground) -> Iterator[Finding]:
    """Which acrouter this is, and whether hooks, which call it by its name, find it."""
    yield ok("program", f"acrouter {version()} on Python {platform.python_version()}, {platform.system()}")
    if is_off():
        yield warning("program", "ACROUTER_OFF is set, so all of it stands aside", "unset ACROUTER_OFF")
    found = shutil.which("acrouter", path=ground.env.get("PATH", os.defpath))
    beside = Path(sys.executable).parent
    if found:
        yield ok("command", f"hooks find the command acrouter at {found}")
    else:
        fix = f'export PATH={shlex.quote(str(beside))}:"$PATH"'
        yield warning("command", "the command acrouter is not on the PATH, so hooks of the plugin do nothing", fix)


def settings(ground: Ground) -> Iterator[Finding]:
    """The user's own file."""
    file = ground.home / "config.toml"
    try:
        config = load_config(ground.home)
    except BadInput as error:
        yield told("settings", error)
        return
    if not file.is_file():
        yield ok("settings", f"no {file}: defaults hold, and the candidates are those of your client")
    else:
        yield ok("settings", f"{file} is right; models configured: {len(config.models)}")
    for pattern, floor in config.floor.items():
        model = floor.partition("@")[0]
        if not {floor, model} & config.models.keys() and resolve(model) is None:
            says = f"floor: {floor}, set for {pattern}, is no model that is known, so such tasks are refused"
            yield failure("settings", says, "[floor]  # in config.toml: a word or a path pattern = a model")


def repository_settings(ground: Ground) -> Iterator[Finding]:
    """The repository's file."""
    if ground.config is None:
        yield not_applicable("repository settings", "config.toml has to be put right first")
        return
    try:
        found = effective(ground.home, ground.folder)
    except BadInput as error:
        yield told("repository settings", error)
        return
    if found.repository_file is None:
        yield not_applicable("repository settings", f"there is no {REPOSITORY_FILE} here")
        return
    waiting = [one for one in found.refused if "acrouter trust" in one.why]
    others = len(found.refused) - len(waiting)
    yield ok(
        "repository settings",
        f"{found.repository_file} is right; {others} of its wishes are beyond what you allow (`acrouter config show`)",
    )
    for one in waiting:
        yield warning("repository settings", f"{one.key} waits: {one.why}", "acrouter trust")
