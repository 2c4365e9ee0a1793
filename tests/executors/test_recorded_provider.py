"""The demo's provider: recorded answers depend on model, task and attempt only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from executors.bench import MODEL, TASK, Bench, recorded
from mcp_router.demo.provider import RecordedProvider


def post(provider: RecordedProvider, path: str, body: dict[str, object]) -> dict[str, object]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = json.dumps(body).encode()
    request = urllib.request.Request(provider.base_url + path, data, {"Content-Type": "application/json"})
    with opener.open(request, timeout=10) as answer:
        return dict(json.load(answer))


def test_the_plain_answer_is_given_for_the_next_attempt(provider: RecordedProvider) -> None:
    assert provider.answer(MODEL, TASK) == recorded(MODEL, TASK, 0)
    assert provider.answer(MODEL, TASK) == recorded(MODEL, TASK, 1)
    assert provider.answer("other", TASK) == recorded("other", TASK, 0)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", {"messages": [{"role": "user", "content": f"Do: {TASK} Please."}]}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": TASK}]}),
        ("/v1/responses", {"input": [{"role": "user", "content": TASK}]}),
    ],
)
def test_each_protocol_answers_without_a_stream_too(
    provider: RecordedProvider, path: str, body: dict[str, object]
) -> None:
    answer = post(provider, path, {"model": MODEL, **body})
    assert answer["model"] == MODEL
    assert "app/greet.py" in json.dumps(answer)
    assert "read_file" in json.dumps(answer)


def test_a_task_without_a_record_is_not_found(provider: RecordedProvider) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        post(provider, "/v1/messages", {"model": MODEL, "messages": [{"role": "user", "content": "Else."}]})


def test_the_longest_task_that_a_message_holds_is_meant() -> None:
    asked: list[str] = []

    def answers(model: str, task: str, attempt: int) -> None:
        asked.append(f"{model} {task} {attempt}")

    with RecordedProvider(["Fix", "Fix it"], answers) as provider, pytest.raises(urllib.error.HTTPError):
        post(provider, "/v1/messages", {"model": "m", "messages": [{"role": "user", "content": "Fix it now"}]})
    assert asked == ["m Fix it 0"]


def test_requests_are_kept_for_a_look(bench: Bench) -> None:
    bench.attempt("chat")
    assert [request.path for request in bench.provider.requests] == ["/v1/chat/completions"] * 3
    assert bench.provider.requests[0].body["model"] == MODEL
