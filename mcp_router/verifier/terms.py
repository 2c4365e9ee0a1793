"""On what terms a repository's checks run: what the user allows, narrowed by the repository's .acrouter.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mcp_router.config import REPOSITORY_FILE, Config, HiddenConfig, load_repository_config
from mcp_router.errors import BadInput
from mcp_router.trust import is_trusted
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.paths import classify
from mcp_router.verifier.text import one_line
from mcp_router.verifier.workspace import Repository

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits of each run of the checks (seconds, megabytes, processes) and what runs beside them.

    report is a pattern of JUnit XML files in the tree, or "tap"; parallel counts tests at a time; hidden is a test
    file that the repository does not hold and hidden_command how to run it, with {file} for its place. trusted says
    whether the user approved the repository's checks as they are; waiting is what that would allow, in sentences.
    """

    timeout_s: float
    memory_mb: int
    processes: int
    disk_mb: int
    parallel: int | None
    report: str | None
    network: bool
    diagnostics: bool
    twins: bool
    hidden: Path | None
    hidden_command: str | None
    trusted: bool
    waiting: tuple[str, ...]


def terms_of(home: Path, repo: Repository, base: Tree, config: Config) -> Terms:
    """The terms for a base: of two limits the lower one, and nothing more than both sides allow.

    Raises:
        BadInput: the base's .acrouter.toml is wrong, or the base holds the file that it calls hidden.
    """
    user, own = config.checks, load_repository_config(base.text(REPOSITORY_FILE) or "").checks
    trusted = is_trusted(home, repo.identity, own)
    hidden = _hidden_file(repo, base, own.hidden) if own.hidden else None
    waiting = []
    if own.network and not trusted:
        waiting.append(_asks("let the checks use the network"))
    if hidden and not trusted and not _looks_like_a_test(repo, hidden):
        waiting.append(_asks(f"read {one_line(str(hidden))}, which is not a test file of this repository"))
        hidden = None
    return Terms(
        timeout_s=_lower(user.timeout_s, own.timeout_s),
        memory_mb=_lower(user.memory_mb, own.memory_mb),
        processes=_lower(user.processes, own.processes),
        disk_mb=_lower(user.disk_mb, own.disk_mb),
        parallel=min((count for count in (user.parallel, own.parallel) if count), default=None),
        report=user.report or own.report,
        network=own.network and trusted,
        diagnostics=user.diagnostics and own.diagnostics,
        twins=user.twins and own.twins,
        hidden=hidden,
        hidden_command=own.hidden.command if own.hidden else None,
        trusted=trusted,
        waiting=tuple(waiting),
    )


def _lower(users: Number, own: Number | None) -> Number:
    return users if own is None else min(users, own)


def _asks(what: str) -> str:
    return f"{REPOSITORY_FILE} asks to {what}; look at it and run `acrouter trust` there to allow it."


def _hidden_file(repo: Repository, base: Tree, hidden: HiddenConfig) -> Path:
    """Where the hidden tests are.

    Raises:
        BadInput: a worker would see them, because the base holds them.
    """
    file = (repo.root / hidden.file).resolve()
    inside = _inside(repo, file)
    if inside is not None and base.text(inside) is not None:
        raise BadInput(
            f"{REPOSITORY_FILE}: checks.hidden.file: the repository holds {one_line(inside)}, so a worker would see "
            "it; list it in .gitignore and take it out of git, or put it outside of the repository."
        )
    return file


def _inside(repo: Repository, file: Path) -> str | None:
    """The path within the repository; None for a file outside of it."""
    root = repo.root.resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else None


def _looks_like_a_test(repo: Repository, file: Path) -> bool:
    """What a repository may have read without being trusted: else it could name a file with secrets."""
    inside = _inside(repo, file)
    return inside is not None and classify(inside) == "test"
