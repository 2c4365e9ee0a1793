"""How a scripted model works in each client: what the tools are called there, and how subagents and edits are done.

Siblings of one shape: `ready` waits for the router's tools, `ask` calls one of them, `edit` carries edits out,
`shell` runs a command, `pause` waits a little, `hand_over` gives a task to a subagent. All are played with
`yield from`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from mcp_router.demo.subtasks import Edit
from mcp_router.demo.wire import Json
from tests.server.scene import git

from .models import Acting, Say


def _decoded(text: str) -> Any:
    """The JSON in what a tool returned, without what a client puts before it; {"refused": ...} where there is none."""
    try:
        return json.JSONDecoder().raw_decode(text[text.index("{") :])[0]
    except ValueError:
        return {"refused": text}


class ClaudeCode:
    """Tools are deferred, and can be called by name all the same."""

    name = "claude-code"

    def __init__(self, prefix: str = "mcp__acrouter__") -> None:
        self.prefix = prefix

    def ready(self) -> Acting[None]:
        yield from ()

    def ask(self, tool: str, **arguments: Any) -> Acting[Any]:
        shown = yield Say(calls=[(self.prefix + tool, arguments)])
        return _decoded(shown.results[-1])

    def edit(self, repo: Path, edits: Sequence[Edit]) -> Acting[None]:
        old = sorted({edit.path for edit in edits if edit.old})
        if old:
            yield Say(calls=[("Read", {"file_path": str(repo / path)}) for path in old])
        for edit in edits:
            path = str(repo / edit.path)
            if edit.old:
                yield Say(calls=[("Edit", {"file_path": path, "old_string": edit.old, "new_string": edit.new})])
            else:
                yield Say(calls=[("Write", {"file_path": path, "content": edit.new})])

    def shell(self, command: str) -> Acting[str]:
        shown = yield Say(calls=[("Bash", {"command": command, "description": "run it"})])
        return shown.results[-1]

    def pause(self) -> Acting[None]:
        yield from self.shell("sleep 2")

    def hand_over(self, task: str, model: str | None = None, **more: Any) -> Acting[str]:
        shown = yield Say(calls=[self.agent(task, model, **more)])
        return shown.results[-1]

    def agent(self, task: str, model: str | None = None, **more: Any) -> tuple[str, Json]:
        """The call that starts a subagent, in the foreground unless more is said."""
        given = {"description": "a subtask", "prompt": task, "subagent_type": "general-purpose"}
        named = {"model": model} if model else {}
        return "Agent", {**given, **named, "run_in_background": False, **more}


class Codex:
    """Tools are called from JavaScript; the server's are there a second after the session began."""

    name = "codex"

    def _run(self, script: str) -> Acting[str]:
        shown = yield Say(calls=[("exec", script)])
        return shown.results[-1]

    def ready(self) -> Acting[None]:
        listed = "await new Promise(done => setTimeout(done, 200)); text(ALL_TOOLS.map(tool => tool.name).join());"
        for _ in range(100):
            if "mcp__acrouter__route_task" in (yield from self._run(listed)):
                return
        raise AssertionError("the router's tools never appeared")

    def ask(self, tool: str, **arguments: Any) -> Acting[Any]:
        call = f"const r = await tools.mcp__acrouter__{tool}({json.dumps(arguments)}); text(r.content[0].text);"
        return _decoded((yield from self._run(call)))

    def edit(self, repo: Path, edits: Sequence[Edit]) -> Acting[None]:
        yield from self._run(f"text(await tools.apply_patch({json.dumps(_codex_patch(repo, edits))}));")

    def shell(self, command: str) -> Acting[str]:
        call = json.dumps({"cmd": command, "login": False})
        return (yield from self._run(f"const r = await tools.exec_command({call}); text(r.output + r.exit_code);"))

    def pause(self) -> Acting[None]:
        yield from self.shell("sleep 2")

    def hand_over(self, task: str, model: str | None = None, **more: Any) -> Acting[str]:
        yield Say(calls=[self.agent(task, model, **more)])
        shown = yield Say(calls=[("collaboration.wait_agent", {})])
        return shown.results[-1]

    def agent(self, task: str, model: str | None = None, **more: Any) -> tuple[str, Json]:
        """The call that starts a subagent."""
        named = {"model": model} if model else {}
        given = {"task_name": f"subtask_{crc32(task.encode()):08x}", "message": task, "fork_turns": "none"}
        return "collaboration.spawn_agent", {**given, **named, **more}


class Opencode:
    """A subagent's model is its agent's: one agent is configured for each model, with its name."""

    name = "opencode"

    def ready(self) -> Acting[None]:
        yield from ()

    def ask(self, tool: str, **arguments: Any) -> Acting[Any]:
        shown = yield Say(calls=[(f"acrouter_{tool}", arguments)])
        return _decoded(shown.results[-1])

    def edit(self, repo: Path, edits: Sequence[Edit]) -> Acting[None]:
        for edit in edits:
            path = str(repo / edit.path)
            if edit.old:
                yield Say(calls=[("edit", {"filePath": path, "oldString": edit.old, "newString": edit.new})])
            else:
                yield Say(calls=[("write", {"filePath": path, "content": edit.new})])

    def shell(self, command: str) -> Acting[str]:
        shown = yield Say(calls=[("bash", {"command": command, "description": "run it"})])
        return shown.results[-1]

    def pause(self) -> Acting[None]:
        yield from self.shell("sleep 2")

    def hand_over(self, task: str, model: str | None = None) -> Acting[str]:
        given = {"description": "a subtask", "prompt": task, "subagent_type": model or "general"}
        shown = yield Say(calls=[("task", given)])
        return shown.results[-1]


class Delegated:
    """The tools that the server itself gives to a model in delegate mode."""

    name = "delegate"

    def edit(self, repo: Path, edits: Sequence[Edit]) -> Acting[None]:
        del repo
        for edit in edits:
            if edit.old:
                yield Say(calls=[("edit_file", {"path": edit.path, "old": edit.old, "new": edit.new})])
            else:
                yield Say(calls=[("write_file", {"path": edit.path, "text": edit.new})])


Hand = ClaudeCode | Codex | Opencode | Delegated


def _codex_patch(repo: Path, edits: Sequence[Edit]) -> str:
    """The edits in the format of Codex, worked out on the last commit: a script is played again after they are made."""
    lines = ["*** Begin Patch"]
    for path in dict.fromkeys(edit.path for edit in edits):
        own = [edit for edit in edits if edit.path == path]
        if not own[0].old:
            lines += [f"*** Add File: {path}", *(f"+{line}" for line in own[0].new.splitlines())]
            continue
        before = after = git(repo, "show", f"HEAD:{path}")
        for edit in own:
            after = after.replace(edit.old, edit.new)
        diff = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm=""))[2:]
        lines += [f"*** Update File: {path}", *("@@" if line.startswith("@@") else line for line in diff)]
    return "\n".join([*lines, "*** End Patch"])
