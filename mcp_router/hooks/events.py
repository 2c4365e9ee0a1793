"""What clients tell their hooks, cut down to what is needed. Codex speaks the words of Claude Code."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CLAUDE_CODE, CODEX = "claude-code", "codex"
SPAWNS = ("Agent", "Task")
"""Claude Code's tools that start a subagent."""
SPAWN_CODEX = "spawn_agent"
"""How the name of Codex's ends; it stands behind more than one prefix."""
EVENTS = (
    *("SessionStart", "PreToolUse", "PostToolUse", "PostToolUseFailure", "SubagentStart", "SubagentStop"),
    *("Stop", "StopFailure", "Interrupt", "SessionEnd"),
)
ALWAYS = (
    *("session_id", "transcript_path", "agent_transcript_path", "cwd", "agent_id", "agent_type", "model"),
    *("tool_use_id", "tool_name"),
)
"""Texts; what is none is left out."""
MORE = ("is_interrupt", "source", "reason", "duration_ms")
INPUT = ("prompt", "subagent_type", "model", "effort", "isolation", "run_in_background")
INPUT_CODEX = ("message", "task_name", "model", "reasoning_effort")
RESPONSE = ("status", "agentId", "worktreePath", "agent_id", "agent_path", "task_name")
WORDS = 300
"""Characters kept of what a client says went wrong."""


def client_of(given: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Which client runs the hook. A Codex that was started inside Claude Code inherits its variables."""
    rollout = "/rollout-" in str(given.get("transcript_path") or "").replace("\\", "/")
    return CODEX if "turn_id" in given or "PLUGIN_ROOT" in environ or rollout else CLAUDE_CODE


def is_spawn(tool: object) -> bool:
    """Whether a tool starts a subagent."""
    return isinstance(tool, str) and (tool in SPAWNS or tool.endswith(SPAWN_CODEX))


def task_of(tool_input: Mapping[str, Any]) -> str:
    """The words of a subagent's task; empty where they are not to be read."""
    text = tool_input.get("prompt") or tool_input.get("message")
    # Half a pair, which is left where a client cuts a text, is no text.
    return text.encode(errors="replace").decode() if isinstance(text, str) else ""


def wanted(event: str, given: Mapping[str, Any]) -> bool:
    """Whether anything is to be written down of an event: of tools, only those that start a subagent count."""
    if event not in EVENTS:
        return False
    return is_spawn(given.get("tool_name")) if "Tool" in event else True


def cut(event: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the worker needs of an event."""
    kept = {name: given[name] for name in ALWAYS if isinstance(given.get(name), str)}
    kept |= {name: given[name] for name in MORE if name in given}
    tool_input, response = given.get("tool_input"), given.get("tool_response")
    if isinstance(tool_input, dict):
        kept["tool_input"] = {name: tool_input[name] for name in (*INPUT, *INPUT_CODEX) if name in tool_input}
    if isinstance(response, dict):
        kept["tool_response"] = {name: response[name] for name in RESPONSE if name in response}
    elif isinstance(response, str):
        kept["tool_response"] = response[:WORDS]
    if "error" in given:
        kept["error"] = str(given["error"])[:WORDS]
    return {"event": event, **kept}
