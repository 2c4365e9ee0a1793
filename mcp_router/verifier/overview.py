"""How a repository would be checked, before anything of it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp_router.config import REPOSITORY_FILE, Config
from mcp_router.errors import CheckUnavailable
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.checks import find_checks
from mcp_router.verifier.diagnostics import find_checkers
from mcp_router.verifier.environment import find_environment
from mcp_router.verifier.sandboxes import choose
from mcp_router.verifier.terms import Terms, terms_of
from mcp_router.verifier.workspace import Repository, open_repository, take_snapshot

OVERRIDE = (
    f"Name other checks as `command` under [checks] in {REPOSITORY_FILE} or config.toml, or for once with `--checks`."
)


def overview(home: Path, config: Config, path: Path) -> dict[str, Any]:
    """What would run on the tree as it is now, as plain JSON values; where something is missing, the reason.

    Raises:
        RepositoryError: the folder cannot be worked in.
        BadInput: the repository's .acrouter.toml is wrong.
    """
    repo = open_repository(path)
    base = Tree(repo.root, take_snapshot(repo).tree)
    checkers, missing = find_checkers(base, find_environment(repo, base))
    terms = terms_of(home, repo, base, config)
    return {
        "repository": str(repo.root),
        **_checks(repo, base, config),
        **_isolation(config),
        "limits": _limits(terms),
        "hidden": str(terms.hidden) if terms.hidden else None,
        "twins": terms.twins,
        "checkers": [" ".join(checker.argv) for checker in checkers] if terms.diagnostics else [],
        "not_installed": list(missing) if terms.diagnostics else [],
        "trusted": terms.trusted,
        "waiting": list(terms.waiting),
        "override": OVERRIDE,
    }


def _checks(repo: Repository, base: Tree, config: Config) -> dict[str, Any]:
    try:
        found = find_checks(repo, base.id, None, config)
    except CheckUnavailable as error:
        return {"checks": [], "reason": str(error)}
    shown = [
        {
            "command": checks.command,
            "runner": checks.runner,
            "found": checks.found,
            "folder": checks.folder or ".",
            "environment": checks.environment.described,
        }
        for checks in found
    ]
    return {"checks": shown}


def _isolation(config: Config) -> dict[str, Any]:
    try:
        return {"isolation": choose(config.checks.isolation).level}
    except CheckUnavailable as error:
        return {"isolation": None, "isolation_reason": str(error)}


def _limits(terms: Terms) -> dict[str, Any]:
    return {
        "timeout_s": terms.timeout_s,
        "memory_mb": terms.memory_mb,
        "processes": terms.processes,
        "disk_mb": terms.disk_mb,
        "parallel": terms.parallel,
        "network": terms.network,
    }
