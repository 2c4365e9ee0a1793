"""A tiny repository, recorded models on loopback, and server processes that are spoken to as their users do."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from click.testing import CliRunner
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_router.cli import cli
from mcp_router.demo.provider import RecordedProvider
from mcp_router.demo.stage import isolation_here, plain_path
from mcp_router.demo.subtasks import Answer, Edit
from mcp_router.server import build_server
from mcp_router.session import Session
from memory_store.store import MemoryStore

from .speaking import Connection, Lines, connected, until

KEY_VARIABLE, KEY = "ACROUTER_TEST_KEY", "sk-secret-0123456789"
MARK = "ACROUTER_TEST_MARK"
"""A variable by which the processes that a server started are found."""
ISOLATION, ISOLATION_WORDS = isolation_here()
COMMAND = (str(Path(sys.executable).with_name("acrouter")),)
MODULE = (sys.executable, "-I", "-m", "mcp_router")
UNCACHED = (sys.executable, "-I", "-B", "-m", "mcp_router")
"""Writes no bytecode: on a full disk the interpreter would leave half a file, which breaks every later start."""

SHOP = "def total(prices, discount=0):\n    return sum(prices)\n"
RIGHT = SHOP.replace("sum(prices)", "sum(prices) - discount")
WRONG = SHOP.replace("sum(prices)", "sum(prices) - 2 * discount")
TESTS = (
    "from shop import total\n\n\n"
    "def test_total():\n    assert total([1, 2]) == 3\n\n\n"
    "def test_discount():\n    assert total([10], 2) == 8\n"
)
TASK = "total() in shop.py ignores its discount: make test_discount pass."
SLOW_TASK = "Make total() in shop.py count the discount, and take your time."
LONG_FILE = "".join(f"line {number} of a long file\n" for number in range(400))
PRICES = {"wrong": (1.0, 10.0), "right": (2.0, 20.0), "other": (2.5, 25.0)}
"""The recorded models, cheapest first, with USD per million input and output tokens."""


def recorded(model: str, task: str, attempt: int) -> Answer:
    """`wrong` never does it, every other model does; `other` adds a long file. 1,000 tokens go in and 100 out."""
    del task, attempt
    line = (WRONG if model == "wrong" else RIGHT).splitlines()[1].strip()
    notes = (Edit("notes.txt", "", LONG_FILE),) if model == "other" else ()
    return Answer("right", (Edit("shop.py", "return sum(prices)", line), *notes), "Changed total().", 1000, 0, 100)


def attempt_usd(model: str) -> float:
    """What one whole attempt of a recorded model costs."""
    price = PRICES[model]
    return (1000 * price[0] + 100 * price[1]) / 1e6


def git(folder: Path, *args: str) -> str:
    """git as the user would run it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {f"GIT_{who}_{what}": "u@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_OPTIONAL_LOCKS": "0"}
    done = subprocess.run(["git", *args], cwd=folder, env=env | who | quiet, capture_output=True, check=True)
    return done.stdout.decode()


def make_repository(root: Path, files: dict[str, str] | None = None, *, commit: bool = True) -> Path:
    """A repository with one module, whose discount is missing, and two tests, of which one fails."""
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for name, text in (files or {"shop.py": SHOP, "tests/test_shop.py": TESTS}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if commit:
        git(root, "add", "-A")
        git(root, "commit", "-qm", "first")
    return root


def state_of(root: Path) -> dict[str, str]:
    """Everything a user would notice: files, index, branches, stash, status; not refs/acrouter/."""
    files = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts]
    seen = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    seen["index"] = hashlib.sha256((root / ".git" / "index").read_bytes()).hexdigest()
    for command in ("status --porcelain=v2 --branch --ignored", "stash list", "reflog"):
        seen[command] = git(root, *command.split())
    refs = git(root, "for-each-ref").splitlines()
    seen["refs"] = "\n".join(line for line in refs if "refs/acrouter/" not in line)
    return seen


