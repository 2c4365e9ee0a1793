"""Histories to import: the recorded traces put into place, and sessions written in the exact shapes of the clients."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from mcp_router.imports.run import import_history
from mcp_router.session import Session
from tests.imports.make_traces import TRACES

SESSION = "5e551011-0000-4000-8000-000000000000"
OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"


def restored(client: str, folder: Path, repo: Path) -> Path:
    """A client's recorded traces, as if they had been made in `repo`."""
    target = folder / client
    for source in (TRACES / client).rglob("*"):
        if source.is_file():
            text = source.read_text(encoding="utf-8").replace("@REPO@", str(repo)).replace("@HOME@", str(folder))
            place = target / source.relative_to(TRACES / client)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    if client == "opencode":
        with closing(sqlite3.connect(target / "opencode.db")) as database:
            database.executescript((target / "opencode.sql").read_text(encoding="utf-8"))
    return target


def learn(home: Path, client: str, path: Path, **options: Any) -> dict[str, Any]:
    """Import a history into a memory, in this process."""
    session = Session(home, home)
    try:
        return import_history(session, client, path, **options)
    finally:
        session.close()


def acrouter(home: Path, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-I", "-m", "mcp_router", *map(str, arguments)],
        env={**os.environ, "ACROUTER_HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Claude:
    """Writes a session of Claude Code line by line."""

    def __init__(self, folder: Path, cwd: Path, agent: str | None = None) -> None:
        self.cwd, self.agent, self.lines, self.calls = str(cwd), agent, 0, 0
        inside = f"{SESSION}/subagents/agent-{agent}.jsonl" if agent else f"{SESSION}.jsonl"
        self.file = folder / "projects" / "-r" / inside
        self.file.parent.mkdir(parents=True, exist_ok=True)

    def write(self, **line: Any) -> None:
        """One line with its envelope."""
        self.lines += 1
        minute = self.lines // 60
        line = {
            "uuid": f"{self.agent or 'main'}-{self.lines}",
            "timestamp": f"2026-11-24T09:{minute:02}:{self.lines % 60:02}.000Z",
            "sessionId": SESSION,
            "cwd": self.cwd,
            "version": "2.1.331",
            "isSidechain": self.agent is not None,
            **({"agentId": self.agent} if self.agent else {}),
            **line,
        }
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def human(self, text: str, **fields: Any) -> None:
        self.write(type="user", message={"role": "user", "content": text}, **fields)

    def answer(self, *blocks: dict[str, Any], model: str = OPUS, **usage: Any) -> None:
        """An answer, one line a block, each with the usage of the whole."""
        self.calls += 1
        given = {
            "input_tokens": 1000,
            "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0,
            "output_tokens": 100,
        }
        for block in blocks or ({"type": "text", "text": "ok"},):
            message = {
                "id": f"msg_{self.agent}_{self.calls}",
                "model": model,
                "content": [block],
                "usage": given | usage,
            }
            self.write(type="assistant", message=message, requestedModel=model)

    def use(
        self, name: str, given: dict[str, Any], result: str = "ok", *, is_error: bool = False, **fields: Any
    ) -> None:
        """A call of a tool with its result."""
        key = f"toolu_{self.agent}_{self.calls}"
        self.answer({"type": "tool_use", "id": key, "name": name, "input": given}, model=fields.pop("model", OPUS))
        content = {"type": "tool_result", "tool_use_id": key, "content": result, "is_error": is_error}
        self.write(type="user", message={"role": "user", "content": [content]}, **fields)

    def bash(self, command: str, output: str, code: int = 0, **fields: Any) -> None:
        text = f"Exit code {code}\n{output}" if code else output
        self.use("Bash", {"command": command}, text, is_error=code != 0, **fields)

    def edit(self, path: str, **fields: Any) -> None:
        self.use("Edit", {"file_path": f"{self.cwd}/{path}", "old_string": "a", "new_string": "b"}, **fields)
