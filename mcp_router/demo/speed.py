"""How fast the server starts and answers, and how much of a model's context it takes.

    python -m mcp_router.demo.speed [--json]

Start-up is from the start of the process to the answer to tools/list, beside a hello-world server on the same SDK,
turn by turn in one run; what a hook takes is beside a bare interpreter in the same way. route_task is timed over
stdio on the sample repository, from a client's call to its answer.
A decision is the policy's alone, by the processor's time, with 10,000 outcomes in memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_router.demo.decisions import contexts, decision_ms, filled, share
from mcp_router.demo.stage import plain_path
from mcp_router.demo.subtasks import make_repository
from mcp_router.demo.where import history_file

STARTS = 9
CALLS = 100
DECISIONS = 300
HELLO = """
from mcp.server import MCPServer
server = MCPServer("hello")
@server.tool()
def hello(name: str) -> str:
    return "hello " + name
server.run("stdio")
"""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Start-up, round trips and schema size.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="acrouter-speed-") as folder:
        found = anyio.run(_measure, Path(folder)) | {f"decision_{n}_candidates_ms": _decisions(n) for n in (8, 20)}
    if given.json:
        print(json.dumps(found))
        return
    for name, values in found.items():
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in values.items()))


async def _measure(folder: Path) -> dict[str, dict[str, Any]]:
    repo = folder / "shop"
    make_repository(history_file(), repo)
    starts: dict[str, list[float]] = {"ours": [], "hello": []}
    for _ in range(STARTS):
        for name, args in (("ours", ["-I", "-m", "mcp_router", "serve"]), ("hello", ["-I", "-c", HELLO])):
            starts[name].append(await _start(args, repo, folder))
    ratio = statistics.median(starts["ours"]) / statistics.median(starts["hello"])
    return {
        "start_up_s": {name: _spread(times) for name, times in starts.items()} | {"ratio": round(ratio, 2)},
        "hook_ms": _hooks(folder),
        **await _calls(repo, folder),
    }


async def _start(args: list[str], repo: Path, folder: Path) -> float:
    started = time.perf_counter()
    async with _client(args, repo, folder) as client:
        await client.list_tools()
        return time.perf_counter() - started


def _hooks(folder: Path) -> dict[str, Any]:
    """A hook that finds that nothing is to be done, as most do: what is left is its start."""
    took: dict[str, list[float]] = {"hook": [], "bare": []}
    env = {"ACROUTER_HOME": str(folder / "hook-home"), "PATH": plain_path()}
    for _ in range(STARTS):
        for name, args in (("hook", ["-m", "mcp_router", "hook", "PostToolUse"]), ("bare", ["-c", "pass"])):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-I", *args], input=b'{"tool_name": "Bash"}', env=env, check=True)
            took[name].append(1000 * (time.perf_counter() - started))
    over = statistics.median(took["hook"]) - statistics.median(took["bare"])
    return {name: _spread(times) for name, times in took.items()} | {"over": round(over, 1)}


async def _calls(repo: Path, folder: Path) -> dict[str, dict[str, Any]]:
    async with _client(["-I", "-m", "mcp_router", "serve"], repo, folder) as client:
        tools = (await client.list_tools()).tools
        taken = (
            len(client.instructions or ""),
            sum(len(_compact(t.input_schema)) + len(t.description or "") for t in tools),
        )
        times = []
        for n in range(CALLS):
            started = time.perf_counter()
            answer = await client.call_tool("route_task", {"task": f"Fix the rounding of line {n} in shop/money.py"})
            times.append(1000 * (time.perf_counter() - started))
            assert not answer.is_error
    times.sort()
    return {
        "route_task_ms": {"n": CALLS, "p50": round(times[CALLS // 2], 1), "p95": round(times[CALLS * 95 // 100], 1)},
        "schema_tokens": {
            "input_schemas_descriptions_instructions": sum(taken) // 4,
            "output_schemas": sum(len(_compact(t.output_schema)) for t in tools) // 4,
        },
    }


def _decisions(candidates: int) -> dict[str, Any]:
    policy, known = filled(candidates)
    times = decision_ms(policy, contexts(known, DECISIONS))
    return {"n": DECISIONS, "p50": round(share(times, 0.5), 1), "p95": round(share(times, 0.95), 1)}


def _client(args: list[str], repo: Path, folder: Path) -> Client:
    env = {"ACROUTER_HOME": str(folder / "home"), "PATH": plain_path()}
    return Client(stdio_client(StdioServerParameters(command=sys.executable, args=args, env=env, cwd=repo)))


def _spread(times: list[float]) -> str:
    return f"{statistics.median(times):.2f} [{min(times):.2f}, {max(times):.2f}] n {len(times)}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    main()
