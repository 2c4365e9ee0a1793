"""No isolation: the checks run as the user, over a copy of the tree. Only what was started is cleaned up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.marked import Marked
from mcp_router.verifier.sandboxes.process import Caps, Ran, run, supervised
from mcp_router.verifier.sandboxes.reaches import left_in, size_of
from mcp_router.verifier.views import View


class Plain:
    """The environment's variables are filtered and processes are killed; files and network are open."""

    level = "none"
    overlays = False

    def seen_at(self, view: View) -> Path:
        """Where it lies."""
        return view.files

    def run(
        self,
        argv: Sequence[str],
        view: View,
        environment: Environment,
        caps: Caps,
        cancel: Event | None = None,
        *,
        folder: str = "",
        variables: Mapping[str, str] | None = None,
        network: bool = False,  # noqa: ARG002 - it is open in any case
    ) -> Ran:
        """As the protocol says; the repository's environment folders are linked into the tree.

        Raises:
            Cancelled: `cancel` was set.
        """
        view.link(environment.shared)
        guard = Marked(lambda: size_of(view.files), lambda: left_in(view, view.files, ()))
        env = {**environment.variables(), **(variables or {}), **guard.variables()}
        return run(supervised(argv, view.files / folder, caps), env, caps, cancel, guard)
