"""What hooks hand to the worker: one small file an event, in the order of their names; nothing waits for the disk."""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

INBOX, LOCK = "hooks/inbox", "hooks/worker.lock"
HANDED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "JAVA_HOME")
PREFIXES = ("XDG_", "ACROUTER_", "SYSTEM", "WIN", "TEMP", "TMP", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "PATHEXT")


def drop(home: str | Path, event: dict[str, Any]) -> None:
    """Leave an event for the worker; it appears whole or not at all."""
    folder = os.path.join(home, INBOX)
    name = f"{time.time_ns():020d}-{os.getpid()}"
    data = json.dumps({"at_ns": time.time_ns(), **event}).encode()
    try:
        descriptor = os.open(f"{folder}/.{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileNotFoundError:
        os.makedirs(folder, 0o700, exist_ok=True)
        descriptor = os.open(f"{folder}/.{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
    os.replace(f"{folder}/.{name}", f"{folder}/{name}.json")


def start_worker(home: str | Path) -> None:
    """See that a worker runs, without waiting for it. It gets none of the environment's secrets."""
    if _runs(home):
        return
    argv = [sys.executable, "-I", "-m", "mcp_router", "hook-worker"]
    environ = {k: v for k, v in os.environ.items() if k in HANDED_ON or k.upper().startswith(PREFIXES)}
    environ["ACROUTER_HOME"] = str(home)
    if os.name == "posix":
        _detach(argv, environ)
        return
    import subprocess

    quiet = subprocess.DEVNULL
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    subprocess.Popen(argv, env=environ, stdin=quiet, stdout=quiet, stderr=quiet, creationflags=flags)


def _runs(home: str | Path) -> bool:
    """Whether some process holds the worker's lock. Where that cannot be told cheaply, the worker finds out."""
    if os.name != "posix":
        return False
    import fcntl

    try:
        descriptor = os.open(f"{home}/{LOCK}", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _detach(argv: list[str], environ: dict[str, str]) -> None:
    """Start a process of a session of its own that holds none of our pipes: a client waits until they close."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            os.closerange(3, 256)
            os.chdir("/")
            os.execve(argv[0], argv, environ)
    finally:
        os._exit(0)
