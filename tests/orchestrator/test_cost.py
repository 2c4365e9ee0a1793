"""One runaway attempt does not shut a model out; what is dear time and again does count."""

from __future__ import annotations

import pytest

from mcp_router.orchestrator.cost import Costs


def test_one_runaway_attempt_hardly_moves_what_is_expected() -> None:
    costs = Costs()
    for usd in (0.10, 0.10, 9.76):
        costs.learn("large", usd)
    assert costs.expected("large") == pytest.approx((0.20 + 4 * 2**0.5 * 0.10) / 3)


def test_attempts_that_are_dear_now_and_then_count_in_the_end() -> None:
    costs = Costs()
    for n in range(200):
        costs.learn("large", 2.0 if n % 10 == 9 else 0.1)
    expected = costs.expected("large")
    assert expected is not None
    assert expected == pytest.approx(0.29, rel=0.1)
