"""Any command: all that it says is whether it ended with 0. Weak evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import CheckRun, Problem

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes import Sandbox

OUTPUT_CHARS = 4_000
CANNOT_RUN = (126, 127)


def run(
    folder: Path,
    checks: Checks,
    sandbox: Sandbox,
    timeout_s: float,
    cancel: Event | None,
    only: Sequence[str] = (),  # noqa: ARG001 - a command of unknown kind runs whole
) -> CheckRun:
    """Run the command over the tree in `folder`.

    Raises:
        Cancelled: `cancel` was set.
    """
    ran = sandbox.run(checks.argv, folder, checks.environment, timeout_s, cancel, variables=dict(checks.variables))
    problem: Problem | None = None
    if ran.timed_out:
        problem = "timeout"
    elif ran.flooded:
        problem = "flood"
    elif ran.exit_code in CANNOT_RUN:
        problem = "not_started"
    return CheckRun(ran.exit_code, ran.seconds, output=ran.output[-OUTPUT_CHARS:], problem=problem)
