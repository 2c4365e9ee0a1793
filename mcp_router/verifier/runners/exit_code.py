"""Any command: all that it says is whether it ended with 0. Weak evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import OUTPUT_CHARS, CheckRun, Problem

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

CANNOT_RUN = (126, 127)


def arguments(words: list[str]) -> list[str] | None:
    """All of the command."""
    return words


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The command as it is; one of unknown kind runs whole."""
    return list(checks.argv)


def read(ran: Ran, place: Path) -> CheckRun:  # noqa: ARG001
    """The exit code."""
    problem: Problem | None = ran.stopped or ("not_started" if ran.exit_code in CANNOT_RUN else None)
    return CheckRun(ran.exit_code, ran.seconds, output=ran.output[-OUTPUT_CHARS:], problem=problem)
