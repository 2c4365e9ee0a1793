"""What a check finds, and what it may look at."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mcp_router.config import Config
from mcp_router.errors import AcrouterError, RepositoryError
from mcp_router.verifier.text import one_line
from mcp_router.verifier.workspace import Repository, open_repository
from memory_store.journal import JournalError
from memory_store.redact import redact

CHARACTERS = 400
MODULE = (sys.executable, "-I", "-m", "mcp_router")
"""How the server and the hooks are started, whatever lies in the current folder."""


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """It works, with less than there could be."""
    FAILURE = "failure"
    """It does not work."""
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `says` is a sentence; `fix` a command or a line of configuration, where one helps."""

    check: str
    status: Status
    says: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the checks look. config is None where config.toml cannot be used; only_clients names those asked for."""

    home: Path
    folder: Path
    config: Config | None
    env: Mapping[str, str]
    only_clients: tuple[str, ...] = ()

    def repository(self) -> Repository | None:
        """The repository at hand, if the folder is in one."""
        try:
            return open_repository(self.folder)
        except RepositoryError:
            return None


Check = Callable[[Ground], Iterator[Finding]]


def ok(check: str, says: str) -> Finding:
    """It works."""
    return Finding(check, Status.OK, _sentence(says))


def warning(check: str, says: str, fix: str | None) -> Finding:
    """It works less well than it could."""
    return Finding(check, Status.WARNING, _sentence(says), _line(fix))


def failure(check: str, says: str, fix: str | None) -> Finding:
    """It does not work."""
    return Finding(check, Status.FAILURE, _sentence(says), _line(fix))


def not_applicable(check: str, says: str) -> Finding:
    """There is nothing to check, and why."""
    return Finding(check, Status.NOT_APPLICABLE, _sentence(says))


def told(check: str, error: Exception, status: Status = Status.FAILURE) -> Finding:
    """What an exception says; our own put the fix behind the last semicolon."""
    if isinstance(error, AcrouterError | JournalError):
        says, _, fix = str(error).rpartition("; ")
        return Finding(check, status, _sentence(says or fix), _line(fix) if says else None)
    if isinstance(error, OSError):
        says = f"{error.filename or 'the system'}: {error.strerror or error}"
        return Finding(check, status, _sentence(says), "free space, or make it readable and writable for you")
    says = f"the check itself went wrong ({type(error).__name__}: {error})"
    return Finding(check, status, _sentence(says), "run `acrouter doctor` again; if it stays, report it")


def _line(fix: str | None) -> str | None:
    """A fix without secrets; it may be several lines to copy."""
    return redact(fix) if fix else None


def _sentence(words: str) -> str:
    """Fit for a terminal and for a report that is passed on: on one line, without control characters or secrets."""
    return one_line(redact(words), CHARACTERS).rstrip(".") + "."
