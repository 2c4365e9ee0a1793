"""The catalogue: names, prices, and the candidates that a client or a configuration offers."""

from __future__ import annotations

from importlib.resources import files

import pytest

from mcp_router.config import Config
from mcp_router.errors import BadInput
from mcp_router.models import client_candidates, configured_candidates, cost_usd, resolve, same_model
from mcp_router.types import Candidate, Price
from memory_store.records import Tokens

FULL = Price(input=1, output=10, cache_read=0.1, cache_write=1.25)


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("opus", "claude-opus-5-5"),
        ("claude-opus-5-5-20261001", "claude-opus-5-5"),
        ("anthropic/claude-opus-4.6", "claude-opus-4-6"),
        ("claude-opus-4-6@20260205", "claude-opus-4-6"),
        ("claude-sonnet-5-5[1m]", "claude-sonnet-5-5"),
        ("GPT-5.4-2026-03-05", "gpt-5.4"),
        ("moonshotai/Kimi-K2.5", "kimi-k2.5"),
    ],
)
def test_a_model_is_known_by_its_other_names(name: str, identity: str) -> None:
    known = resolve(name)
    assert known is not None
    assert known.identity == identity
    assert same_model(name, identity)


def test_an_unknown_model_is_none_and_not_another() -> None:
    assert resolve("claude-opus-9") is None
    assert resolve("") is None
    assert not same_model("claude-opus-9", "claude-opus-5-5")
    assert same_model("Local/llama-x", "llama-x")


def test_prices_are_dated_small_and_name_their_source() -> None:
    text = files("mcp_router").joinpath("prices.json").read_text()
    assert len(text) < 30_000
    for field in ("source", "licence", "command", "date"):
        assert f'"{field}": "' in text
    known = resolve("opus")
    assert known is not None
    assert (known.price.input, known.price.output, known.context_tokens) == (4.0, 20.0, 1_000_000)
    assert known.price_date >= "2026-11-24"


def test_a_long_prompt_has_its_own_price() -> None:
    known = resolve("haiku")
    assert known is not None
    assert known.above_tokens is not None
    assert known.price_at(known.above_tokens) == known.price
    assert (known.price_at(known.above_tokens + 1).input or 0) > (known.price.input or 0)


@pytest.mark.parametrize(
    ("price", "tokens", "cost"),
    [
        (FULL, Tokens(input=1_000_000, cache_read=0, cache_write=0, output=0), 1.0),
        (FULL, Tokens(input=1000, cache_read=2000, cache_write=4000, output=100), 0.0072),
        (Price(input=1, output=10), Tokens(input=1000, cache_read=0, cache_write=0, output=100), 0.002),
        (Price(input=1, output=10), Tokens(input=1000, cache_read=1, cache_write=0, output=100), None),
        (Price(input=1), Tokens(input=1000, cache_read=0, cache_write=0, output=100), None),
        (FULL, Tokens(input=1000, output=100), None),
        (Price(), Tokens(input=0, cache_read=0, cache_write=0, output=0), 0.0),
    ],
)
def test_a_cost_is_known_only_if_all_that_it_needs_is(price: Price, tokens: Tokens, cost: float | None) -> None:
    assert cost_usd(price, tokens) == (None if cost is None else pytest.approx(cost))


@pytest.mark.parametrize("client", ["claude-code", "cursor-vscode", None])
def test_without_configuration_the_candidates_are_those_of_claude_code(client: str | None) -> None:
    candidates = client_candidates(client)
    assert [candidate.id for candidate in candidates] == ["haiku", "sonnet", "opus", "fable"]
    assert all(candidate.price.output and candidate.provider is None for candidate in candidates)


def test_codex_has_candidates_of_its_own() -> None:
    assert [candidate.id for candidate in client_candidates("codex-mcp-client")] == ["gpt-6-luna", "gpt-6-astra"]


def config(**values: object) -> Config:
    models = {
        "mine": {"provider": "openai", "price": {"input": 1, "output": 2}, "context_tokens": 1000},
        "claude-opus-5-5": {"provider": "anthropic", "effort": "high"},
        "cheap": {"provider": "anthropic", "served_as": "claude-haiku-5-5"},
        "opus": {"provider": "anthropic", "price": {"input": 9}},
        "strange": {"provider": "openai"},
    }
    return Config.model_validate({"models": models, **values})


def test_configured_models_are_candidates_and_the_user_s_price_beats_the_list() -> None:
    mine, opus, cheap, own, strange = configured_candidates(config())
    assert mine == Candidate("mine", "mine", None, "openai", Price(input=1, output=2), 1000)
    assert (opus.id, opus.model, opus.effort) == ("claude-opus-5-5@high", "claude-opus-5-5", "high")
    assert opus.price.input == 4.0
    assert cheap.price.input == 0.1
    assert (own.model, own.price) == ("opus", Price(input=9))
    assert (strange.price, strange.context_tokens) == (Price(), None)


def test_candidates_choose_order_and_effort() -> None:
    chosen = configured_candidates(config(candidates=["strange", "mine@low", "sonnet", "host", "mine@low"]))
    assert [candidate.id for candidate in chosen] == ["strange", "mine@low", "sonnet"]
    assert [candidate.effort for candidate in chosen] == [None, "low", None]
    assert (chosen[2].model, chosen[2].provider) == ("claude-sonnet-5-5", None)


def test_an_effort_that_there_is_not_is_named_with_the_fix() -> None:
    with pytest.raises(BadInput, match=r"candidates: 'mine@hgih' names no effort; write mine@low, mine@medium or"):
        configured_candidates(config(candidates=["mine@hgih"]))
