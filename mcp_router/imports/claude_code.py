"""Claude Code: `projects/<folder>/<session>.jsonl`; subagents' files and long outputs lie in a folder beside it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp_router.imports.lines import count, json_lines, moment, regular, table, text_of, word
from mcp_router.imports.session import Author, Call, Reading, Session, Source, Subtask
from mcp_router.models import hour_writes
from memory_store.records import Tokens

CONVERSATION = (b'"type":"user"', b'"type":"assistant"', b'"type": "user"', b'"type": "assistant"')
"""Of the many types of lines those that are read; the others are most of the bytes."""
SYNTHETIC = "<synthetic>"
EDITS = ("Edit", "Write", "MultiEdit", "NotebookEdit")
AGENTS = ("Agent", "Task")
FOREIGN_EDIT = re.compile(
    r"mcp__(?!.*acrouter).*(?:edit|writ|creat|delet|remov|mov|renam|replac|insert|patch|updat|apply)"
)
"""Tools of other servers that change files, as far as their names tell."""
CACHES = re.compile(r"/(?:__pycache__|node_modules|target|dist|build|\.[^/]+)/|\.pyc$")
INTERRUPTED = "[Request interrupted by user"
HARNESS = ("<task-notification>", "<local-command-", "Caveat:", "<bash-")
COMMAND = re.compile(r"<command-name>(.*?)</command-name>.*?(?:<command-args>(.*?)</command-args>|$)", re.DOTALL)
EXIT = re.compile(r"\s*(?:Error: )?Exit code (\d+)")
PERSISTED_BYTES = 200_000


def default_path() -> Path:
    """Where Claude Code keeps its sessions."""
    return Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude") / "projects"


def sources(path: Path) -> Iterator[Source]:
    """The sessions of all projects, of one project, or one session's file, with their subagents."""
    files = [path] if path.is_file() else regular(path.rglob("*.jsonl"))
    if path.is_file():
        files += regular(path.with_suffix("").rglob("agent-*.jsonl"))
    sessions: dict[str, list[Path]] = {}
    for file in files:
        sessions.setdefault(_session_of(file), []).append(file)
    for key, own in sorted(sessions.items()):
        own.sort(key=lambda file: (file.name.startswith("agent-"), str(file)))
        states = [file.stat() for file in own]
        mark = " ".join(f"{state.st_size}-{state.st_mtime_ns}" for state in states)
        yield Source(key, tuple(own), mark, sum(state.st_size for state in states))


def read(source: Source, reading: Reading) -> Iterator[Session]:
    """The one session of a source."""
    session = Session()
    agents = {file.stem.removeprefix("agent-") for file in source.files if file.name.startswith("agent-")}
    for file in source.files:
        _Thread(session, file, agents, reading).read()
    yield session


def _session_of(file: Path) -> str:
    """The session that a file belongs to. Older versions put a subagent's file beside the session's."""
    if not file.name.startswith("agent-"):
        return file.stem
    folder = next((one for one in file.parents if one.name == "subagents"), None)
    if folder is not None:
        return folder.parent.name
    first = next(json_lines(file, Reading(), CONVERSATION), {})
    return str(first.get("sessionId") or file.stem)


