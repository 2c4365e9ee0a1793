"""What an attempt has used and may still use: money is reserved before each call and settled after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mcp_router import models
from mcp_router.errors import ProviderError
from mcp_router.executors.conversation import LimitReached
from mcp_router.executors.faults import UNBILLED
from mcp_router.types import Price
from memory_store.records import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_router.executors.conversation import Turn
    from mcp_router.types import Candidate, Limits

CALL_OUTPUT_TOKENS = 16_000
"""The most that one call may write: what nearly every model allows, and what keeps reservations small."""

LEAST_OUTPUT_TOKENS = 256
"""Below this a call is not worth its input."""


class Purse(Protocol):
    """The budget of a run, shared with whoever else spends at the same time."""

    def reserve(self, worst_case_usd: float | None) -> str:
        """Set money aside before a call and return the reservation's id; None: its price is not known.

        Raises:
            BudgetExceeded: the call could break a cap; it is not made.
        """

    def settle(self, reservation_id: str, spent_usd: float | None) -> None:
        """Replace a reservation by what was spent; None (unknown) leaves the whole of it counted."""


@dataclass(frozen=True, slots=True)
class Worst:
    """What a call may take at most: tokens to write, and USD in all where the price is known."""

    output_tokens: int
    cost_usd: float | None


class Account:
    """Counts the turns of one attempt.

    A call that was sent and not answered has an unknown cost: `cost_usd` is then the known part of the whole, its
    source "partial", and its reservation stays counted in full. A request that the provider turned away costs 0.
    """

    def __init__(self, candidate: Candidate, sent_as: str, limits: Limits, purse: Purse) -> None:
        self._candidate = candidate
        self._sent_as = sent_as
        self._limits = limits
        self._purse = purse
        self._written = 0
        self._known: list[float] = []
        self._unknown = 0
        self._tokens: list[Tokens] = []
        self._substitute: str | None = None
        self._served: str | None = None

    def pay(self, prompt_tokens: int, call: Callable[[int], Turn]) -> Turn:
        """Make a call that may write as many tokens as it is given, if the limits and the purse allow it.

        Args:
            prompt_tokens: an upper estimate of the input.
            call: takes the number of output tokens.

        Raises:
            LimitReached: a limit of the attempt leaves no room for a call.
            BudgetExceeded: the purse does not; and whatever `call` raises.
        """
        worst = self._worst(prompt_tokens)
        reservation = self._purse.reserve(worst.cost_usd)
        spent: float | None = None
        try:
            turn = call(worst.output_tokens)
            spent = self._take(turn)
        except ProviderError as fault:
            spent = 0.0 if fault.kind in UNBILLED else None
            raise
        finally:
            self._purse.settle(reservation, spent)
            if spent is None:
                self._unknown += 1
            else:
                self._known.append(spent)
        return turn

    @property
    def turns(self) -> int:
        """Turns that were answered."""
        return len(self._tokens)

    @property
    def tokens(self) -> Tokens:
        """The sum over the answered turns; a count that one of them lacks is None."""
        return Tokens(
            input=_sum([t.input for t in self._tokens]),
            cache_read=_sum([t.cache_read for t in self._tokens]),
            cache_write=_sum([t.cache_write for t in self._tokens]),
            output=_sum([t.output for t in self._tokens]),
        )

    @property
    def cost_usd(self) -> float | None:
        """The known part of what was spent; None where nothing of it is known."""
        return None if self.cost_source == "unknown" else sum(self._known, 0.0)

    @property
    def cost_source(self) -> str:
        """computed (all of it, from tokens and list prices), partial or unknown."""
        if not self._unknown:
            return "computed"
        return "partial" if self._known else "unknown"

    @property
    def model_served(self) -> str | None:
        """The model that answered: the one asked for, or the name of the one that stood in for it in any turn."""
        return self._substitute or self._served

    def _worst(self, prompt_tokens: int) -> Worst:
        output = min(CALL_OUTPUT_TOKENS, self._limits.output_tokens - self._written)
        if output < LEAST_OUTPUT_TOKENS:
            raise LimitReached("output tokens")
        price = models.price_at(self._candidate, prompt_tokens)
        if price.input is None or price.output is None:
            return Worst(output, None)
        prompt_usd = prompt_tokens * max(price.input, price.cache_write or 0.0) / 1e6
        if self._limits.cost_usd is not None:
            left_usd = self._limits.cost_usd - sum(self._known) - prompt_usd
            if left_usd < LEAST_OUTPUT_TOKENS * price.output / 1e6:
                raise LimitReached("USD")
            if price.output:
                output = min(output, int(left_usd * 1e6 / price.output))
        return Worst(output, prompt_usd + output * price.output / 1e6)

    def _take(self, turn: Turn) -> float | None:
        tokens = turn.tokens
        self._tokens.append(tokens)
        # An endpoint that counts nothing is charged by length, so that the limit on output still holds.
        self._written += len(turn.text) // 3 + 1 if tokens.output is None else tokens.output
        prompt = sum(count or 0 for count in (tokens.input, tokens.cache_read, tokens.cache_write))
        return models.cost_usd(self._price_of(turn.model_served, prompt), tokens)

    def _price_of(self, served: str | None, prompt_tokens: int) -> Price:
        """The price of the model that answered; remembers which one that was."""
        if served is None or models.same_model(served, self._sent_as):
            self._served = self._candidate.model if served else self._served
            return models.price_at(self._candidate, prompt_tokens)
        self._substitute = served
        known = models.resolve(served)
        return known.price_at(prompt_tokens) if known else Price()


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if counts and len(known) == len(counts) else None
