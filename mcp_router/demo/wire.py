"""How a reply is written in each of the protocols that the demo's provider speaks, whole and as a stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
STEPS = ("added", "done")
"""What a stream of OpenAI Responses says of each item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One turn of the provider's model: text, calls of tools as (id, name, arguments), and what it is charged.

    Arguments that are a text call a tool that takes bare text, and a name with a dot one in a namespace; only
    Responses knows either.
    """

    id: str = "demo"
    model: str
    text: str
    calls: tuple[tuple[str, str, Json | str], ...]
    cut_off: bool
    input_tokens: int
    cache_read_tokens: int
    output_tokens: int


def first_text(path: str, body: Json) -> str:
    """The first user message of a request."""
    messages = body["input"] if path.endswith("/responses") else body["messages"]
    content = next(message["content"] for message in messages if message.get("role") == "user")
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def call_ids(path: str, body: Json) -> list[list[str]]:
    """The ids of the tool calls in a request, by turn of the model, oldest first."""
    if path.endswith("/messages"):
        turns = [m["content"] for m in body["messages"] if m["role"] == "assistant"]
        return [[block["id"] for block in turn if block["type"] == "tool_use"] for turn in turns]
    if path.endswith("/chat/completions"):
        return [[c["id"] for c in m.get("tool_calls", ())] for m in body["messages"] if m["role"] == "assistant"]
    # Here the calls of one turn stand in a row, followed by their results.
    turns, before = [], ""
    for item in body["input"]:
        kind = item.get("type", "message")
        if kind == "function_call":
            if before != kind:
                turns.append([])
            turns[-1].append(item["call_id"])
        before = kind
    return turns


def encode(path: str, reply: Reply, stream: bool) -> tuple[str, bytes]:
    """Content type and body of a reply in the protocol of a path."""
    if path.endswith("/messages"):
        whole, events = _messages(reply)
    elif path.endswith("/chat/completions"):
        whole, events = _chat(reply)
    else:
        whole, events = _responses(reply)
    if not stream:
        return "application/json", json.dumps(whole).encode()
    lines = [_event(event) for event in events]
    if path.endswith("/chat/completions"):
        lines.append("data: [DONE]\n\n")
    return "text/event-stream", "".join(lines).encode()


def _event(event: Json) -> str:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n"


def _messages(reply: Reply) -> tuple[Json, list[Json]]:
    """Anthropic Messages: `input_tokens` excludes what was read from the cache."""
    blocks: list[Json] = [{"type": "text", "text": reply.text}] if reply.text else []
    blocks += [{"type": "tool_use", "id": i, "name": name, "input": given} for i, name, given in reply.calls]
    usage = {
        "input_tokens": reply.input_tokens,
        "cache_read_input_tokens": reply.cache_read_tokens,
        "cache_creation_input_tokens": 0,
        "output_tokens": reply.output_tokens,
    }
    stop = "max_tokens" if reply.cut_off else "tool_use" if reply.calls else "end_turn"
    whole: Json = {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage,
    }
    opening = {**whole, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": opening}]
    for index, block in enumerate(blocks):
        empty = {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}
        delta = (
            {"type": "text_delta", "text": block["text"]}
            if block["type"] == "text"
            else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        )
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": stop, "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ending, "usage": {"output_tokens": reply.output_tokens}})
    events.append({"type": "message_stop"})
    return whole, events


def _chat(reply: Reply) -> tuple[Json, list[Json]]:
    """OpenAI Chat Completions: `prompt_tokens` includes what was read from the cache."""
    prompt = reply.input_tokens + reply.cache_read_tokens
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": reply.output_tokens,
        "total_tokens": prompt + reply.output_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cache_read_tokens},
    }
    calls = [
        {"index": n, "id": i, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for n, (i, name, given) in enumerate(reply.calls)
    ]
    message: Json = {"role": "assistant", "content": reply.text or None}
    if calls:
        message["tool_calls"] = calls
    finish = "length" if reply.cut_off else "tool_calls" if calls else "stop"
    head = {"id": f"chatcmpl-{reply.id}", "created": 0, "model": reply.model}
    whole = {
        **head,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }
    part = {**head, "object": "chat.completion.chunk"}
    events: list[Json] = [
        {**part, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        {**part, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
        {**part, "choices": [], "usage": usage},
    ]
    return whole, events


def _responses(reply: Reply) -> tuple[Json, list[Json]]:
    """OpenAI Responses: `input_tokens` includes what was read from the cache."""
    text = {"type": "output_text", "text": reply.text, "annotations": []}
    output: list[Json] = []
    if reply.text:
        output.append(
            {"type": "message", "id": f"msg_{reply.id}", "role": "assistant", "status": "completed", "content": [text]}
        )
    output += [_responses_call(*call) for call in reply.calls]
    prompt = reply.input_tokens + reply.cache_read_tokens
    status = "incomplete" if reply.cut_off else "completed"
    whole: Json = {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": 0,
        "model": reply.model,
        "status": status,
        "incomplete_details": {"reason": "max_output_tokens"} if reply.cut_off else None,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": reply.cache_read_tokens, "cache_write_tokens": 0},
            "output_tokens": reply.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt + reply.output_tokens,
        },
    }
    started = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [{"type": "response.created", "response": started}]
    for index, item in enumerate(output):
        events += [{"type": f"response.output_item.{step}", "output_index": index, "item": item} for step in STEPS]
    events.append({"type": f"response.{status}", "response": whole})
    return whole, [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _responses_call(call_id: str, name: str, given: Json | str) -> Json:
    if isinstance(given, str):
        return {"type": "custom_tool_call", "id": f"ctc_{call_id}", "call_id": call_id, "name": name, "input": given}
    namespace, _, bare = name.rpartition(".")
    call = {"id": f"fc_{call_id}", "call_id": call_id, "name": bare, "arguments": json.dumps(given)}
    return {"type": "function_call", **call, **({"namespace": namespace} if namespace else {})}
