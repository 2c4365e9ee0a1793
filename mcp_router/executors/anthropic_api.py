"""A model behind the Anthropic Messages protocol, called by the anthropic SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mcp_router.executors.conversation import Message, Patience, Tool, ToolCall, Turn
from memory_store.records import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_router.executors.endpoint import Endpoint

CACHE: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}
"""Marks where a cached prefix ends: after the system prompt, and after the newest message of each request."""


class AnthropicApi:
    """One endpoint. Effort goes out as `output_config.effort`, which models before Claude 4.5 refuse."""

    def __init__(self, endpoint: Endpoint) -> None:
        import anthropic

        self._endpoint = endpoint
        self._client = anthropic.Anthropic(api_key=endpoint.key, base_url=endpoint.base_url, max_retries=0)

    def complete(
        self,
        system: str,
        conversation: Sequence[Message],
        tools: Sequence[Tool],
        max_output_tokens: int,
        patience: Patience,
    ) -> Turn:
        """See conversation.Provider."""
        effort = {"output_config": {"effort": self._endpoint.effort}} if self._endpoint.effort else {}
        request: dict[str, Any] = {
            "model": self._endpoint.sent_as,
            "max_tokens": max_output_tokens,
            "system": [{"type": "text", "text": system, **CACHE}],
            "messages": _messages(conversation),
            "tools": [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in tools
            ],
            "timeout": min(self._endpoint.timeout_s, patience.left_s()),
            **effort,
        }
        with self._client.messages.stream(**request) as stream:
            for _ in stream:
                patience.check()
            return _turn(stream.get_final_message())


def _messages(conversation: Sequence[Message]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for message in conversation:
        if isinstance(message, str):
            messages.append({"role": "user", "content": [{"type": "text", "text": message}]})
        elif isinstance(message, Turn):
            messages.append({"role": "assistant", "content": message.raw})
        else:
            results = [
                {"type": "tool_result", "tool_use_id": item.call_id, "content": item.text, "is_error": item.error}
                for item in message
            ]
            messages.append({"role": "user", "content": results})
    messages[-1]["content"][-1].update(CACHE)
    return messages


def _turn(message: Any) -> Turn:
    calls = tuple(ToolCall(block.id, block.name, block.input) for block in message.content if block.type == "tool_use")
    return Turn(
        text="".join(block.text for block in message.content if block.type == "text"),
        tool_calls=calls,
        tokens=_tokens(message.usage),
        model_served=message.model,
        stop=_stop(message.stop_reason, calls),
        # An empty text block is refused when it is sent back.
        raw=[block for block in message.content if block.type != "text" or block.text.strip()],
    )


def _stop(reason: str | None, calls: tuple[ToolCall, ...]) -> Literal["tools", "end", "cut_off"]:
    if reason is None:
        raise ValueError("the stream ended before the message did")
    if reason in ("max_tokens", "model_context_window_exceeded"):
        return "cut_off"
    return "tools" if calls else "end"


def _tokens(usage: Any) -> Tokens:
    """Anthropic's `input_tokens` excludes both cache counts; a cache count left out means that none was used."""
    return Tokens(
        input=usage.input_tokens,
        cache_read=usage.cache_read_input_tokens or 0,
        cache_write=usage.cache_creation_input_tokens or 0,
        output=usage.output_tokens,
    )
