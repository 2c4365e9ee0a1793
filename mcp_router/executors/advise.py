"""Advice: one line that tells the agent at hand who should do a task, and how to start that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_router.models import CLAUDE_CODE, is_codex, resolve
from mcp_router.types import HOST

if TYPE_CHECKING:
    from mcp_router.types import Candidate, Task


def action(candidate: Candidate, client: str | None, task: Task) -> str:
    """What the agent should do now.

    Args:
        client: the MCP client's name for itself, such as claude-code, codex-mcp-client or cursor-vscode.
    """
    if candidate.id == HOST:
        return "Do it yourself in this session."
    alias = claude_code_name(candidate.model)
    if client == "claude-code" and alias:
        return f'Call Agent with model "{alias}"{_with("effort", candidate)} and this task as its prompt.'
    if is_codex(client) and _provider(candidate) == "openai":
        effort = _with("reasoning_effort", candidate)
        return f'Call spawn_agent with model "{candidate.model}"{effort} and this task as its message.'
    where = f" in {task.path}" if task.path else ""
    return f"Give this task to {candidate.id}{where}: a subagent{_command_line(candidate, alias)}."


def claude_code_name(model: str) -> str | None:
    """The name by which Claude Code's Agent tool takes a model; None where it takes none for exactly that one."""
    known = resolve(model)
    return next((name for name in CLAUDE_CODE if known and name in known.aliases), None)


def _with(field: str, candidate: Candidate) -> str:
    return f', {field} "{candidate.effort}"' if candidate.effort else ""


def _command_line(candidate: Candidate, alias: str | None) -> str:
    effort = candidate.effort
    if _provider(candidate) == "anthropic":
        flag = f" --effort {effort}" if effort else ""
        return f" of that model, or `claude -p --model {alias or candidate.model}{flag}`"
    if _provider(candidate) == "openai":
        flag = f" -c model_reasoning_effort={effort}" if effort else ""
        return f" of that model, or `codex exec -m {candidate.model}{flag}`"
    return " or a command line that runs it"


def _provider(candidate: Candidate) -> str | None:
    known = resolve(candidate.model)
    return known.provider if known else None
