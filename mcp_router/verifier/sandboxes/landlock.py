"""Landlock, where namespaces are refused: the kernel lets the checks write to their copy only and read what they need.

No root and no namespace is needed (Linux 5.13 or newer). Processes see each other, and UDP stays open.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.marked import Marked
from mcp_router.verifier.sandboxes.opens import Opens
from mcp_router.verifier.sandboxes.process import Caps, Ran, run, supervised
from mcp_router.verifier.sandboxes.reaches import left_in, size_of
from mcp_router.verifier.views import DECOYS, View

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
        network: bool = False,
    ) -> Ran:
        """As the protocol says; the repository's environment folders are linked into the tree.

        Raises:
            Cancelled: `cancel` was set.
        """
        view.link(environment.shared)
        temporary = view.work
        lent = [environment.root / name for name in environment.shared]
        rules = {
            "read": [str(path) for path in (*map(Path, READ), *environment.toolchains, *lent)],
            "write": [str(path) for path in (*map(Path, WRITE), view.files, view.place, view.home, temporary)],
            "network": network,
        }
        opens = Opens({f"read ~/{name}": view.home / name for name in DECOYS})

        def written() -> int:
            return sum(map(size_of, (view.files, view.home, temporary)))

        def found() -> list[str]:
            return [*sorted(opens.opened()), *left_in(view, view.files, ())]

        guard = Marked(written, found)
        own = {"HOME": str(view.home), "TMPDIR": str(temporary), "GOCACHE": str(temporary / "go-cache")}
        env = {**environment.variables(), **own, **(variables or {}), **guard.variables()}
        start = [sys.executable, "-I", "-S", str(LAUNCH), json.dumps(rules)]
        try:
            return run([*start, *supervised(argv, view.files / folder, caps)], env, caps, cancel, guard)
        finally:
            opens.close()


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
