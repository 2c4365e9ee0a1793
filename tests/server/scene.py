"""A tiny repository, recorded models on loopback, and server processes that are spoken to as their users do."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, Implementation, TextContent

from mcp_router.demo.provider import RecordedProvider
from mcp_router.demo.stage import isolation_here, plain_path
from mcp_router.demo.subtasks import Answer, Edit
from memory_store.store import MemoryStore

KEY_VARIABLE, KEY = "ACROUTER_TEST_KEY", "sk-secret-0123456789"
MARK = "ACROUTER_TEST_MARK"
"""A variable by which the processes that a server started are found."""
ISOLATION, ISOLATION_WORDS = isolation_here()
COMMAND = (str(Path(sys.executable).with_name("acrouter")),)
MODULE = (sys.executable, "-I", "-m", "mcp_router")

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
PRICES = {"wrong": (1.0, 10.0), "right": (2.0, 20.0), "other": (2.5, 25.0)}
"""The recorded models, cheapest first, with USD per million input and output tokens."""


def recorded(model: str, task: str, attempt: int) -> Answer:
    """`wrong` never does it, every other model does. One attempt takes 1,000 tokens in and 100 out."""
    del task, attempt
    edit = Edit("shop.py", "return sum(prices)", WRONG.splitlines()[1].strip() if model == "wrong" else RIGHT_LINE)
    return Answer("right", (edit,), "Changed total().", 1000, 0, 100)


RIGHT_LINE = RIGHT.splitlines()[1].strip()


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
    """Everything a user would notice: files, index, branches, stash, status, worktrees; not refs/acrouter/."""
    files = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts]
    seen = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    seen["index"] = hashlib.sha256((root / ".git" / "index").read_bytes()).hexdigest()
    for command in ("status --porcelain=v2 --branch --ignored", "stash list", "worktree list", "reflog --all"):
        seen[command] = git(root, *command.split())
    refs = git(root, "for-each-ref").splitlines()
    seen["refs"] = "\n".join(line for line in refs if "refs/acrouter/" not in line)
    return seen


def until(holds: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """The first true answer of `holds`, asked again and again."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.03)
    return answer


@dataclass
class Connection:
    """An MCP client's connection; each call is timed."""

    portal: Any
    client: Client
    seconds: list[float] = field(default_factory=list)

    def result(self, tool: str, **arguments: Any) -> CallToolResult:
        """The whole result of a call."""
        started = time.monotonic()
        result: CallToolResult = self.portal.call(self.client.call_tool, tool, arguments)
        self.seconds.append(time.monotonic() - started)
        return result

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of a call that succeeds."""
        result = self.result(tool, **arguments)
        assert not result.is_error, result.content
        assert result.structured_content is not None
        return dict(result.structured_content)

    def refusal(self, tool: str, **arguments: Any) -> str:
        """The one sentence of a call that is refused."""
        result = self.result(tool, **arguments)
        assert result.is_error, result.structured_content
        (block,) = result.content
        assert isinstance(block, TextContent)
        assert is_one_sentence(block.text), block.text
        return block.text

    def ended(self, decision_id: str, seconds: float = 30.0) -> dict[str, Any]:
        """The run view of a decision once nothing is under way for it."""

        def look() -> dict[str, Any] | None:
            row: dict[str, Any] = self.call("query_memory", view="run", id=decision_id)["rows"][0]
            return row if row["status"] not in ("running", "cancelling") else None

        found: dict[str, Any] = until(look, f"the end of {decision_id}", seconds)
        return found

    def delegate(self, task: str = TASK, **arguments: Any) -> dict[str, Any]:
        """The run view of a delegated task at its end."""
        routed = self.call("route_task", task=task, mode="delegate", **arguments)
        return self.ended(routed["decision_id"])

    def report(self, decision_id: str, **arguments: Any) -> dict[str, Any]:
        """A report's result once its checks have ended."""
        reported = self.call("report_outcome", decision_id=decision_id, **arguments)
        if reported["status"] != "running":
            return reported
        self.ended(decision_id)
        return self.call("report_outcome", decision_id=decision_id, **arguments)


def is_one_sentence(text: str) -> bool:
    """Whether a text is short, of one line, ends like a sentence and shows no traceback."""
    return 10 < len(text) < 600 and "\n" not in text.strip() and text.strip().endswith(".") and "Traceback" not in text


@contextmanager
def connected(server: Any, *, client: str = "test", mode: str = "auto") -> Iterator[Connection]:
    """A connection of the SDK's client to a server: one in this process, a transport, or an address."""
    failure: BaseException | None = None
    with start_blocking_portal() as portal:
        info = Implementation(name=client, version="1")
        opened = Client(server, client_info=info, mode=mode)
        with portal.wrap_async_context_manager(opened):
            try:
                yield Connection(portal, opened)
            except BaseException as error:
                # Raised behind the connection: its task groups would wrap it in groups of their own.
                failure = error
    if failure is not None:
        raise failure


class Lines:
    """A server process spoken to in bare JSON-RPC lines; keeps every line that it printed."""

    def __init__(self, argv: tuple[str, ...], cwd: Path, env: dict[str, str], log: Path, **popen: Any) -> None:
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                argv, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, **popen
            )
        self.printed: list[str] = []
        self._inbox: queue.Queue[dict[str, Any]] = queue.Queue()
        self._number = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, method: str, params: dict[str, Any] | None = None, seconds: float = 20.0) -> dict[str, Any]:
        """The answer to a request."""
        self._number += 1
        self.send({"id": self._number, "method": method, "params": params or {}})
        while (answer := self._inbox.get(timeout=seconds)).get("id") != self._number:
            continue
        return answer

    def send(self, message: dict[str, Any]) -> None:
        """One line to the process."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def greet(self, version: str = "2025-06-18") -> dict[str, Any]:
        """The handshake; the server's answer."""
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "lines", "version": "1"}}
        result: dict[str, Any] = self.ask("initialize", params)["result"]
        self.send({"method": "notifications/initialized"})
        return result

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of a tool call that succeeds."""
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})["result"]
        assert not result.get("isError"), result
        return dict(result["structuredContent"])

    def end(self, seconds: float) -> float:
        """Close the server's input, as a client that goes away; how many seconds it took to end."""
        started = time.monotonic()
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait(seconds, started)

    def wait(self, seconds: float, started: float | None = None) -> float:
        """Wait until the process has ended; how many seconds that took."""
        started = time.monotonic() if started is None else started
        self.process.wait(seconds)
        took = time.monotonic() - started
        self._reader.join(5)
        return took

    def close(self) -> None:
        """Whatever happened, nothing is left running."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            self.printed.append(raw.decode())
            self._inbox.put(json.loads(raw))


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

    def command(self, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """The command `acrouter` with arguments, run to its end; it must exit with `code`."""
        done = subprocess.run(
            [*MODULE, *args], cwd=self.root, env=self.env(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    def json(self, *args: str, code: int = 0) -> Any:
        """What a command prints with --json, which must be JSON and nothing else."""
        return json.loads(self.command(*args, "--json", code=code).stdout)

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
