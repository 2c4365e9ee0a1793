"""What the protocol's own tools say of the server: the inspector on stdio, the conformance suite over HTTP."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from .bearer import with_token
from .clients import SERVER, User
from .conftest import Hire

SCENARIOS = (
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
)
"""Those that say something of a server that is not the suite's own example."""


@pytest.fixture
def user(hire: Hire) -> User:
    return hire({})


def inspect(user: User, *options: str) -> dict[str, object]:
    done = user.run("mcp-inspector", "--cli", *SERVER, *options, "-e", f"ACROUTER_HOME={user.state}").well()
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_inspector_lists_the_tools_and_finds_their_schemas_portable(user: User) -> None:
    listed = inspect(user, "--method", "tools/list", "--strict")
    assert [tool["name"] for tool in listed["tools"]] == ["route_task", "report_outcome", "query_memory"]  # type: ignore[attr-defined,index]


def test_the_inspector_calls_a_tool(user: User) -> None:
    options = ("--method", "tools/call", "--tool-name", "route_task", "--tool-arg")
    called = inspect(user, *options, "task=Fix Money.allocate in shop/money.py", f"repo={user.repo}")
    assert called["structuredContent"]["status"] == "advised"  # type: ignore[index]
    (decision,) = user.memory().decisions()
    assert decision.title.startswith("Fix Money.allocate")


@pytest.fixture
def address(user: User) -> Iterator[str]:
    """`acrouter serve --http` behind a proxy that has its token."""
    env = {**user.env(), "ACROUTER_HTTP_TOKEN": "token-of-a-test"}
    server = subprocess.Popen([*SERVER, "--http", "0"], cwd=user.repo, env=env, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        found = re.search(r"127\.0\.0\.1:(\d+)", server.stderr.readline())
        assert found is not None
        with with_token(int(found.group(1)), "token-of-a-test") as proxy:
            yield proxy
    finally:
        server.terminate()
        server.communicate(timeout=10)


def test_the_conformance_suite_passes_where_it_applies(user: User, address: str) -> None:
    for scenario in SCENARIOS:
        done = user.run("conformance", "server", "--url", address, "--scenario", scenario)
        print(f"conformance {scenario}: {done.stdout}")
        assert done.code == 0, (scenario, done)
