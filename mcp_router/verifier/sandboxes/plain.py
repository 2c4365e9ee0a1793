"""No isolation: the checks run as the user, over a copy of the tree. Only what was started is cleaned up."""

from __future__ import annotations

from pathlib import Path

from mcp_router.verifier.sandboxes.command import Command
from mcp_router.verifier.sandboxes.marked import Marked
from mcp_router.verifier.sandboxes.process import Ran, run, supervised
from mcp_router.verifier.sandboxes.reaches import left_in, size_of
from mcp_router.verifier.views import View


class Plain:
    """The environment's variables are filtered and processes are killed; files and network are open."""

    level = "none"
    overlays = False

    def seen_at(self, view: View) -> Path:
        """Where it lies."""
        return view.files

    def run(self, command: Command) -> Ran:
        """As the protocol says; the repository's environment folders are linked into the tree.

        Raises:
            Cancelled: it was cancelled.
        """
        view, files = command.view, command.linked()
        guard = Marked(lambda: size_of(files), lambda: left_in(view, files, ()))
        env = {**command.environment.variables(), **command.variables, **guard.variables()}
        inner = supervised(command.argv, files / command.folder, command.caps)
        return run(inner, env, command.caps, command.cancel, guard)
