"""Advice names the call that the client at hand has."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_router.executors.advise import action
from mcp_router.models import client_candidates
from mcp_router.types import HOST, Candidate, Task

TASK = Task(text="Fix it", path=Path("shop"))
HAIKU = client_candidates("claude-code")[0]
LUNA = client_candidates("codex")[0]


@pytest.mark.parametrize(
    ("candidate", "client", "line"),
    [
        (Candidate(HOST, HOST), "claude-code", "Do it yourself in this session."),
        (HAIKU, "claude-code", 'Call Agent with model "haiku" and this task as its prompt.'),
        (
            Candidate("claude-opus-5-5@high", "claude-opus-5-5", "high"),
            "claude-code",
            'Call Agent with model "opus", effort "high" and this task as its prompt.',
        ),
        (LUNA, "codex-mcp-client", 'Call spawn_agent with model "gpt-6-luna" and this task as its message.'),
        (
            Candidate("gpt-6-luna@low", "gpt-6-luna", "low"),
            "codex-mcp-client",
            'Call spawn_agent with model "gpt-6-luna", reasoning_effort "low" and this task as its message.',
        ),
        (
            HAIKU,
            "cursor-vscode",
            "Give this task to haiku in shop: a subagent of that model, or `claude -p --model haiku`.",
        ),
        (
            LUNA,
            "claude-code",
            "Give this task to gpt-6-luna in shop: a subagent of that model, or `codex exec -m gpt-6-luna`.",
        ),
        (
            Candidate("claude-opus-4-6", "claude-opus-4-6"),
            "claude-code",
            "Give this task to claude-opus-4-6 in shop: a subagent of that model, or "
            "`claude -p --model claude-opus-4-6`.",
        ),
        (
            Candidate("local", "local"),
            None,
            "Give this task to local in shop: a subagent or a command line that runs it.",
        ),
    ],
)
def test_one_line_says_what_to_do(candidate: Candidate, client: str | None, line: str) -> None:
    assert action(candidate, client, TASK) == line
