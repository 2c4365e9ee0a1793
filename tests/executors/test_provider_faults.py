"""What a provider does wrong: one clear sentence each, nothing lost, what was spent recorded, no key in sight."""

from __future__ import annotations

import socket

import pytest

from executors.bench import KEY, MODEL, PROTOCOLS, Bench
from mcp_router.config import ModelConfig
from mcp_router.executors.api import ApiExecutor
from mcp_router.executors.endpoint import endpoint_of
from mcp_router.types import Candidate, Limits, Task

FAULTS = (
    ("401", "auth", "_API_KEY is not accepted by model-a", "models.model-a.key_env"),
    ("403", "auth", "_API_KEY is not accepted by model-a", "models.model-a.key_env"),
    ("404", "refused", "refused the request: HTTP 404", "check served_as, effort and base_url of models.model-a"),
    ("429", "rate_limit", "takes no more requests now: HTTP 429", "try again later"),
    ("500", "server", "failed: HTTP 500", "try again later"),
    ("529", "server", "failed: HTTP 529", "try again later"),
    ("garbage", "garbage", "did not answer as its protocol says", "check base_url, provider and api of models.model-a"),
    ("half", "garbage", "closed the connection in the middle of its answer", "try again"),
    ("silence", "timeout", "sent nothing for 0.3 s", "raise models.model-a.timeout_s"),
)
SPENT_BEFORE = (333 * 1.0 + 67 * 0.1 + 33 * 10.0) / 1e6
"""One turn of three."""


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("fault", "kind", "what", "fix"), FAULTS)
def test_a_fault_is_one_sentence_that_names_the_provider_and_the_fix(
    bench: Bench, protocol: str, fault: str, kind: str, what: str, fix: str
) -> None:
    bench.provider.fail(MODEL, fault)
    attempt = bench.attempt(protocol, timeout_s=0.3 if fault == "silence" else 10)
    assert attempt.fault is not None
    assert attempt.fault.startswith(f"{kind}: ")
    assert what in attempt.fault
    assert fix in attempt.fault
    assert bench.provider.base_url in attempt.fault
    assert "\n" not in attempt.fault
    assert attempt.fault.endswith(".")
    assert KEY not in str(attempt)
    assert "Traceback" not in str(attempt)
    assert (attempt.turns, attempt.tokens.input) == (0, None)
    assert "hello" in bench.text()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("fault", ["401", "429", "500", "garbage", "half", "silence"])
def test_a_fault_in_the_middle_loses_neither_work_nor_what_it_cost(bench: Bench, protocol: str, fault: str) -> None:
    bench.provider.fail(MODEL, fault, step=1)
    attempt = bench.attempt(protocol, timeout_s=0.3 if fault == "silence" else 10)
    assert attempt.fault is not None
    assert (attempt.turns, attempt.tokens.input, attempt.tokens.output) == (1, 333, 33)
    assert attempt.cost_usd == pytest.approx(SPENT_BEFORE)
    turned_away = fault in ("401", "429")
    assert attempt.cost_source == ("computed" if turned_away else "partial")
    assert bench.wallet.settled == {"r0": pytest.approx(SPENT_BEFORE), "r1": 0.0 if turned_away else None}


def test_a_cost_of_which_nothing_is_known_is_unknown(bench: Bench) -> None:
    bench.provider.fail(MODEL, "half")
    attempt = bench.attempt("anthropic")
    assert (attempt.cost_usd, attempt.cost_source) == (None, "unknown")
    assert bench.wallet.settled == {"r0": None}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("fault", "requests"), [("401", 1), ("404", 1), ("garbage", 1), ("half", 1), ("429", 3), ("500", 3)]
)
def test_only_a_busy_or_failing_server_is_asked_again_and_at_most_twice(
    bench: Bench, protocol: str, fault: str, requests: int
) -> None:
    bench.provider.fail(MODEL, fault)
    bench.attempt(protocol)
    assert len(bench.provider.requests) == requests


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_passing_fault_is_overcome(bench: Bench, protocol: str) -> None:
    bench.provider.fail(MODEL, "500", times=2)
    attempt = bench.attempt(protocol)
    assert attempt.fault is None
    assert "goodbye" in bench.text()


def test_a_wait_beyond_the_seconds_left_is_not_begun(bench: Bench) -> None:
    bench.provider.retry_after_s = 3600
    bench.provider.fail(MODEL, "429")
    attempt = bench.attempt("anthropic", limits=Limits(seconds=20))
    assert attempt.fault is not None
    assert attempt.fault.startswith("rate_limit: ")
    assert attempt.latency_ms is not None
    assert attempt.latency_ms < 10_000


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_missing_key_is_named_before_any_call(bench: Bench, protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    attempt = bench.attempt(protocol, key_env="MY_KEY")
    assert attempt.fault == (
        "auth: MY_KEY is not set, so model-a cannot be called; set it, or set models.model-a.key_env."
    )
    assert bench.provider.requests == []
    assert (bench.wallet.reserved, attempt.cost_usd) == ({}, 0.0)


def test_a_model_without_a_table_is_named(bench: Bench) -> None:
    attempt = ApiExecutor({}, bench.wallet).attempt(
        Task(text="x"),
        Candidate(id="opus", model="opus"),
        bench.folder,
        Limits(),
        feedback=None,
        cancel=bench.cancel,
        progress=bench.progress.append,
    )
    assert attempt.fault == "auth: opus is not configured; add a table models.opus to config.toml."


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_endpoint_where_nobody_listens_cannot_be_reached(bench: Bench, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    attempt = bench.attempt(protocol, base_url=f"http://127.0.0.1:{port}")
    assert attempt.fault is not None
    assert attempt.fault.startswith("unreachable: ")
    assert "cannot be reached; check models.model-a.base_url" in attempt.fault
    assert attempt.cost_usd == 0.0


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("address", ["not a url", "ftp://127.0.0.1/"])
def test_an_address_that_is_none_is_a_fault_of_the_surroundings(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, protocol: str, address: str
) -> None:
    for variable in ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.setenv(variable, address)
    for variable in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    attempt = bench.attempt(protocol, base_url=None, key_env=None)
    assert attempt.fault is not None
    assert "models.model-a.base_url" in attempt.fault


def test_a_key_that_can_be_none_is_named_and_not_shown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "schlüssel")
    attempt = bench.attempt("chat")
    assert attempt.fault is not None
    assert attempt.fault.startswith("auth: OPENAI_API_KEY holds characters that no key has")
    assert "schlüssel" not in attempt.fault


def test_the_key_is_not_in_what_an_endpoint_shows_of_itself() -> None:
    endpoint = endpoint_of("m", ModelConfig(provider="openai"), None)
    assert KEY not in repr(endpoint)
    assert endpoint.redact(f"bad key {KEY} or sk-abc***xyz") == "bad key [key] or [key]"
