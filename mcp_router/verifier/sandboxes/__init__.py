"""Where the checks run, one sandbox a file. Which one is decided by running it, never by looking for it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

from mcp_router.errors import CheckUnavailable
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.process import Ran


class Sandbox(Protocol):
    """Runs one command over a tree."""

    level: str
    guarantees: tuple[str, ...]

    def seen_at(self, folder: Path, environment: Environment) -> Path:
        """The path at which the command sees the tree of `folder`."""

    def run(
        self,
        argv: Sequence[str],
        folder: Path,
        environment: Environment,
        timeout_s: float,
        cancel: Event | None,
        *,
        writable: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run `argv` in the tree until it ends, `timeout_s` seconds pass or `cancel` is set; nothing of it lives on.

        Raises:
            Cancelled: `cancel` was set.
        """


def choose(isolation: Literal["auto", "none"]) -> Sandbox:
    """The strongest sandbox that runs here.

    Raises:
        CheckUnavailable: isolation is "auto" and none does.
    """
    from mcp_router.verifier.sandboxes.plain import Plain

    if isolation == "none":
        return Plain()
    sandbox, fault = _bubblewrap()
    if sandbox is None:
        raise CheckUnavailable(
            f"No sandbox runs on this machine ({fault}); to run checks unprotected, as yourself, set "
            'isolation = "none" under [checks] in config.toml.'
        )
    return sandbox


@functools.cache
def _bubblewrap() -> tuple[Sandbox | None, str]:
    from mcp_router.verifier.sandboxes.bubblewrap import probe

    return probe()
