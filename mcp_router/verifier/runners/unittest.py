"""unittest, with a result of our own that tells over the channel; ids are those that pytest would give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import CheckRun
from mcp_router.verifier.runners.channel import read_channel
from mcp_router.verifier.runners.launchers import python_module
from mcp_router.verifier.runners.program import inside, program

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for unittest when a command line only runs unittest."""
    rest = python_module(words)
    return rest[1:] if rest[:1] == ["unittest"] else None


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:  # noqa: ARG001
    """unittest behind our program; `only` keeps these files' tests, or names them where the command names tests."""
    words, kept = list(checks.argv), list(only)
    names = _names(words)
    if only and names:
        words, kept = [*(word for word in words if word not in names), *inside(only, checks.folder)], []
    return [*program("bootstrap_unittest.py", checks, root), str(len(kept)), *kept, *words]


def _names(words: list[str]) -> list[str]:
    """The tests that the command names; none for discovery."""
    if words[:1] == ["discover"]:
        return []
    return [word for at, word in enumerate(words) if not word.startswith("-") and (at == 0 or words[at - 1] != "-k")]


def read(ran: Ran, place: Path) -> CheckRun:  # noqa: ARG001
    """A run from what came over the channel."""
    return read_channel(ran)