@dataclass(slots=True)
class _Thread:
    """One file: the main thread, whose human turns are subtasks, or a subagent, which is one subtask."""

    session: Session
    file: Path
    agents: set[str]
    reading: Reading
    subtask: Subtask | None = None
    counted: dict[str, Call] = field(default_factory=dict)
    uses: dict[str, tuple[dict[str, Any], Author]] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    at: str = ""

    @property
    def agent(self) -> str | None:
        """The subagent's id, None for the main thread."""
        return self.file.stem.removeprefix("agent-") if self.file.name.startswith("agent-") else None

    def read(self) -> None:
        if self.agent is not None:
            try:
                self.meta = table(json.loads(self.file.with_suffix(".meta.json").read_bytes()))
            except (OSError, ValueError):
                self.meta = {}
        self.at = moment(self.file.stat().st_mtime)
        for line in json_lines(self.file, self.reading, CONVERSATION):
            self.at = moment(line.get("timestamp"), self.at)
            if self.agent is None and line.get("isSidechain"):
                self.reading.unknown["subagent inside of a session's file"] += 1
            elif line.get("type") == "user":
                self._user(line, table(line.get("message")))
            elif line.get("type") == "assistant":
                self._assistant(line, table(line.get("message")))
            else:
                self.reading.unknown[str(line.get("type"))] += 1

    def _user(self, line: dict[str, Any], message: dict[str, Any]) -> None:
        content = message.get("content")
        results = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
        results = [part for part in results if part.get("type") == "tool_result"]
        if results:
            for result in results:
                self._result(line, result)
            return
        text = text_of(content).strip()
        if text.startswith(INTERRUPTED):
            if self.subtask is not None:
                self.subtask.fault = "interrupted by the user"
        elif _is_human(line, text) and (self.agent is None or self.subtask is None):
            self._begin(line, text)

    def _begin(self, line: dict[str, Any], text: str) -> None:
        command = COMMAND.search(text)
        words = f"{command[1]} {command[2] or ''}".strip() if command else text
        key = f"{line.get('sessionId')}/{self.agent}" if self.agent else str(line.get("uuid") or self.at)
        self.subtask = self.session.begin(key, words, self.at, word(line.get("cwd")), is_agent=self.agent is not None)
        if self.meta.get("toolUseId"):
            self.subtask.call = (str(line.get("sessionId")), str(self.meta["toolUseId"]))
        self.uses.clear()

    def _assistant(self, line: dict[str, Any], message: dict[str, Any]) -> None:
        subtask, served = self.subtask, message.get("model")
        if subtask is None:
            return
        if served == SYNTHETIC or line.get("isApiErrorMessage"):
            if line.get("isApiErrorMessage"):
                subtask.fault = f"api error {line.get('apiErrorStatus') or ''}".strip()
            return
        if not isinstance(served, str):
            self.reading.unknown["assistant without a model"] += 1
            return
        self._count(subtask, line, message, served)
        author = Author(subtask.key, served)
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") == "tool_use":
                self.uses[str(part.get("id"))] = (part, author)

    def _count(self, subtask: Subtask, line: dict[str, Any], message: dict[str, Any], served: str) -> None:
        """Each block of a message has a line of its own, with the usage of the whole, or of what was written so far."""
        key, usage = str(message.get("id") or line.get("uuid")), table(message.get("usage"))
        subtask.end = max(subtask.end, self.at)
        asked = word(line.get("requestedModel")) or served
        call = Call(self.at, _tokens(usage), asked, hour_writes=hour_writes(usage))
        known = self.counted.setdefault(key, call)
        if known is not call:
            if (call.tokens.output or 0) > (known.tokens.output or 0):
                known.tokens, known.hour_writes = call.tokens, call.hour_writes
            return
        part = self.session.answered(subtask, served, asked, call)
        part.effort = part.effort or word(self.meta.get("effort"))
        part.ran_at = part.ran_at or word(line.get("effort"))

    def _result(self, line: dict[str, Any], result: dict[str, Any]) -> None:
        use, author = self.uses.pop(str(result.get("tool_use_id")), ({}, None))
        if author is None:
            return
        at, cwd, name, given = self.at, word(line.get("cwd")), use.get("name"), table(use.get("input"))
        failed, structured = bool(result.get("is_error")), table(line.get("toolUseResult"))
        if name in EDITS and not failed:
            path = given.get("file_path") or given.get("notebook_path")
            self.session.edited(author, at, path if isinstance(path, str) else None, cwd)
        elif name in AGENTS and not failed:
            self._unread_agent(at, cwd, structured)
        elif FOREIGN_EDIT.match(str(name)) and not failed:
            self.session.edited(author, at, None, cwd)
        elif name == "Bash":
            self._bash(author, at, cwd, given, result | {"structured": structured})

    def _bash(self, author: Author, at: str, cwd: str | None, given: dict[str, Any], result: dict[str, Any]) -> None:
        output = text_of(result.get("content"))
        structured, code = table(result.get("structured")), EXIT.match(output)
        exit_code = int(code[1]) if code else None
        if not result.get("is_error"):
            unclear = structured.get("interrupted") or structured.get("returnCodeInterpretation")
            exit_code = None if unclear else 0
        elif code is None:
            return
        if structured.get("backgroundTaskId") or given.get("run_in_background"):
            exit_code, output = None, ""
        output += self._persisted(structured)
        shell = self.session.ran(author, at, str(given.get("command") or ""), cwd, exit_code, output)
        # What a run of tests leaves behind is no edit.
        changed = () if shell.tests else table(structured.get("bashEditDiff")).get("changedFiles") or ()
        for path in changed:
            if isinstance(path, str) and not CACHES.search(path):
                self.session.edited(author, at, path, cwd)

    def _persisted(self, structured: dict[str, Any]) -> str:
        """The end of a long output, whose summary the transcript has lost. Only files of the session are opened."""
        name = structured.get("persistedOutputPath")
        if not isinstance(name, str):
            return ""
        folder = next((one.parent for one in self.file.parents if one.name == "subagents"), self.file.with_suffix(""))
        try:
            with (folder / "tool-results" / Path(name).name).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - PERSISTED_BYTES))
                return "\n" + file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def _unread_agent(self, at: str, cwd: str | None, structured: dict[str, Any]) -> None:
        """A subagent that left no file may have edited anything, in the same tree unless it had its own."""
        agent, stats = str(structured.get("agentId")), table(structured.get("toolStats"))
        idle = stats.get("editFileCount") == 0 and stats.get("bashCount") == 0
        if agent not in self.agents and not structured.get("worktreePath") and not idle:
            self.session.edited(Author(agent, ""), at, None, cwd)


def _is_human(line: dict[str, Any], text: str) -> bool:
    if line.get("isMeta") or line.get("isCompactSummary") or line.get("rowSource") == "harness":
        return False
    if line.get("promptSource") == "system" or table(line.get("origin")).get("kind") not in (None, "human", "user"):
        return False
    return bool(text) and not text.startswith(HARNESS)


def _tokens(usage: dict[str, Any]) -> Tokens:
    return Tokens(
        input=count(usage.get("input_tokens")),
        cache_read=count(usage.get("cache_read_input_tokens", 0)),
        cache_write=count(usage.get("cache_creation_input_tokens", 0)),
        output=count(usage.get("output_tokens")),
    )
