"""What a sandbox keeps, found out by trying to break it: a run that does what an attacker would, and a look outside."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_router.verifier.stamp import boot
from mcp_router.verifier.views import view

if TYPE_CHECKING:
    from mcp_router.verifier.sandboxes import Sandbox

SECRET = "acrouter-selftest-secret"
ONE_AT_A_TIME = threading.Lock()
"""The environment that a try puts its secret into is the whole process's."""
TRY = """
import json, os, signal, socket, subprocess, sys
outside, tcp, udp, process = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

def works(attempt):
    try:
        return attempt() is not False
    except (OSError, ValueError):
        return False

def send():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", udp))

print(json.dumps({
    "read": works(lambda: open(outside).read()),
    "": works(lambda: open(outside, "w").write("changed")),
    "system": works(lambda: open("/etc/passwd", "a").close()),
    "tcp": works(lambda: socket.create_connection(("127.0.0.1", tcp), 2)),
    "udp": works(send),
    "signal": works(lambda: os.kill(process, 0)),
    "look": works(lambda: open(f"/proc/{process}/environ").read()),
    "environment": "acrouter-selftest-secret" in "".join(os.environ.values()),
}))
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", outside], start_new_session=True)
"""
GUARANTEES = (
    ("files outside of the tree cannot be written", ("write", "system")),
    ("the home folder and other files of the user cannot be read", ("read",)),
    ("no TCP connection leaves it", ("tcp",)),
    ("no datagram leaves it", ("udp",)),
    ("other processes cannot be reached", ("signal", "look")),
    ("only allow-listed variables enter", ("environment",)),
    ("nothing is left running", ("running",)),
    ("memory, processes, disk, output and time are capped", ()),
)
"""Each with what must not have worked."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Which guarantees held when they were put to the test here, and which did not."""

    level: str
    proven: tuple[str, ...]
    open: tuple[str, ...]


def prove(sandbox: Sandbox, home: Path) -> Proof:
    """Put a sandbox to the test, once per start of the machine; later answers come from the state folder."""
    file = home / "cache" / f"isolation-{sandbox.level}-{boot()[:8]}-{platform.release()}.json"
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Proof(data["level"], tuple(data["proven"]), tuple(data["open"]))
    except (OSError, ValueError, KeyError):
        pass
    worked = _try(sandbox, home)
    held = tuple(words for words, attempts in GUARANTEES if not worked & set(attempts))
    proof = Proof(sandbox.level, held, tuple(words for words, _ in GUARANTEES if words not in held))
    from mcp_router.verifier.baseline import write_json

    write_json(file, {"level": proof.level, "proven": proof.proven, "open": proof.open})
    return proof


def _try(sandbox: Sandbox, home: Path) -> set[str]:
    """The names of the attempts that worked."""
    from mcp_router.verifier.environment import OWN, Environment, prefixes
    from mcp_router.verifier.git import git
    from mcp_router.verifier.sandboxes.command import Command
    from mcp_router.verifier.sandboxes.process import Caps
    from mcp_router.verifier.workspace import open_repository

    python = Path(sys.executable)
    with (
        ONE_AT_A_TIME,
        tempfile.TemporaryDirectory(dir=home, prefix="selftest-") as name,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        subprocess.Popen(["sleep", "60"], env={**os.environ, "SECRET": SECRET}) as process,
    ):
        udp.bind(("127.0.0.1", 0))
        outside = Path(name, "outside")
        outside.write_text(SECRET)
        root = Path(name, "repository")
        root.mkdir()
        git(root, "init", "-q")
        tree = git(root, "hash-object", "-w", "-t", "tree", "--stdin").decode().strip()
        environment = Environment(root, (), (), prefixes(python), python, OWN)
        ports = (str(tcp.getsockname()[1]), str(udp.getsockname()[1]))
        os.environ["ACROUTER_SELFTEST"] = SECRET
        try:
            with view(open_repository(root), tree, home, None, {"try.py": TRY.encode()}) as made:
                argv = [str(python), "-I", "try.py", str(outside), *ports, str(process.pid)]
                ran = sandbox.run(Command(argv, made, environment, Caps(20.0)))
        finally:
            del os.environ["ACROUTER_SELFTEST"]
            process.kill()
        said = next((line for line in ran.output.splitlines() if line.startswith("{")), "{}")
        worked = {attempt for attempt, did in json.loads(said).items() if did}
        if not said.strip("{}"):
            return {attempt for _, attempts in GUARANTEES for attempt in attempts}
        # What only seemed to work inside has to be looked for outside.
        seen = {"write": outside.read_text() != SECRET, "udp": _received(udp), "running": _running(str(outside))}
        return (worked - set(seen)) | {attempt for attempt, did in seen.items() if did}


def _received(udp: socket.socket) -> bool:
    udp.settimeout(0.1)
    try:
        return bool(udp.recv(10))
    except OSError:
        return False


def _running(word: str) -> bool:
    import psutil

    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return any(word in line and "time.sleep" in line for line in lines)
