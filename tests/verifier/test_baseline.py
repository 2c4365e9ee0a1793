"""The baseline is run once, and chance in it is not held against a patch."""

from __future__ import annotations

import pytest
from conftest import CART, FILES, RIGHT

from mcp_router.verifier.targets import of_environment


def counted(path, condition: str) -> dict[str, str]:
    """A test that counts its runs outside of the tree and passes under a condition on their number, n."""
    body = f"""
    from pathlib import Path

    def test_by_chance():
        file = Path({str(path)!r})
        n = len(file.read_text()) + 1 if file.exists() else 1
        file.write_text("x" * n)
        assert {condition}

    def test_steady():
        pass
    """
    return FILES | {"tests/test_chance.py": body, "shop/cart.py": CART}


@pytest.mark.parametrize(
    ("condition", "verdict", "flaky"),
    [
        ("n == 2", "pass", True),
        ("n % 2 == 1", "pass", False),
        ("n != 2", "fail", False),
    ],
    ids=["fails once in the baseline", "fails now and then on both trees", "fails only with the patch"],
)
def test_chance_is_excused_only_where_the_base_has_it_too(bench, tmp_path, condition, verdict, flaky):
    case = bench(counted(tmp_path / "count", condition), isolation="none")
    found = case.verify({"shop/cart.py": RIGHT}, task="total() ignores the discount: see test_discount")
    assert found.verdict == verdict
    assert ("tests/test_chance.py::test_by_chance" in found.checks["flaky"]) is flaky


def test_the_baseline_is_run_once_for_all_patches(bench, tmp_path):
    count = tmp_path / "count"
    case = bench(counted(count, "True"), isolation="none")
    first = case.verify({"shop/cart.py": RIGHT})
    alone = len(count.read_text())
    second = case.verify({"shop/cart.py": RIGHT + "\n\nX = 1\n"})
    assert (first.verdict, second.verdict) == ("pass", "pass")
    assert len(count.read_text()) == alone + 1


def test_infrastructure_faults_are_not_kept(bench):
    files = {"a.py": "X = 1\n", "test_a.py": "import time\n\ndef test_a():\n    time.sleep(1.5)\n"}
    case = bench(files)
    assert case.verify({"a.py": "X = 2\n"}, timeout_s=1.0).verdict == "no_signal"
    assert case.verify({"a.py": "X = 2\n"}, timeout_s=30.0).verdict == "pass"


@pytest.mark.parametrize(
    ("message", "outside"),
    [
        ("collection failure: ModuleNotFoundError: No module named 'requests'", True),
        ("collection failure: ModuleNotFoundError: No module named 'shop.bulk'", False),
        ("ConnectionRefusedError: [Errno 111] Connection refused", True),
        ("failed on setup with \"fixture 'db' not found\"", True),
        ("assert 1 == 2", False),
    ],
)
def test_failures_of_the_machine_are_told_from_failures_of_the_code(message, outside):
    assert of_environment(message, ["shop/cart.py"]) is outside