@dataclass(frozen=True)
class Printed:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@dataclass
class Scene:
    """A repository, a state folder and a provider, with the means to start servers and commands on them."""

    root: Path
    home: Path
    provider: RecordedProvider | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What servers wrote to standard error."""
        return self.home.parent / f"{self.home.name}-server.log"

    def env(self) -> dict[str, str]:
        """The whole environment of a server or command."""
        named = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
        ours = {"ACROUTER_HOME": str(self.home), KEY_VARIABLE: KEY, "NO_PROXY": "127.0.0.1", "PATH": plain_path()}
        return named | ours | {MARK: str(self.home)} | self.extra

    def configure(self, text: str = "", models: tuple[str, ...] = tuple(PRICES), **model: str) -> None:
        """Write config.toml: `text` first, then the models; `model` are settings for all of them, as TOML values."""
        address = self.provider.base_url + "/v1" if self.provider else "http://127.0.0.1:9/v1"
        parts = ["explore = 0.0", text, "[checks]", f'isolation = "{ISOLATION}"']
        for name in models:
            price = "price = {{ input = {}, output = {}, cache_read = 0, cache_write = 0 }}".format(*PRICES[name])
            settings = {"provider": '"openai"', "base_url": f'"{address}"', "key_env": f'"{KEY_VARIABLE}"', **model}
            lines = [f"{key} = {value}" for key, value in settings.items()]
            parts += [f"[models.{name}]", *lines, *([] if "price" in model else [price])]
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "config.toml").write_text("\n".join(parts) + "\n", encoding="utf-8")

    @contextmanager
    def here(self, client: str = "test", mode: str = "auto") -> Iterator[Connection]:
        """A server in this process, which starts faster."""
        session = Session(self.home, self.root)
        try:
            with connected(build_server(session), client=client, mode=mode) as connection:
                yield connection
        finally:
            session.close()

    @contextmanager
    def client(self, mode: str = "auto", client: str = "test", argv: tuple[str, ...] = MODULE) -> Iterator[Connection]:
        """A server process of its own with the SDK's client."""
        parameters = StdioServerParameters(
            command=argv[0], args=[*argv[1:], "serve"], env={"HOME": "/", **self.env()}, cwd=self.root
        )
        with (
            self.log.open("a", encoding="utf-8") as errors,
            connected(stdio_client(parameters, errlog=errors), client=client, mode=mode) as connection,
        ):
            yield connection

    @contextmanager
    def lines(self, argv: tuple[str, ...] = MODULE, greeted: bool = True, **popen: Any) -> Iterator[Lines]:
        """A server process of its own, spoken to in bare lines."""
        server = Lines((*argv, "serve"), self.root, self.env(), self.log, **popen)
        try:
            if greeted:
                server.greet()
            yield server
        finally:
            server.close()

    def command(self, *args: str, code: int = 0, process: bool = False) -> Printed:
        """The command `acrouter` with arguments, run to its end, in this process for speed; it exits with `code`."""
        ran = self._in_process_of_its_own(args) if process else self._in_this_process(args)
        assert ran.code == code, ran
        assert "Traceback" not in ran.stdout + ran.stderr, ran.stderr
        return ran

    def _in_process_of_its_own(self, args: tuple[str, ...]) -> Printed:
        done = subprocess.run(
            [*MODULE, *args], cwd=self.root, env=self.env(), capture_output=True, text=True, timeout=60, check=False
        )
        return Printed(done.returncode, done.stdout, done.stderr)

    def _in_this_process(self, args: tuple[str, ...]) -> Printed:
        with contextlib.chdir(self.root):
            done = CliRunner(env=self.env()).invoke(cli, args, prog_name="acrouter")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Printed(done.exit_code, done.stdout, done.stderr)

    def json(self, *args: str, code: int = 0, process: bool = False) -> Any:
        """What a command prints with --json, which must be JSON and nothing else."""
        return json.loads(self.command(*args, "--json", code=code, process=process).stdout)

    def memory(self) -> MemoryStore:
        """The memory as it is now."""
        return MemoryStore(self.home)

    def processes(self) -> list[psutil.Process]:
        """Living processes that the scene's servers started, and they themselves."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.home) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def nothing_is_left(self) -> None:
        """No process, no worktree, and no lock that somebody holds."""
        from filelock import FileLock

        until(lambda: not self.processes(), "the end of all processes", 5)
        assert not list((self.home / "worktrees").glob("*"))
        assert len(git(self.root, "worktree", "list").splitlines()) == 1
        assert not (self.root / ".git" / "worktrees").exists()
        for path in self.home.rglob("*.lock"):
            with FileLock(path, timeout=0):
                continue
