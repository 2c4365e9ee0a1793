"""What a client sees of the protocol: three tools, both eras of it, few words, and nothing but JSON-RPC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mcp_router.demo.provider import RecordedProvider
from mcp_router.server import build_server
from mcp_router.session import Session

from .scene import SLOW_TASK, TASK, Scene, make_repository, recorded
from .speaking import Connection, connected

CHARACTERS_A_TOKEN = 4
NULLS: dict[str, tuple[str, ...]] = {
    "route_task": (
        *("repo", "files", "dimension", "candidates", "force_model"),
        *("max_cost_usd", "max_attempts", "checks", "idempotency_key"),
    ),
    "report_outcome": (
        *("model", "success", "score", "worktree", "cost_usd"),
        *("input_tokens", "output_tokens", "latency_ms", "note"),
    ),
    "query_memory": ("query", "dimension", "model", "repo", "part"),
}
"""The arguments that may be null, because clients send them so."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = tmp_path_factory.mktemp("protocol")
    with RecordedProvider([TASK, SLOW_TASK], recorded) as provider:
        scene = Scene(make_repository(place / "repo"), place / "home", provider)
        scene.configure()
        yield scene


@pytest.fixture(scope="module", params=["auto", "legacy"])
def connection(request: pytest.FixtureRequest, shared: Scene) -> Iterator[Connection]:
    with shared.client(mode=request.param) as opened:
        yield opened


def tools_of(connection: Connection) -> dict[str, dict[str, Any]]:
    listed = connection.portal.call(connection.client.list_tools).tools
    return {tool.name: tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in listed}


def test_there_are_three_tools_that_say_what_they_do_to_the_world(connection: Connection) -> None:
    tools = tools_of(connection)
    assert list(tools) == ["route_task", "report_outcome", "query_memory"]
    hints = {name: tool["annotations"] for name, tool in tools.items()}
    assert {name: hint["readOnlyHint"] for name, hint in hints.items()} == {
        "route_task": False,
        "report_outcome": False,
        "query_memory": True,
    }
    assert all(not hint["destructiveHint"] and hint["idempotentHint"] for hint in hints.values())
    assert {name for name, hint in hints.items() if hint["openWorldHint"]} == {"route_task"}
    for tool in tools.values():
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
        jsonschema.Draft202012Validator.check_schema(tool["outputSchema"])
    assert "report_outcome" in (connection.client.instructions or "")


def test_the_client_of_the_sdk_agrees_on_the_newest_version(connection: Connection) -> None:
    newest = {"legacy": "2025-11-25", "auto": "2026-07-28"}
    assert connection.client.protocol_version == newest[connection.client.mode]


def test_words_are_few(connection: Connection) -> None:
    tools = tools_of(connection).values()
    read = [json.dumps(tool["inputSchema"], separators=(",", ":")) + tool["description"] for tool in tools]
    inputs = len("".join(read) + (connection.client.instructions or "")) / CHARACTERS_A_TOKEN
    outputs = len("".join(json.dumps(t["outputSchema"], separators=(",", ":")) for t in tools)) / CHARACTERS_A_TOKEN
    print(f"input schemas, descriptions and instructions: {inputs:.0f} tokens; output schemas: {outputs:.0f}")
    assert inputs < 1500
    assert outputs < 1000


def test_results_are_short_and_fit_their_schemas(connection: Connection) -> None:
    schemas = {name: tool["outputSchema"] for name, tool in tools_of(connection).items()}

    def check(tool: str, **arguments: Any) -> dict[str, Any]:
        content = connection.call(tool, **arguments)
        jsonschema.validate(content, schemas[tool])
        assert len(json.dumps(content, separators=(",", ":"), ensure_ascii=False)) < 4000
        return content

    decision_id = check("route_task", task=TASK + " " + "And so on. " * 2000)["decision_id"]
    run_id = check("route_task", task=TASK, mode="delegate")["decision_id"]
    connection.ended(run_id)
    check("report_outcome", decision_id=decision_id, success=True, verify=False, note="word " * 4000)
    check("report_outcome", decision_id=run_id, score=0.5)
    for view in ("summary", "models", "outcomes", "regret"):
        check("query_memory", view=view, limit=50)
    check("query_memory", view="neighbours", query=TASK)
    check("query_memory", view="decision", id=decision_id)
    check("query_memory", view="run", id=run_id)
    check("query_memory", view="run", id=run_id, part="diff")


def test_an_explicit_null_is_as_good_as_leaving_out(connection: Connection) -> None:
    schemas = {name: tool["inputSchema"] for name, tool in tools_of(connection).items()}

    def check(tool: str, **arguments: Any) -> dict[str, Any]:
        full = {**dict.fromkeys(NULLS[tool]), **arguments}
        jsonschema.validate(full, schemas[tool])
        return connection.call(tool, **full)

    decision_id = check("route_task", task=TASK)["decision_id"]
    check("report_outcome", decision_id=decision_id, success=True, verify=False)
    assert check("query_memory", view="decision", id=decision_id)["rows"][0]["decision_id"] == decision_id


def test_wrong_arguments_get_one_sentence_that_names_them(connection: Connection) -> None:
    assert "task" in connection.refusal("route_task")
    assert "max_attempts" in connection.refusal("route_task", task=TASK, max_attempts=99)
    assert "mode" in connection.refusal("route_task", task=TASK, mode="later")
    assert "view" in connection.refusal("query_memory", view="everything")
    assert "limit" in connection.refusal("query_memory", limit=0)


def test_an_older_client_in_bare_lines_gets_json_rpc_and_nothing_else(shared: Scene) -> None:
    with shared.lines(greeted=False) as server:
        greeting = server.greet("2025-06-18")
        assert (greeting["protocolVersion"], greeting["serverInfo"]["name"]) == ("2025-06-18", "acrouter")
        assert len(server.ask("tools/list")["result"]["tools"]) == 3
        run = server.call("route_task", task=TASK, mode="delegate", idempotency_key="lines")
        assert server.call("query_memory", view="run", id=run["decision_id"])["rows"]
        assert "error" in server.ask("no/such/method")
        server.end(5)
        messages = [json.loads(line) for line in server.printed]
    assert len(messages) >= 5
    assert all(message["jsonrpc"] == "2.0" for message in messages)


def test_a_server_in_this_process_answers_alike(tmp_path: Path) -> None:
    session = Session(tmp_path / "home", tmp_path)
    with connected(build_server(session)) as connection:
        assert connection.call("route_task", task="Rename the variable.")["status"] == "advised"
    session.close()
