"""The commands on how a repository is checked: what would run, and whether the user trusts what it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mcp_router.cli_common import a_repo, as_json, show


@click.command()
@a_repo
@as_json
def checks(repo: Path | None, as_json: bool) -> None:
    """Show how a result would be checked here, without running any of it."""
    from mcp_router.config import load_config, state_home
    from mcp_router.verifier.overview import overview

    found = overview(state_home(), load_config(), (repo or Path.cwd()).absolute())
    if as_json:
        show(found, True)
    else:
        click.echo("\n".join(_lines(found)))
    raise SystemExit(0 if found["checks"] and found["isolation"] else 1)


def _lines(found: dict[str, Any]) -> list[str]:
    """For people; words of the repository's own cannot act on the terminal."""
    from mcp_router.verifier.text import one_line

    lines = []
    for one in found["checks"]:
        lines.append(one_line(one["command"], 300))
        where = f"  run by {one['runner']} in {one['folder']}, with {one['environment']}; from {one['found']}"
        lines.append(one_line(where, 300))
    limits = {name: value for name, value in found["limits"].items() if value is not None}
    lines += [
        *([] if lines else [found["reason"]]),
        f"isolation: {found['isolation'] or found['isolation_reason']}",
        "limits: " + ", ".join(f"{name} {str(value).lower()}" for name, value in limits.items()),
        f"hidden tests: {one_line(found['hidden'] or 'none', 300)}; twins: {'yes' if found['twins'] else 'no'}",
        *(f"counts in the score: {one_line(line, 300)}" for line in found["checkers"]),
    ]
    if found["not_installed"]:
        lines.append(f"configured, not installed: {', '.join(found['not_installed'])}")
    return [*lines, *found["waiting"], found["override"]]


@click.command()
@a_repo
@as_json
def trust(repo: Path | None, as_json: bool) -> None:
    """Trust the checks of the repository's .acrouter.toml as they are now: unprotected, if yours are configured so,
    with the network and with hidden tests outside of it, if they ask for that. Changed ones have to be trusted anew."""
    from mcp_router.config import REPOSITORY_FILE, load_repository_config, state_home
    from mcp_router.errors import BadInput
    from mcp_router.trust import trust as trust_checks
    from mcp_router.verifier.changes import Tree
    from mcp_router.verifier.workspace import open_repository, take_snapshot

    repository = open_repository((repo or Path.cwd()).absolute())
    text = Tree(repository.root, take_snapshot(repository).tree).text(REPOSITORY_FILE) or ""
    checks = load_repository_config(text).checks
    said = checks.model_dump(mode="json", exclude_defaults=True)
    if not said:
        raise BadInput(f"{REPOSITORY_FILE} of {repository.root} has no [checks]; there is nothing to trust.")
    trust_checks(state_home(), repository.identity, checks)
    show({"trusted": repository.identity, "checks": said}, as_json)
