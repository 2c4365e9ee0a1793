"""Codex: `sessions/YYYY/MM/DD/rollout-<time>-<thread>.jsonl`, one file a thread, subagents too.

No served model and no cost are recorded: the model is the one that was asked for, the cost is computed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mcp_router.imports.lines import count, json_lines, moment, regular, table, text_of, word
from mcp_router.imports.session import Author, Call, Reading, Session, Source, Subtask
from memory_store.records import Tokens

WANTED = (b'"session_meta"', b'"turn_context"', b'"token_usage_record"', b'"event_msg"')
EVENTS = ("item_completed", "token_count", "turn_aborted", "error", "stream_error")
ITEMS = ("UserMessage", "CommandExecution", "FileChange")
FIELDS = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens")


def default_path() -> Path:
    """Where Codex keeps its threads."""
    return Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex") / "sessions"


def sources(path: Path) -> Iterator[Source]:
    """The sessions below a folder, or one thread's file; the threads of a session belong together."""
    sessions: dict[str, list[Path]] = {}
    for file in [path] if path.is_file() else regular(path.rglob("*.jsonl")):
        meta = _meta(file)
        sessions.setdefault(str(meta.get("session_id") or meta.get("id") or file.stem), []).append(file)
    for key, own in sorted(sessions.items()):
        states = [file.stat() for file in own]
        mark = " ".join(f"{state.st_size}-{state.st_mtime_ns}" for state in states)
        yield Source(key, tuple(own), mark, sum(state.st_size for state in states))


def read(source: Source, reading: Reading) -> Iterator[Session]:
    """The one session of a source."""
    session = Session()
    threads = {str(_meta(file).get("id")) for file in source.files}
    for file in source.files:
        thread = _Thread(session, reading, threads, moment(file.stat().st_mtime))
        for line in json_lines(file, reading, WANTED):
            thread.at = moment(line.get("timestamp"), thread.at)
            thread.take(str(line.get("type")), thread.at, table(line.get("payload")))
    yield session


def _meta(file: Path) -> dict[str, Any]:
    first = next(json_lines(file, Reading(), (b'"session_meta"',)), {})
    return table(first.get("payload"))


@dataclass(slots=True)
class _Thread:
    """One thread: a session's own, whose turns are subtasks, or a subagent's, which is one subtask."""

    session: Session
    reading: Reading
    threads: set[str]
    at: str
    id: str = ""
    is_agent: bool = False
    name: str = ""
    cwd: str | None = None
    model: str = ""
    effort: str | None = None
    turn: str = ""
    subtask: Subtask | None = None
    has_records: bool = False
    total: dict[str, int] = field(default_factory=dict)

    def take(self, kind: str, at: str, payload: dict[str, Any]) -> None:
        if kind == "session_meta" and not self.id:
            self._open(payload)
        elif kind == "turn_context":
            self.model, self.effort = word(payload.get("model")) or "", word(payload.get("effort"))
            self.cwd, self.turn = word(payload.get("cwd")) or self.cwd, str(payload.get("turn_id") or at)
        elif kind == "token_usage_record":
            self.has_records = True
            self._count(at, table(payload.get("usage")))
        elif kind == "event_msg":
            self._event(str(payload.get("type")), at, payload)

    def _open(self, payload: dict[str, Any]) -> None:
        self.id, self.cwd = str(payload.get("id")), word(payload.get("cwd"))
        spawn = table(table(table(payload.get("source")).get("subagent")).get("thread_spawn"))
        self.is_agent = bool(spawn) or payload.get("parent_thread_id") is not None
        self.name = str(spawn.get("agent_path") or spawn.get("agent_nickname") or "subagent")

    def _event(self, kind: str, at: str, payload: dict[str, Any]) -> None:
        if kind == "item_completed":
            self._item(at, table(payload.get("item")))
        elif kind == "token_count" and not self.has_records:
            self._count_total(at, table(table(payload.get("info")).get("total_token_usage")))
        elif kind in ("turn_aborted", "error", "stream_error") and self.subtask is not None:
            reason = str(payload.get("reason") or payload.get("message") or kind)
            self.subtask.fault = "interrupted by the user" if reason == "interrupted" else f"api error: {reason[:120]}"

    def _item(self, at: str, item: dict[str, Any]) -> None:
        kind, subtask = str(item.get("type")), self.subtask
        if kind == "UserMessage":
            self._begin(at, text_of(item.get("content")))
        elif kind == "FileChange" and subtask is not None and item.get("status") == "completed":
            for path in table(item.get("changes")):
                self.session.edited(self._author(subtask), at, path, self.cwd)
        elif kind == "SubAgentActivity" and str(item.get("agent_thread_id")) not in self.threads:
            # One that left no file may have edited anything.
            self.session.edited(Author(str(item.get("agent_thread_id")), ""), at, None, self.cwd)
        elif kind == "CommandExecution" and subtask is not None:
            output, code = str(item.get("aggregated_output") or ""), item.get("exit_code")
            folder, command = _folder(item.get("cwd")) or self.cwd, _command(item.get("command"))
            exit_code = code if isinstance(code, int) else None
            self.session.ran(self._author(subtask), at, command, folder, exit_code, output)

    def _begin(self, at: str, text: str) -> None:
        """A human's turn; several messages in one turn are one subtask, and so is all that a subagent does."""
        key = self.id if self.is_agent else f"{self.id}/{self.turn}"
        self.subtask = self.session.begin(key, text, at, self.cwd, is_agent=self.is_agent)

    def _author(self, subtask: Subtask) -> Author:
        return Author(subtask.key, self.model)

    def _count(self, at: str, usage: dict[str, Any]) -> None:
        """A subagent's task may be encrypted: it then begins with its first answer, under its name."""
        if self.subtask is None:
            self._begin(at, self.name if self.is_agent else "")
        if self.subtask is None or not self.model:
            return
        read, cached, written, output = (count(usage.get(name)) for name in FIELDS)
        fresh = None if read is None else max(0, read - (cached or 0) - (written or 0))
        tokens = Tokens(input=fresh, cache_read=cached or 0, cache_write=written or 0, output=output)
        part = self.session.answered(self.subtask, None, self.model, Call(at, tokens, self.model))
        part.ran_at = part.ran_at or self.effort

    def _count_total(self, at: str, total: dict[str, Any]) -> None:
        """Older versions write only running totals, at times twice."""
        now = {name: count(total.get(name)) or 0 for name in FIELDS}
        usage = {name: max(0, now[name] - self.total.get(name, 0)) for name in FIELDS}
        if any(usage.values()):
            self.total = now
            self._count(at, usage)


def _command(value: Any) -> str:
    """The words of a command, without the shell that it was given to."""
    if not isinstance(value, list):
        return str(value or "")
    words = [str(word) for word in value]
    return words[2] if len(words) == 3 and words[1] in ("-lc", "-c") else " ".join(words)


def _folder(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return unquote(urlsplit(value).path) if value.startswith("file://") else value
