"""The settings that hold in a folder, each with where it comes from, and what a repository asked for in vain."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mcp_router.budget import least
from mcp_router.config import (
    REPOSITORY_FILE,
    Config,
    RepositoryChecks,
    RepositoryConfig,
    load_config,
    read_repository_config,
)
from mcp_router.errors import RepositoryError
from mcp_router.models import configured_candidates, same_model
from mcp_router.types import HOST
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.sandboxes.plain import Plain
from mcp_router.verifier.terms import Terms, terms_of
from mcp_router.verifier.text import one_line
from mcp_router.verifier.workspace import Repository, open_repository, take_snapshot
from memory_store.redact import redact

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Value:
    """A setting that holds. origin: "default", or the path of the file that says it."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What a repository asked for and was not granted, and why, in one sentence."""

    key: str
    asked: Any
    why: str


@dataclass(frozen=True, slots=True)
class Effective:
    """All settings of a folder. Files that are not there are None; `outside` says why no repository counts."""

    home: Path
    config_file: Path | None
    repository_file: Path | None
    outside: str | None
    values: tuple[Value, ...]
    refused: tuple[Refused, ...]
    key_names: tuple[str, ...]
    """The variables from which models take their keys."""


def effective(home: Path, folder: Path) -> Effective:
    """The settings as they hold for work in `folder`.

    Raises:
        BadInput: one of the two files is wrong; names the key.
    """
    config = load_config(home)
    file = home / "config.toml"
    values = {value.key: value for value in _flat(config, str(file))}
    refused: tuple[Refused, ...] = ()
    own_file, outside = None, None
    try:
        repo = open_repository(folder)
    except RepositoryError as error:
        outside = str(error)
    else:
        own_file = repo.root / REPOSITORY_FILE
        refused = tuple(_narrow(values, repo, own_file, home, config)) if own_file.is_file() else ()
    return Effective(
        home=home,
        config_file=file if file.is_file() else None,
        repository_file=own_file if own_file and own_file.is_file() else None,
        outside=outside,
        values=tuple(replace(one, value=_shown(one.value)) for one in values.values()),
        refused=tuple(replace(one, asked=_shown(one.asked)) for one in refused),
        key_names=config.key_names,
    )


def _narrow(values: dict[str, Value], repo: Repository, file: Path, home: Path, config: Config) -> Iterator[Refused]:
    """Put what the repository changes into `values`; yields what it does not change, though it asks."""
    tree = Tree(repo.root, take_snapshot(repo).tree)
    terms = terms_of(home, repo, tree, config)
    own = read_repository_config(repo.root)
    if tree.text(REPOSITORY_FILE) is None and own.checks.model_fields_set:
        why = f"git ignores {REPOSITORY_FILE}, so what it says of checks does not count; take it out of .gitignore"
        yield Refused("checks", sorted(own.checks.model_fields_set), f"{why}.")
        own = own.model_copy(update={"checks": RepositoryChecks()})
    holding = _holding(config, own, terms)
    for asked in _flat(own, str(file)):
        if asked.origin == DEFAULT:
            continue
        users, holds = values.get(asked.key), holding[asked.key]
        if holds == asked.value and (users is None or users.value != holds):
            values[asked.key] = asked
        elif holds != asked.value:
            yield Refused(asked.key, asked.value, _why(asked, holds, users, terms))
            if users is not None and users.value != holds:
                values[asked.key] = Value(asked.key, holds, str(file))
    named = own.checks.command is not None or own.checks.commands
    if config.checks.isolation == Plain.level and named and not terms.trusted and _commands(config) == (None, ()):
        why = "it would run unprotected; look at it and run `acrouter trust` there, or set checks.isolation to auto"
        yield Refused("checks.command", own.checks.command or list(own.checks.commands), f"{why}.")


def _holding(config: Config, own: RepositoryConfig, terms: Terms) -> dict[str, Any]:
    """What holds for each key that a repository may set."""
    command, commands = _commands(config)
    yours = command is not None or commands
    hidden = own.checks.hidden if terms.hidden else None
    limits = ("timeout_s", "memory_mb", "processes", "disk_mb", "parallel", "report", "network", "diagnostics", "twins")
    return {
        **{f"checks.{name}": getattr(terms, name) for name in limits},
        "checks.command": command if yours else own.checks.command,
        "checks.commands": list(commands if yours else own.checks.commands),
        "checks.hidden.file": hidden.file if hidden else None,
        "checks.hidden.command": hidden.command if hidden else None,
        "budget.run_usd": least(config.budget.run_usd, own.budget.run_usd),
        "candidates": _both(config, own),
    }


def _commands(config: Config) -> tuple[str | None, tuple[str, ...]]:
    return config.checks.command, config.checks.commands


def _both(config: Config, own: RepositoryConfig) -> list[str]:
    """The repository's candidates that the user has too; all of them where the user leaves it to the client."""
    known, asked = configured_candidates(config), list(own.candidates or ())
    if known is None:
        return asked
    return [
        name for name in asked if name == HOST or any(name == one.id or same_model(name, one.model) for one in known)
    ]


def _why(asked: Value, holds: Any, users: Value | None, terms: Terms) -> str:
    if asked.key == "candidates":
        missing = ", ".join(one_line(name) for name in asked.value if name not in holds)
        return f"Not among your candidates: {missing}."
    if asked.key == "checks.network":
        return terms.waiting[0]
    if asked.key.startswith("checks.hidden"):
        return terms.waiting[-1]
    shown = json.dumps(_shown(users.value) if users else None, ensure_ascii=False)
    if shown == "false":
        return "You turned it off, and a repository cannot turn it on."
    if isinstance(users and users.value, int | float):
        return f"Yours is {shown}, and of two limits the lower one holds."
    return f"Yours holds: {shown}." if shown not in ("null", "[]") else "Your own checks hold instead."


def _flat(table: BaseModel, file: str, prefix: str = "") -> Iterator[Value]:
    """Every key of a table and of those within."""
    for name in type(table).model_fields:
        value, origin = getattr(table, name), file if name in table.model_fields_set else DEFAULT
        if isinstance(value, BaseModel):
            yield from _flat(value, file, f"{prefix}{name}.")
        elif isinstance(value, dict) and value:
            for inner, entry in value.items():
                key = f"{prefix}{name}.{_quoted(inner)}"
                if isinstance(entry, BaseModel):
                    yield from _flat(entry, file, f"{key}.")
                else:
                    yield Value(key, entry, origin)
        else:
            yield Value(f"{prefix}{name}", list(value) if isinstance(value, tuple) else value, origin)


def _shown(value: Any) -> Any:
    """Without the passwords that somebody may have written into a command or an address."""
    if isinstance(value, str):
        return redact(value)
    return [redact(item) for item in value] if isinstance(value, list) else value


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def variable(name: str, secret: bool) -> dict[str, Any]:
    """An environment variable: whether it is set, and its value unless it is a secret.

    Somebody may have written the key itself where its variable's name belongs: that is not shown either.
    """
    value = os.environ.get(name) or None
    return {"name": redact(name), "set": value is not None, "value": None if secret or value is None else redact(value)}
