"""Where the checks run, one sandbox a file. Which one is decided by running it, never by looking for it."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Literal, Protocol

from mcp_router.errors import CheckUnavailable
from mcp_router.verifier.sandboxes.command import Command
from mcp_router.verifier.sandboxes.process import Ran
from mcp_router.verifier.views import View


class Sandbox(Protocol):
    """Runs one command over a view of a tree. overlays: whether a view may lie over the user's own files."""

    level: str
    overlays: bool

    def seen_at(self, view: View) -> Path:
        """The path at which the command sees the tree."""

    def run(self, command: Command) -> Ran:
        """Run a command until it ends, is over a cap or is cancelled; nothing of it lives on.

        Raises:
            Cancelled: it was cancelled.
        """


def choose(isolation: Literal["auto", "none"]) -> Sandbox:
    """The strongest sandbox that runs here.

    Raises:
        CheckUnavailable: isolation is "auto" and none does.
    """
    from mcp_router.verifier.sandboxes.plain import Plain

    if os.name != "posix":
        raise CheckUnavailable(
            f"Checks can be run on Linux and macOS; on this system ({sys.platform}) nothing is verified."
        )
    if isolation == "none":
        return Plain()
    faults = []
    for probe in (_bubblewrap, _landlock):
        sandbox, fault = probe()
        if sandbox is not None:
            return sandbox
        faults.append(fault)
    raise CheckUnavailable(
        f"No sandbox runs on this machine ({'; '.join(faults)}); to run checks unprotected, as yourself, set "
        'isolation = "none" under [checks] in config.toml.'
    )


@functools.cache
def _bubblewrap() -> tuple[Sandbox | None, str]:
    from mcp_router.verifier.sandboxes.bubblewrap import probe

    return probe()


def _landlock() -> tuple[Sandbox | None, str]:
    from mcp_router.verifier.sandboxes.landlock import probe

    return probe()
