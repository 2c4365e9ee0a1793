"""Two ways to speak to a server: the SDK's client, made synchronous, and bare lines to a process."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp_types import CallToolResult, Implementation, TextContent


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

    def delegate(self, task: str, **arguments: Any) -> dict[str, Any]:
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
    return 10 < len(text) < 600 and "\n" not in text.strip() and text.strip()[-1] in ".?" and "Traceback" not in text


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
        self._inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._log = log
        self._number = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, method: str, params: dict[str, Any] | None = None, seconds: float = 20.0) -> dict[str, Any]:
        """The answer to a request."""
        self._number += 1
        self.send({"id": self._number, "method": method, "params": params or {}})
        while True:
            answer = self._inbox.get(timeout=seconds)
            assert answer is not None, f"the server ended with {self.process.wait(5)}: {self._log.read_text()[-2000:]}"
            if answer.get("id") == self._number:
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
        self._inbox.put(None)
