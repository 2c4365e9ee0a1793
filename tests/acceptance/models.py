"""Scripted models on loopback, in the three protocols that the clients speak; every request is kept.

A script says, for words that a conversation begins with, how its model behaves: a generator that yields an answer and
is sent what the model is shown next, so that it can act on what a tool returned:

    def fix(shown: Shown) -> Play:
        shown = yield Say(calls=[("Read", {"file_path": "shop.py"})])
        yield Say("done" if "total" in shown.results[-1] else "no such file")

It is played from its beginning for every request, up to the turn that the request is about: calls that a client
repeats, sessions that it resumes and two conversations that begin alike all find their place. So a play itself changes
nothing: it only says, and waits.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from mcp_router.demo.wire import Json, Reply, encode


@dataclass(frozen=True)
class Say:
    """An answer: text, calls of tools as (name, arguments), and the name that it claims to be served by."""

    text: str = ""
    calls: Sequence[tuple[str, Json | str]] = ()
    served_by: str | None = None
    input_tokens: int = 1000
    cache_read_tokens: int = 500
    output_tokens: int = 100


@dataclass(frozen=True)
class Fail:
    """An error of the provider."""

    status: int


@dataclass(frozen=True)
class Shown:
    """One request: all that a model was shown."""

    path: str
    body: Json

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return str(self.body.get("model"))

    @property
    def effort(self) -> str | None:
        """The effort that was asked for."""
        places = ("output_config", "reasoning")
        named = next((self.body[p]["effort"] for p in places if "effort" in (self.body.get(p) or {})), None)
        return named or self.body.get("reasoning_effort")

    @cached_property
    def messages(self) -> list[Json]:
        """The conversation as it was sent."""
        return list(self.body.get("messages") or self.body.get("input") or ())

    @property
    def tools(self) -> list[str]:
        """Names of the tools on offer."""
        # Codex sends them as an item of the conversation, in namespaces.
        added = [t for m in self.messages if m.get("type") == "additional_tools" for t in m["tools"]]
        flat = [t for top in [*self.body.get("tools", ()), *added] for t in top.get("tools", [top])]
        return [t.get("name") or t.get("function", {}).get("name") or t["type"] for t in flat]

    @property
    def opening(self) -> str:
        """What the conversation begins with: all that comes before the model's first word."""
        return json.dumps(list(itertools.takewhile(lambda m: not _is_models(m), self.messages)), ensure_ascii=False)

    @cached_property
    def earlier(self) -> list[Shown]:
        """What the model was shown at each of its turns up to this one, which is the last."""
        key = "messages" if "messages" in self.body else "input"
        ends = [n for n, m in enumerate(self.messages) if _is_models(m) and not _is_models(self.messages[n - 1])]
        return [Shown(self.path, {**self.body, key: self.messages[:end]}) for end in ends] + [self]

    @cached_property
    def results(self) -> list[str]:
        """What tools returned, oldest first."""
        return list(_results(self.messages))

    @property
    def calls(self) -> list[str]:
        """What the model has called, as the client wrote it down: names and arguments."""
        return list(_calls(self.messages))

    @property
    def folder(self) -> Path:
        """The folder that the client says it works in."""
        named = re.search(r"(?:Primary working directory|Working directory): (/[^\\\\\n\"]+)", self.text)
        assert named is not None, self.text[:2000]
        return Path(named.group(1))

    @property
    def text(self) -> str:
        """All of it: system prompt, tools and conversation."""
        return json.dumps(self.body, ensure_ascii=False)


R = TypeVar("R")
Acting = Generator[Say | Fail, Shown, R]
"""Some turns of a model, and what they came to."""
Play = Acting[None]
Script = Mapping[str, Callable[[Shown], Play]]


def _is_models(message: Json) -> bool:
    kinds = ("function_call", "custom_tool_call", "reasoning")
    return message.get("role") == "assistant" or message.get("type") in kinds


def _results(messages: list[Json]) -> Iterator[str]:
    for message in messages:
        if message.get("role") == "tool" or str(message.get("type")).endswith("_call_output"):
            yield _text(message.get("content") or message.get("output"))
        elif isinstance(message.get("content"), list):
            blocks = (block for block in message["content"] if block.get("type") == "tool_result")
            yield from (_text(block.get("content")) for block in blocks)


def _calls(messages: list[Json]) -> Iterator[str]:
    for message in messages:
        if str(message.get("type")).endswith("_call"):
            yield f"{message['name']} {message.get('arguments') or message.get('input')}"
        for call in message.get("tool_calls") or ():
            yield f"{call['function']['name']} {call['function']['arguments']}"
        if isinstance(message.get("content"), list):
            blocks = (block for block in message["content"] if block.get("type") == "tool_use")
            yield from (f"{block['name']} {json.dumps(block['input'])}" for block in blocks)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content if isinstance(content, str) else json.dumps(content)


@dataclass
class ScriptedModels:
    """A context manager that serves a script. The longest words of the script that open a conversation count."""

    script: Script
    requests: list[Shown] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    """What the script itself raised: a turn that did not see what it expected."""
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def __enter__(self) -> ScriptedModels:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def shown(self, words: str) -> list[Shown]:
        """The requests of conversations that begin with these words."""
        return [request for request in self.requests if words in request.opening]

    def answer(self, shown: Shown) -> Say | Fail:
        """The next turn of the conversation that a request belongs to; a conversation off the script gets "ok"."""
        words = max((words for words in self.script if words in shown.opening), key=len, default=None)
        if words is None or not shown.tools:
            # Without tools it is asked for a title or a summary.
            return Say("ok")
        try:
            first, *later = shown.earlier
            play = self.script[words](first)
            said = next(play)
            for seen in later:
                said = play.send(seen)
        except StopIteration:
            return Say("ok")
        except Exception as error:
            self.faults.append(error)
            return Fail(400)
        return said

    def reply(self, shown: Shown, said: Say) -> Reply:
        """An answer as the protocols write it, with ids of its own."""
        number = next(self._ids)
        return Reply(
            id=f"{number:06d}",
            model=said.served_by or shown.model,
            text=said.text,
            calls=tuple((f"toolu_{number:06d}_{n}", name, given) for n, (name, given) in enumerate(said.calls)),
            cut_off=False,
            input_tokens=said.input_tokens,
            cache_read_tokens=said.cache_read_tokens,
            output_tokens=said.output_tokens,
        )


def _handler(models: ScriptedModels) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
            path = self.path.partition("?")[0]
            if not path.endswith(("/messages", "/responses", "/chat/completions")):
                self._send(200, "application/json", b'{"input_tokens": 1000}')
                return
            shown = Shown(path, body)
            models.requests.append(shown)
            said = models.answer(shown)
            if isinstance(said, Fail):
                error = {"type": "error", "error": {"type": "api_error", "message": "the script says so"}}
                self._send(said.status, "application/json", json.dumps(error).encode())
            else:
                self._send(200, *encode(path, models.reply(shown, said), bool(body.get("stream"))))

        def do_GET(self) -> None:
            self._send(404, "application/json", b"{}")

        do_HEAD = do_GET

        def _send(self, status: int, kind: str, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the requests are kept."""

    return Handler
