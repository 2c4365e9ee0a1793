"""An agent that works on the stream: it speaks MCP to the server, as a coding agent would.

In advise mode it plays its subagents too: it takes the named model's recorded answer, edits the working tree,
and believes what the model says of itself. In delegate mode it polls.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_router.demo.provider import RecordedProvider
from mcp_router.demo.stage import (
    KEY_VARIABLE,
    MODELS,
    Step,
    answer_cost_usd,
    lay_answer,
    lay_tests,
    plain_path,
    restore,
)

POLL_EVERY_S = 0.1
POLL_FOR_S = 120.0


async def work(
    steps: tuple[Step, ...], repo: Path, home: Path, provider: RecordedProvider, shown: Callable[[Step, str], None]
) -> list[str]:
    """Do all steps over one connection; the decision of each. `shown` is told of each as it ends."""
    decisions = []
    log = home / "server.log"
    with log.open("w", encoding="utf-8") as errors:
        async with Client(stdio_client(_server(repo, home), errlog=errors)) as client:
            for step in steps:
                await anyio.to_thread.run_sync(lay_tests, repo, step.subtask)
                act = _advised if step.mode == "advise" else _delegated
                decision_id = await act(client, step, repo, provider)
                await anyio.to_thread.run_sync(restore, repo)
                decisions.append(decision_id)
                shown(step, decision_id)
    return decisions


def _server(repo: Path, home: Path) -> StdioServerParameters:
    env = {"ACROUTER_HOME": str(home), KEY_VARIABLE: "demo-key", "NO_PROXY": "127.0.0.1", "PATH": plain_path()}
    return StdioServerParameters(command=sys.executable, args=["-I", "-m", "mcp_router", "serve"], env=env, cwd=repo)


async def _advised(client: Client, step: Step, repo: Path, provider: RecordedProvider) -> str:
    routed = await _call(client, "route_task", task=step.phrasing, candidates=list(MODELS))
    decision_id, model = routed["decision_id"], routed["model"]
    while model is not None:
        answer = provider.answer(model, step.phrasing)
        assert answer is not None
        await anyio.to_thread.run_sync(lay_answer, repo, answer)
        reported = await _call(
            client,
            "report_outcome",
            decision_id=decision_id,
            model=model,
            success=answer.kind not in ("empty", "cut_off"),
            cost_usd=answer_cost_usd(model, answer),
            input_tokens=answer.input_tokens + answer.cache_read_tokens,
            output_tokens=answer.output_tokens,
        )
        if reported["status"] == "running":
            await _poll(client, decision_id)
            reported = await _call(client, "report_outcome", decision_id=decision_id, model=model)
        model = reported.get("next_model")
        await anyio.to_thread.run_sync(lay_tests, repo, step.subtask)
    return str(decision_id)


async def _delegated(client: Client, step: Step, repo: Path, provider: RecordedProvider) -> str:
    del repo, provider  # the server works in a worktree of its own and calls the provider itself
    routed = await _call(client, "route_task", task=step.phrasing, candidates=list(MODELS), mode="delegate")
    if routed["status"] == "running":
        await _poll(client, routed["decision_id"])
    return str(routed["decision_id"])


async def _poll(client: Client, decision_id: str) -> None:
    with anyio.fail_after(POLL_FOR_S):
        while True:
            seen = await _call(client, "query_memory", view="run", id=decision_id)
            if seen["rows"][0]["status"] not in ("running", "cancelling"):
                return
            await anyio.sleep(POLL_EVERY_S)


async def _call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    if result.is_error or result.structured_content is None:
        raise RuntimeError(f"{tool} failed: {result.content}")
    return dict(result.structured_content)
