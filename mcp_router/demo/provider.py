"""A provider of recorded models on loopback: Anthropic Messages, OpenAI Chat Completions and OpenAI Responses.

A recorded answer is played as an agent would give it: read the files, make the edits, say what was done. It
depends on model, task and attempt only. Faults can be put in the way of a model, for tests.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from mcp_router.demo.wire import Json, Reply, call_ids, encode, first_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from mcp_router.demo.subtasks import Answer


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came in."""

    path: str
    headers: dict[str, str]
    body: Json


@dataclass(slots=True)
class _Fault:
    kind: str
    step: int
    times: int | None


@dataclass
class RecordedProvider:
    """A context manager; `base_url` is what a model's configuration names, with /v1 for the openai SDK.

    Args:
        tasks: the texts by which tasks are told apart; a request is about the longest that it holds.
        answers: the recorded answer of a model to a task's text on its n-th attempt, counted from 0; None: none.
    """

    tasks: Iterable[str]
    answers: Callable[[str, str, int], Answer | None]
    requests: list[Request] = field(default_factory=list)
    retry_after_s: int = 0
    _attempts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _faults: dict[str, _Fault] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> RecordedProvider:
        self._tasks = sorted(self.tasks, key=len, reverse=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, model: str, task: str) -> Answer | None:
        """The recorded answer to the next attempt of a model at a task, which is counted."""
        return self.answers(model, task, self._next_attempt(model, task))

    def fail(self, model: str, fault: str, *, step: int = 0, times: int | None = None) -> None:
        """Put a fault in the way of a model's answers from a turn on (0 is the first).

        Args:
            fault: an HTTP status; "garbage" (no protocol); "silence" (not a byte); "half" (closes in the middle of
                the body); "substitute:OTHER" (answers as another model).
            times: how often; None: always.
        """
        self._faults[model] = _Fault(fault, step, times)

    def fault_at(self, model: str, step: int) -> str | None:
        """The fault that a request meets now; uses it up."""
        with self._lock:
            fault = self._faults.get(model)
            if fault is None or step < fault.step or fault.times == 0:
                return None
            if fault.times is not None:
                fault.times -= 1
            return fault.kind

    def play(self, path: str, body: Json) -> Reply | None:
        """The next turn of the recorded answer that a request is about; None: nothing is recorded."""
        model = body["model"]
        task = next((task for task in self._tasks if task in first_text(path, body)), None)
        if task is None:
            return None
        ids = call_ids(path, body)
        attempt = int(ids[0][0].split("_")[1]) if ids else self._next_attempt(model, task)
        answer = self.answers(model, task, attempt)
        return _turn(answer, model, attempt, len(ids)) if answer else None

    def silent(self) -> None:
        """Return when the provider closes."""
        self._closing.wait()

    def _next_attempt(self, model: str, task: str) -> int:
        with self._lock:
            self._attempts[model, task] += 1
            return self._attempts[model, task] - 1


def _turn(answer: Answer, model: str, attempt: int, step: int) -> Reply:
    """One turn; the recorded token counts are spread evenly over all of them."""
    steps = _steps(answer)
    calls = steps[min(step, len(steps) - 1)]
    last = step >= len(steps) - 1

    def share(total: int) -> int:
        return total // len(steps) + (total % len(steps) if last else 0)

    return Reply(
        model=model,
        text=answer.text if last else "",
        calls=tuple((f"call_{attempt}_{step}_{n}", name, given) for n, (name, given) in enumerate(calls)),
        cut_off=last and answer.kind == "cut_off",
        input_tokens=share(answer.input_tokens),
        cache_read_tokens=share(answer.cache_read_tokens),
        output_tokens=share(answer.output_tokens),
    )


def _steps(answer: Answer) -> list[list[tuple[str, Json]]]:
    """The tool calls of each turn; the last has none."""
    edits = () if answer.kind == "empty" else tuple(answer.edits)
    reads = dict.fromkeys(edit.path for edit in edits if edit.old)
    changes: list[tuple[str, Json]] = [
        ("edit_file", {"path": edit.path, "old": edit.old, "new": edit.new})
        if edit.old
        else ("write_file", {"path": edit.path, "text": edit.new})
        for edit in edits
    ]
    reading: list[tuple[str, Json]] = [("read_file", {"path": path}) for path in reads]
    return [calls for calls in (reading, changes) if calls] + [[]]


def _handler(provider: RecordedProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            provider.requests.append(Request(self.path, dict(self.headers), body))
            fault = provider.fault_at(body["model"], len(call_ids(self.path, body)))
            if fault is None or fault == "half" or fault.startswith("substitute:"):
                self._answer(body, fault or "")
            elif fault == "silence":
                provider.silent()
                self.close_connection = True
            elif fault == "garbage":
                self._send(200, "text/html", b"<html>Please log in</html>")
            else:
                self._refuse(int(fault))

        def _answer(self, body: Json, fault: str) -> None:
            reply = provider.play(self.path, body)
            if reply is None:
                self._refuse(404)
                return
            served = fault.removeprefix("substitute:") if fault.startswith("substitute:") else reply.model
            kind, data = encode(self.path, replace(reply, model=served), bool(body.get("stream")))
            self._send(200, kind, data, half=fault == "half")

        def _refuse(self, status: int) -> None:
            # Some providers repeat the key in the message, so this one does.
            message = f"refused with the key {self.headers.get('Authorization')} {self.headers.get('X-Api-Key')}"
            error = {"type": "error", "error": {"type": "demo_error", "message": message}}
            self._send(status, "application/json", json.dumps(error).encode())

        def _send(self, status: int, kind: str, data: bytes, *, half: bool = False) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Retry-After", str(provider.retry_after_s))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if half else data)
            self.close_connection = half

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the server's stderr is the demo's."""

    return Handler
