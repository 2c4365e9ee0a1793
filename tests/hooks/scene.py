"""Claude Code as its hooks see it: events on standard input and the files that it keeps, in the shapes that real
sessions have; processes, repositories and checks are real.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psutil

from memory_store.records import Attempt, Decision, Outcome, stamp
from memory_store.store import MemoryStore
from tests.server.scene import ISOLATION, TASK, git, make_repository

HOOK = (sys.executable, "-I", "-m", "mcp_router", "hook")
UNHURRIED = (
    *(sys.executable, "-I", "-c"),
    "import sys; from mcp_router.hooks import entry; entry.ANSWER_WITHIN_S = 30.0; entry.main(sys.argv[1])",
)
"""The same, with time enough on a machine that is busy with other tests."""
COMMAND = (str(Path(sys.executable).with_name("acrouter")), "hook")
SECONDS = 120.0
T = TypeVar("T")

__all__ = ["COMMAND", "HOOK", "TASK", "UNHURRIED", "Claude", "Ran", "git", "make_repository", "until"]


def until(ask: Callable[[], T], what: str, seconds: float = SECONDS) -> T:
    """What `ask` answers, once that is something."""
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class Ran:
    """How a hook ended."""

    code: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def answer(self) -> dict[str, Any] | None:
        """Its `hookSpecificOutput`."""
        return json.loads(self.stdout)["hookSpecificOutput"] if self.stdout else None


@dataclass
class Claude:
    """A session of Claude Code in a repository."""

    root: Path
    folder: Path
    session: str = "s-1"
    extra: dict[str, str] = field(default_factory=dict)
    number: int = 0

    @property
    def home(self) -> Path:
        """The router's state folder."""
        return self.folder / "home"

    @property
    def main(self) -> Path:
        """The session's own transcript."""
        return self.folder / "claude" / "projects" / "shop" / f"{self.session}.jsonl"

    def env(self) -> dict[str, str]:
        """What a hook finds in its environment."""
        import os

        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ACROUTER_HOME": str(self.home),
            "CLAUDECODE": "1",
            "CLAUDE_CONFIG_DIR": str(self.folder / "claude"),
            "CLAUDE_CODE_MESSAGING_TOKEN": "token-that-nobody-may-keep",
            **self.extra,
        }

    def configure(self, text: str = "", route: str = "observe") -> None:
        """Write config.toml."""
        self.home.mkdir(parents=True, exist_ok=True)
        lines = (f'route = "{route}"', "explore = 0.0", text, "[checks]", f'isolation = "{ISOLATION}"')
        (self.home / "config.toml").write_text("\n".join(lines), encoding="utf-8")

    def hook(self, event: str, argv: tuple[str, ...] = HOOK, raw: bytes | None = None, **given: Any) -> Ran:
        """Run one hook, as the client does."""
        base = {"session_id": self.session, "transcript_path": str(self.main), "cwd": str(self.root)}
        data = json.dumps({**base, "hook_event_name": event, **given}).encode() if raw is None else raw
        began = time.monotonic()
        done = subprocess.run(
            [*argv, event], input=data, env=self.env(), cwd=self.root, capture_output=True, timeout=30, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def start(self, task: str = TASK, argv: tuple[str, ...] = HOOK, **given: Any) -> tuple[str, Ran]:
        """A subagent is about to start; its call's id, and what the hook said."""
        self.number += 1
        call = f"toolu_{self.session}_{self.number}"
        tool_input = {"description": "a subtask", "prompt": task, "subagent_type": "general-purpose"}
        tool_input = {**tool_input, "run_in_background": False, **given}
        return call, self.hook("PreToolUse", argv, tool_name="Agent", tool_use_id=call, tool_input=tool_input)

    def has_base(self, decisions: int = 1) -> None:
        """Wait until the state of the repository is recorded, as a real model's first answer takes longer than that."""
        until(lambda: len(self.calls()) >= decisions and self.decisions(decisions), "the recorded state")

    def calls(self) -> list[dict[str, Any]]:
        """The calls that the worker keeps."""
        found = []
        for path in (self.home / "hooks" / "calls").glob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                found.append(json.loads(path.read_text()))
        return found

    def file_of(self, call: str) -> Path:
        """The file of a call's subagent."""
        return self.main.with_suffix("") / "subagents" / f"agent-{agent_of(call)}.jsonl"

    def note(self, call: str, **more: Any) -> None:
        """What Claude Code writes beside the subagent's file."""
        path = self.file_of(call).with_suffix(".meta.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"agentType": "general-purpose", "toolUseId": call, "spawnDepth": 1, **more}))

    def says(
        self, call: str, *lines: dict[str, Any], model: str = "claude-haiku-5-5", asked: str | None = None, at: str = ""
    ) -> None:
        """Lines of the subagent's file, each an assistant's message in two content blocks that repeat its usage."""
        self.note(call)
        usage = {"input_tokens": 100, "cache_read_input_tokens": 1000, "cache_creation_input_tokens": 50}
        with self.file_of(call).open("a") as file:
            for line in lines:
                self.number += 1
                message = {"id": f"msg_{self.number}", "model": model, "usage": {**usage, "output_tokens": 10}}
                for content in ({"type": "text", "text": "I will."}, line):
                    entry = {"type": "assistant", "timestamp": at or stamp(datetime.now(UTC)), "isSidechain": True}
                    entry |= {"agentId": agent_of(call), "requestedModel": asked or model}
                    file.write(json.dumps({**entry, "message": {**message, "content": [content]}}) + "\n")

    def edits(
        self,
        call: str,
        path: str,
        text: str,
        *,
        root: Path | None = None,
        model: str = "claude-haiku-5-5",
        at: str = "",
    ) -> None:
        """The subagent writes a file."""
        full = (root or self.root) / path
        full.parent.mkdir(parents=True, exist_ok=True)
        given = {"file_path": str(full), "content": text}
        self.says(call, {"type": "tool_use", "id": "t", "name": "Write", "input": given}, model=model, at=at)
        full.write_text(text)

    def runs(self, call: str, command: str) -> None:
        """The subagent runs a command, which is run."""
        self.says(call, {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": command}})
        subprocess.run(command, shell=True, cwd=self.root, check=True)

    def stops(self, call: str) -> Ran:
        """The subagent has come to its end, and its parent is told."""
        agent = {"agent_id": agent_of(call), "agent_type": "general-purpose"}
        stopped = self.hook("SubagentStop", **agent, agent_transcript_path=str(self.file_of(call)))
        response = {"status": "completed", "agentId": agent_of(call), "resolvedModel": "claude-opus-5-5"}
        self.hook("PostToolUse", tool_name="Agent", tool_use_id=call, tool_input={}, tool_response=response)
        return stopped

    def memory(self) -> MemoryStore:
        """The memory as it is now."""
        return MemoryStore(self.home)

    def decisions(self, least: int = 1) -> list[Decision]:
        """All decisions, once there are so many."""
        return until(lambda: (d := self.memory().decisions()) and len(d) >= least and d, f"{least} decisions") or []

    def attempts(self, least: int = 1) -> list[Attempt]:
        """All attempts, once there are so many."""
        return until(lambda: (a := self.memory().attempts()) and len(a) >= least and a, f"{least} attempts") or []

    def outcomes(self, least: int = 1) -> list[Outcome]:
        """All outcomes, once there are so many."""
        return until(lambda: (o := self.memory().outcomes()) and len(o) >= least and o, f"{least} outcomes") or []

    def judged(self, calls: int = 1) -> None:
        """Wait until so many calls have their verdict."""
        until(lambda: sum(c["status"] == "judged" for c in self.calls()) >= calls, f"{calls} verdicts")

    def workers(self) -> list[psutil.Process]:
        """Living workers of this home."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                ours = process.environ().get("ACROUTER_HOME") == str(self.home)
                if ours and "hook-worker" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def end_workers(self) -> None:
        """Kill what hooks started."""
        for process in self.workers():
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(5)


def agent_of(call: str) -> str:
    """The id of a call's subagent."""
    return f"a{call.removeprefix('toolu_')}"
