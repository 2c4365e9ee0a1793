"""What passes between the agent loop and a model's provider, whatever protocol that speaks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mcp_router.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from memory_store.records import Tokens


class LimitReached(Exception):
    """A limit of the attempt was hit, which ends it normally; the text names the limit."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may call; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asked for. `arguments` is what its JSON held, or the text where it was not JSON."""

    id: str
    name: str
    arguments: object


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered; `error` marks an answer that says why it was not done."""

    call_id: str
    text: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model.

    `stop`: tools (it waits for their results), end (it is done), cut_off (it hit the limit on output).
    `model_served` is the model that the provider says answered. `raw` is the answer in the provider's own
    form, to be sent back unchanged: signed reasoning is refused otherwise.
    """

    text: str
    tool_calls: tuple[ToolCall, ...]
    tokens: Tokens
    model_served: str | None
    stop: Literal["tools", "end", "cut_off"]
    raw: Any


Message = str | Turn | tuple[ToolResult, ...]
"""The user's text, the model's turn, or the results of the tools that it called."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an attempt may still take: `deadline` on the monotonic clock, in seconds, or until `cancel`."""

    deadline: float
    cancel: Event

    def left_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def check(self) -> None:
        """Return while there is time left.

        Raises:
            Cancelled: the work was stopped from outside.
            LimitReached: the time is up.
        """
        if self.cancel.is_set():
            raise Cancelled("the attempt was cancelled")
        if not self.left_s():
            raise LimitReached("seconds")

    def wait(self, seconds: float) -> None:
        """Wait, or raise as `check` as soon as that applies."""
        self.cancel.wait(min(seconds, self.left_s()))
        self.check()


class Provider(Protocol):
    """One protocol of one provider. Holds no conversation of its own."""

    def complete(
        self,
        system: str,
        conversation: Sequence[Message],
        tools: Sequence[Tool],
        max_output_tokens: int,
        patience: Patience,
    ) -> Turn:
        """The model's next turn, streamed, so that silence and cancelling are noticed while it writes.

        Raises:
            Cancelled, LimitReached: as Patience.check, between two events of the stream.
            Exception: whatever the SDK raises; `faults.explain` says what it means.
        """
