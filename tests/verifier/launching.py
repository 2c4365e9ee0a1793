"""Runs a command line as the runner that knows it, with the channel where the sandbox has it."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

from mcp_router.verifier.checks import Checks
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.runners import CHANNEL, CheckRun, Runner
from mcp_router.verifier.sandboxes.process import Ran


def checks_of(runner: Runner, root: Path, line: str, folder: str = "", parallel: int | None = None) -> Checks:
    """The checks that a command line means to a runner."""
    argv = runner.arguments(shlex.split(line))
    assert argv is not None, line
    environment = Environment(root, (), (), (), Path(sys.executable), "a test")
    return Checks(line, "", tuple(argv), "a test", environment, folder=folder, parallel=parallel)


def is_inherited(number: int) -> bool:
    """Whether a descriptor of ours would be one of a process that we start."""
    try:
        return os.get_inheritable(number)
    except OSError:
        return False


def start(argv: list[str], folder: Path, **variables: str) -> Ran:
    """How a command ended, what it printed and what came over the channel."""
    ours, theirs = os.pipe()
    began = time.monotonic()
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "NO_COLOR": "1", **variables}
    with tempfile.TemporaryFile() as output:
        places = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            *((os.POSIX_SPAWN_DUP2, output.fileno(), to) for to in (1, 2)),
            (os.POSIX_SPAWN_DUP2, theirs, CHANNEL),
            *((os.POSIX_SPAWN_CLOSE, number) for number in range(CHANNEL + 1, 1024) if is_inherited(number)),
        ]
        command = ["/bin/sh", "-c", 'cd -- "$0" && exec "$@"', str(folder), *argv]
        pid = os.posix_spawn("/bin/sh", command, env, file_actions=places)
        os.close(theirs)
        with os.fdopen(ours, "rb") as channel:
            came = channel.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        output.seek(0)
        printed = output.read().decode("utf-8", "replace")
    return Ran(code if code >= 0 else 128 - code, printed, time.monotonic() - began, channel=came)


def run(
    runner: Runner, root: Path, line: str, only: tuple[str, ...] = (), folder: str = "", **variables: str
) -> CheckRun:
    """One run over a folder."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        argv = runner.launch(checks_of(runner, root, line, folder), root, place, only)
        return runner.read(start(argv, root / folder, **variables), place)
