"""Landlock, where namespaces are refused: the kernel lets the checks write to their copy only and read what they need.

No root and no namespace is needed (Linux 5.13 or newer). Processes see each other, and UDP stays open.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import sys
from pathlib import Path

from mcp_router.verifier.sandboxes.command import Command
from mcp_router.verifier.sandboxes.marked import Marked
from mcp_router.verifier.sandboxes.opens import Opens
from mcp_router.verifier.sandboxes.process import Ran, run, supervised
from mcp_router.verifier.sandboxes.reaches import left_in, size_of
from mcp_router.verifier.views import View

LAUNCH = Path(__file__).with_name("landlock_launch.py")
CREATE_RULESET = 444
VERSION_FLAG = 1
OLDEST = 4
"""The first version of the interface that also stops TCP."""
READ = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix", "/gnu", "/proc", "/sys", "/snap")
WRITE = ("/dev",)


class Landlock:
    """Runs commands behind a launcher that restricts itself first."""

    level = "landlock"
    overlays = False

    def seen_at(self, view: View) -> Path:
        """Where it lies."""
        return view.files

    def run(self, command: Command) -> Ran:
        """As the protocol says; the repository's environment folders are linked into the tree.

        Raises:
            Cancelled: it was cancelled.
        """
        view, environment, files = command.view, command.environment, command.linked()
        temporary = view.work
        lent = [environment.root / name for name in environment.shared]
        rules = {
            "read": [str(path) for path in (*map(Path, READ), *environment.toolchains, *lent)],
            "write": [str(path) for path in (*map(Path, WRITE), files, view.place, view.home, temporary)],
            "network": command.network,
        }
        start = [sys.executable, "-I", "-S", str(LAUNCH), json.dumps(rules)]
        inner = supervised(command.argv, files / command.folder, command.caps)
        own = {"HOME": str(view.home), "TMPDIR": str(temporary), "GOCACHE": str(temporary / "go-cache")}
        with Opens(view.decoys()) as opens:
            guard = Marked(
                lambda: sum(map(size_of, (files, view.home, temporary))),
                lambda: [*opens.read(), *left_in(view, files, ())],
            )
            env = {**environment.variables(), **own, **command.variables, **guard.variables()}
            return run([*start, *inner], env, command.caps, command.cancel, guard)


@functools.cache
def probe() -> tuple[Landlock | None, str]:
    """Landlock when this kernel has it, else None and why not."""
    if not sys.platform.startswith("linux"):
        return None, f"Landlock needs Linux, this is {sys.platform}"
    version = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, 0, VERSION_FLAG)
    if version < 0:
        return None, f"Landlock: {os.strerror(ctypes.get_errno())}"
    if version < OLDEST:
        return None, f"Landlock's version {version} on this kernel does not stop connections"
    return Landlock(), ""
