"""A model behind the OpenAI Chat Completions protocol, OpenAI's or a compatible one, called by the openai SDK."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mcp_router.executors.conversation import Message, Patience, Tool, ToolCall, Turn
from memory_store.records import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_router.executors.endpoint import Endpoint


class OpenAIApi:
    """One endpoint. Effort goes out as `reasoning_effort`, which models that do not reason refuse."""

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
        # OpenAI's reasoning models refuse `max_tokens`; compatible endpoints often know only that.
        own = self._endpoint.base_url is None or self._endpoint.sent_as.startswith("gpt-")
        request: dict[str, Any] = {
            "model": self._endpoint.sent_as,
            "max_completion_tokens" if own else "max_tokens": max_output_tokens,
            "messages": _messages(system, conversation),
            "tools": [_function(tool) for tool in tools],
            "stream": True,
            "stream_options": {"include_usage": True},
            "timeout": min(self._endpoint.timeout_s, patience.left_s()),
        }
        if self._endpoint.effort:
            request["reasoning_effort"] = self._endpoint.effort
        answer = _Answer()
        with self._client.chat.completions.create(**request) as stream:
            for chunk in stream:
                patience.check()
                answer.take(chunk)
        return answer.turn()


def _function(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _messages(system: str, conversation: Sequence[Message]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}]
    for message in conversation:
        if isinstance(message, str):
            messages.append({"role": "user", "content": message})
        elif isinstance(message, Turn):
            messages.append(message.raw)
        else:
            messages.extend({"role": "tool", "tool_call_id": r.call_id, "content": r.text} for r in message)
    return messages


@dataclass
class _Answer:
    """The pieces of a streamed answer, put together."""

    text: str = ""
    reasoning: str = ""
    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    finish: str | None = None
    model: str | None = None
    usage: Any = None

    def take(self, chunk: Any) -> None:
        self.model = chunk.model or self.model
        self.usage = chunk.usage or self.usage
        for choice in chunk.choices:
            self.finish = choice.finish_reason or self.finish
            self.text += choice.delta.content or ""
            self.reasoning += getattr(choice.delta, "reasoning_content", None) or ""
            for part in choice.delta.tool_calls or ():
                call = self.calls.setdefault(part.index, {"id": "", "name": "", "arguments": ""})
                call["id"] = part.id or call["id"]
                call["name"] = part.function.name or call["name"]
                call["arguments"] += part.function.arguments or ""

    def turn(self) -> Turn:
        calls = tuple(ToolCall(call["id"], call["name"], parsed(call["arguments"])) for call in self.calls.values())
        return Turn(
            text=self.text,
            tool_calls=calls,
            tokens=_tokens(self.usage),
            model_served=self.model,
            stop=_stop(self.finish, calls),
            raw=self._raw(),
        )

    def _raw(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        if self.calls:
            message["tool_calls"] = [
                {"type": "function", "id": c["id"], "function": {"name": c["name"], "arguments": c["arguments"]}}
                for c in self.calls.values()
            ]
        # Endpoints that stream their reasoning in this field want it back while the model uses tools.
        return {**message, "reasoning_content": self.reasoning} if self.reasoning else message


def parsed(arguments: str) -> object:
    """What a tool call's JSON holds; the text itself where it is not JSON."""
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def _stop(finish: str | None, calls: tuple[ToolCall, ...]) -> Literal["tools", "end", "cut_off"]:
    if finish is None:
        raise ValueError("the stream ended before the message did")
    if finish == "length":
        return "cut_off"
    return "tools" if calls else "end"


def _tokens(usage: Any) -> Tokens:
    """Chat Completions counts cached tokens as prompt tokens; a cache count left out means that none was used."""
    if usage is None:
        return Tokens()
    details = usage.prompt_tokens_details
    read = getattr(details, "cached_tokens", None) or 0
    write = getattr(details, "cache_write_tokens", None) or 0
    return Tokens(
        input=usage.prompt_tokens - read - write,
        cache_read=read,
        cache_write=write,
        output=usage.completion_tokens,
    )
