"""The catalogue: which models there are, under which names, at which dated list prices, and who can run them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from mcp_router.errors import BadInput
from mcp_router.types import HOST, Candidate, Price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp_router.config import Config, ModelConfig
    from memory_store.records import Tokens

PRICES = __file__.removesuffix("models.py") + "prices.json"
EFFORTS = ("low", "medium", "high")
CLAUDE_CODE = ("haiku", "sonnet", "opus", "fable")
"""The models that Claude Code's Agent tool takes, by the names under which it takes them."""
HOUR_WRITE = 2.0
"""What Anthropic's one-hour cache charges for a token written, as a multiple of the price of input."""
CODEX = ("gpt-6-luna", "gpt-6-astra")
"""Models that Codex's spawn_agent was seen to take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A model of the catalogue.

    `aliases` are other names for it. `price` was the list price on `price_date`; prompts of more than
    `above_tokens` are charged at `price_above` as a whole. `provider` is who sells it at that price.
    """

    identity: str
    aliases: tuple[str, ...]
    family: str
    provider: str
    price: Price
    price_date: str
    above_tokens: int | None = None
    price_above: Price = field(default_factory=Price)
    context_tokens: int | None = None

    def price_at(self, prompt_tokens: int) -> Price:
        """The price of a call with a prompt of that length, cached tokens included."""
        over = self.above_tokens is not None and prompt_tokens > self.above_tokens
        return self.price_above if over else self.price


def resolve(name: str) -> Known | None:
    """The model behind a name, an alias, or a dated or prefixed form of either; None: not in the catalogue.

    >>> resolve("anthropic/claude-haiku-4.5-20251001").identity
    'claude-haiku-4-5'
    """
    return _by_key().get(_key(name))


def same_model(name: str, other: str) -> bool:
    """Whether two names mean one model, as far as the catalogue or their spelling can tell."""
    known, known_other = resolve(name), resolve(other)
    return known == known_other if known and known_other else _key(name) == _key(other)


def cost_usd(price: Price, tokens: Tokens, hour_writes: int = 0) -> float | None:
    """What calls cost at a price, in USD; None where a count, or a price that is needed, is not known.

    hour_writes: of the tokens written to the cache those that Anthropic keeps for an hour, at twice the input's price
    (its documentation of prompt caching).

    >>> from memory_store.records import Tokens
    >>> cost_usd(Price(input=2, output=10), Tokens(input=1000, cache_read=0, cache_write=0, output=100))
    0.003
    """
    pairs = (
        (price.input, tokens.input),
        (price.output, tokens.output),
        (price.cache_read, tokens.cache_read),
        (price.cache_write, tokens.cache_write),
    )
    total = 0.0
    for usd, count in pairs:
        if count is None or (count and usd is None):
            return None
        total += count * (usd or 0.0)
    if hour_writes:
        if price.input is None or price.cache_write is None:
            return None
        total += hour_writes * (HOUR_WRITE * price.input - price.cache_write)
    return total / 1e6


def hour_writes(usage: Mapping[str, Any]) -> int:
    """Of a Messages API usage, the tokens written to the one-hour cache; `cache_creation_input_tokens` holds them too.

    >>> hour_writes({"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 7}})
    7
    """
    found = usage.get("cache_creation")
    count = found.get("ephemeral_1h_input_tokens") if isinstance(found, dict) else None
    written = usage.get("cache_creation_input_tokens")
    return count if isinstance(count, int) and isinstance(written, int) and 0 <= count <= written else 0


def price_at(candidate: Candidate, prompt_tokens: int) -> Price:
    """The candidate's price for a call with a prompt of that length: long prompts may cost more a token.

    A price that the user configured holds for every length.
    """
    known = resolve(candidate.model)
    return known.price_at(prompt_tokens) if known and known.price == candidate.price else candidate.price


def client_candidates(client: str | None) -> tuple[Candidate, ...]:
    """What the client at hand can run without any configuration; those of Claude Code for an unknown client.

    Their id is the name that the client takes, their model the catalogue's identity. They have no provider: only
    the client can run them.
    """
    names = CODEX if is_codex(client) else CLAUDE_CODE
    return tuple(_candidate(name, None, None) for name in names)


def is_codex(client: str | None) -> bool:
    """Whether an MCP client's name is one of Codex's, for example codex-mcp-client."""
    return "codex" in (client or "").lower()


def configured_candidates(config: Config) -> tuple[Candidate, ...] | None:
    """The candidates of config.toml: those that `candidates` names, in its order, else all of `[models]`.

    None where it has neither and leaves it to the client at hand.

    A name that has no `[models]` table is a candidate that only the client at hand can run (its provider is None).
    The host itself is not among them: it needs no configuration.

    Raises:
        BadInput: an entry of `candidates` names an effort that there is not.
    """
    if config.candidates is None and not config.models:
        return None
    names = config.models if config.candidates is None else config.candidates
    return tuple(dict.fromkeys(_named(name, config.models) for name in names if name != HOST))


def _named(name: str, models: dict[str, ModelConfig]) -> Candidate:
    if name in models:
        return _candidate(name, models[name].effort, models[name])
    model, at, effort = name.rpartition("@")
    if not at:
        return _candidate(name, None, None)
    if effort not in EFFORTS:
        raise BadInput(f"candidates: {name!r} names no effort; write {model}@low, {model}@medium or {model}@high.")
    return _candidate(model, effort, models.get(model))


def _candidate(name: str, effort: str | None, config: ModelConfig | None) -> Candidate:
    known = resolve((config.served_as if config else None) or name)
    price = known.price if known else Price()
    if config and config.price:
        price = Price(**config.price.model_dump())
    # A configured model is called by the name that the user gave it.
    identity = known.identity if known and not config else name
    return Candidate(
        id=f"{name}@{effort}" if effort else name,
        model=identity,
        effort=effort,
        provider=config.provider if config else None,
        price=price,
        context_tokens=(config.context_tokens if config else None) or (known.context_tokens if known else None),
    )


def _key(name: str) -> str:
    """A name without what varies: case, provider's prefix, date, context marker, dots for dashes."""
    base = name.strip().lower().rpartition("/")[2]
    base = re.sub(r"\[[^\]]*\]$", "", base)
    base = re.sub(r"[-@](latest|20\d{6}|20\d\d-\d\d-\d\d)$", "", base)
    return base.replace(".", "-")


@cache
def _by_key() -> dict[str, Known]:
    with open(PRICES, encoding="utf-8") as file:  # noqa: PTH123 - hooks have no time for pathlib
        data = json.load(file)
    known = [_known(entry, data["date"]) for entry in data["models"]]
    return {_key(name): model for model in known for name in (model.identity, *model.aliases)}


def _known(entry: dict[str, Any], date: str) -> Known:
    above = entry.get("above", {})
    return Known(
        identity=entry["id"],
        aliases=tuple(entry.get("aliases", ())),
        family=entry["family"],
        provider=entry["provider"],
        price=Price(**entry["price"]),
        price_date=date,
        above_tokens=above.get("tokens"),
        price_above=Price(**above.get("price", {})),
        context_tokens=entry.get("context_tokens"),
    )
