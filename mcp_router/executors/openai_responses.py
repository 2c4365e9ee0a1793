"""A model behind the OpenAI Responses protocol (`api = "responses"`), called by the openai SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_router.executors.conversation import Message, Patience, Tool, ToolCall, Turn
from mcp_router.executors.openai_api import parsed
from memory_store.records import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_router.executors.endpoint import Endpoint

LAST_EVENTS = ("response.completed", "response.incomplete", "response.failed")


class OpenAIResponses:
    """One endpoint. Nothing is stored at the provider: encrypted reasoning travels with the conversation.

    Effort goes out as `reasoning.effort`, which models that do not reason refuse.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        import openai

        self._endpoint = endpoint
        self._client = openai.OpenAI(api_key=endpoint.key, base_url=endpoint.base_url, max_retries=0)

    def complete(
        self,
        system: str,
        conversation: Sequence[Message],
        tools: Sequence[Tool],
        max_output_tokens: int,
        patience: Patience,
    ) -> Turn:
        """See conversation.Provider."""
        request: dict[str, Any] = {
            "model": self._endpoint.sent_as,
            "max_output_tokens": max_output_tokens,
            "instructions": system,
            "input": _input(conversation),
            "tools": [_function(tool) for tool in tools],
            "store": False,
            "stream": True,
            "timeout": min(self._endpoint.timeout_s, patience.left_s()),
        }
        if self._endpoint.effort:
            # Models that do not reason refuse to include reasoning.
            request |= {"reasoning": {"effort": self._endpoint.effort}, "include": ["reasoning.encrypted_content"]}
        with self._client.responses.create(**request) as stream:
            for event in stream:
                patience.check()
                if event.type in LAST_EVENTS:
                    return _turn(event.response)
        raise ValueError("the stream ended before the response did")


def _function(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }


def _input(conversation: Sequence[Message]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for message in conversation:
        if isinstance(message, str):
            items.append({"role": "user", "content": message})
        elif isinstance(message, Turn):
            items.extend(message.raw)
        else:
            items.extend({"type": "function_call_output", "call_id": r.call_id, "output": r.text} for r in message)
    return items


def _turn(response: Any) -> Turn:
    if response.status not in ("completed", "incomplete"):
        raise ValueError(f"the response ended as {response.status}")
    calls = tuple(
        ToolCall(item.call_id, item.name, parsed(item.arguments))
        for item in response.output
        if item.type == "function_call"
    )
    return Turn(
        text="".join(_text(item) for item in response.output),
        tool_calls=calls,
        tokens=_tokens(response.usage),
        model_served=response.model,
        stop="cut_off" if response.status == "incomplete" else "tools" if calls else "end",
        raw=[again for item in response.output if (again := _again(item))],
    )


def _text(item: Any) -> str:
    if item.type != "message":
        return ""
    return "".join(part.text for part in item.content if part.type == "output_text")


def _again(item: Any) -> dict[str, Any] | None:
    """An output item as the input of the next request; without ids, which only stored responses have."""
    if item.type == "function_call":
        return {"type": "function_call", "call_id": item.call_id, "name": item.name, "arguments": item.arguments}
    if item.type == "message":
        return {"role": "assistant", "content": _text(item)}
    if item.type == "reasoning" and item.encrypted_content:
        return {"type": "reasoning", "summary": [], "encrypted_content": item.encrypted_content}
    return None


def _tokens(usage: Any) -> Tokens:
    """The Responses protocol counts cached tokens as input; a cache count left out means that none was used."""
    if usage is None:
        return Tokens()
    read = getattr(usage.input_tokens_details, "cached_tokens", None) or 0
    write = getattr(usage.input_tokens_details, "cache_write_tokens", None) or 0
    return Tokens(
        input=usage.input_tokens - read - write, cache_read=read, cache_write=write, output=usage.output_tokens
    )
