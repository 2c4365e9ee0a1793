"""The commands on settings: which hold here and why, and the schemas for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcp_router.cli_common import a_repo, as_json, show

if TYPE_CHECKING:
    from mcp_router.effective import Effective


@click.group()
def config() -> None:
    """Your settings, and what a repository makes of them."""


@config.command("show")
@a_repo
@as_json
def config_show(repo: Path | None, as_json: bool) -> None:
    """Each setting that holds here and where it comes from; what the repository asked for in vain, and why."""
    from mcp_router.config import state_home
    from mcp_router.effective import effective

    found = _as_json(effective(state_home(), (repo or Path.cwd()).absolute()))
    if as_json:
        show(found, True)
    else:
        _show(found)


@config.command("schema")
@click.option("--repository", is_flag=True, help="Of .acrouter.toml instead of config.toml.")
def config_schema(repository: bool) -> None:
    """The JSON schema of config.toml, for an editor: name it in the file's first line, `#:schema ./FILE`."""
    from mcp_router.config import REPOSITORY_FILE
    from mcp_router.config_schema import schema_text

    click.echo(schema_text(REPOSITORY_FILE if repository else "config.toml"), nl=False)


def _as_json(found: Effective) -> dict[str, Any]:
    from mcp_router.config_reference import VARIABLES
    from mcp_router.effective import variable

    names = dict.fromkeys((*(one.name for one in VARIABLES), *found.key_names))
    environment = [variable(name, name in found.key_names or name.endswith(("_KEY", "_TOKEN"))) for name in names]
    return {
        "home": str(found.home),
        "home_from": "ACROUTER_HOME" if environment[0]["set"] else "default",
        "config_file": str(found.config_file) if found.config_file else None,
        "repository_file": str(found.repository_file) if found.repository_file else None,
        "outside": found.outside,
        "values": [{"key": one.key, "value": one.value, "from": one.origin} for one in found.values],
        "not_granted": [{"key": one.key, "asked": one.asked, "why": one.why} for one in found.refused],
        "environment": environment,
    }


def _show(found: dict[str, Any]) -> None:
    """For people; words of the repository's own cannot act on the terminal."""
    from mcp_router.tables import print_table

    files = [
        ("state folder", found["home"], found["home_from"]),
        ("yours", found["config_file"] or "none", "config.toml in the state folder"),
        ("the repository's", found["repository_file"] or "none", found["outside"] or "at its top"),
    ]
    print_table(("file", "is", "from"), files)
    print_table(
        ("key", "value", "from"), [(one["key"], _written(one["value"]), one["from"]) for one in found["values"]]
    )
    asked = [(one["key"], _written(one["asked"]), one["why"]) for one in found["not_granted"]]
    print_table(("asked for, not granted", "value", "why"), asked)
    there = [one for one in found["environment"] if one["set"]]
    print_table(("variable", "value"), [(one["name"], one["value"] or "set") for one in there])


def _written(value: Any) -> str:
    from mcp_router.verifier.text import one_line

    if value is None or value in ([], {}):
        return "-"
    return one_line(json.dumps(value, ensure_ascii=False), 500)
