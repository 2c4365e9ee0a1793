"""What user and repository say of the checks holds when they run: network, limits, hidden tests, and good manners."""

from __future__ import annotations

import json
import socket

import pytest
from conftest import FILES, RIGHT, SANDBOX, TASK, WHY_NOT, write

from mcp_router.config import load_repository_config
from mcp_router.trust import trust
from mcp_router.verifier.verifier import CheckVerifier
from mcp_router.verifier.workspace import open_repository

needs_sandbox = pytest.mark.skipif(SANDBOX is None, reason=f"no sandbox on this machine: {WHY_NOT}")
NETWORK = "[checks]\nnetwork = true\n"
CONNECTS = """
    import socket
    from shop.cart import total


    def test_connects():
        socket.create_connection(("127.0.0.1", {port}), 5).close()


    def test_total():
        assert total([1]) == 1
"""


@needs_sandbox
def test_the_network_is_open_only_when_the_repository_asks_and_the_user_trusts_it(bench):
    with socket.create_server(("127.0.0.1", 0)) as server:
        tests = CONNECTS.format(port=server.getsockname()[1])
        case = bench(FILES | {"tests/test_net.py": tests, ".acrouter.toml": NETWORK})
        closed = case.verify({"shop/cart.py": RIGHT}, task=TASK)
        assert closed.verdict == "pass"
        assert "tests/test_net.py::test_connects" in closed.checks["old_failures"]
        assert any("acrouter trust" in reason for reason in closed.reasons)
        own = load_repository_config(NETWORK).checks
        trust(case.home, open_repository(case.root).identity, own)
        opened = case.verify({"shop/cart.py": RIGHT}, task=TASK)
        assert opened.verdict == "pass"
        assert "tests/test_net.py::test_connects" not in opened.checks["old_failures"]
        assert any("network" in guarantee for guarantee in opened.isolation["open"])


def test_a_repository_may_lower_the_limits(bench):
    limits = "[checks]\nmemory_mb = 64\n"
    hog = (
        FILES["shop/cart.py"] + "\n\nHELD = [bytearray(1_000_000) for _ in range(400)]\n\nimport time\ntime.sleep(2)\n"
    )
    case = bench(FILES | {".acrouter.toml": limits})
    found = case.verify({"shop/cart.py": hog}, task=TASK)
    assert (found.verdict, found.score) == ("suspect", 0.0)
    assert "memory" in found.reasons[0]


@pytest.mark.parametrize("command", [None, "python -m pytest -q {file}"])
def test_hidden_tests_that_the_repository_names_count(bench, command):
    named = '[checks.hidden]\nfile = "private/test_hidden.py"\n' + (f'command = "{command}"\n' if command else "")
    case = bench(FILES | {".acrouter.toml": named, ".gitignore": "private/\n"}, name=f"hidden-{bool(command)}")
    hidden = "from shop.cart import total\n\n\ndef test_hidden():\n    assert total([5], discount=9) == 0\n"
    write(case.root, {"private/test_hidden.py": hidden})
    assert case.verify({"shop/cart.py": RIGHT}, task=TASK).verdict == "pass"
    hard_coded = FILES["shop/cart.py"].replace("return sum(prices)", "return 8 if discount and prices else sum(prices)")
    found = case.verify({"shop/cart.py": hard_coded}, task=TASK)
    assert found.verdict == "fail"
    assert any("hidden" in reason for reason in found.reasons)


def test_a_hidden_file_that_is_not_there_is_said_in_one_sentence(bench):
    named = '[checks.hidden]\nfile = "private/test_hidden.py"\n'
    found = bench(FILES | {".acrouter.toml": named, ".gitignore": "private/\n"}).verify({"shop/cart.py": RIGHT})
    assert (found.verdict, found.score) == ("no_signal", None)
    assert "private/test_hidden.py" in found.reasons[0]


@needs_sandbox
def test_a_baseline_ahead_of_time_gives_way_to_all_else(bench):
    case = bench({"a.py": "X = 1\n", "test_a.py": "import os\n\ndef test_a():\n    assert os.nice(0) == 19\n"})
    CheckVerifier(case.home, case.config).baseline(case.root, "HEAD")
    kept = [json.loads(path.read_text()) for path in (case.home / "cache" / "baselines").glob("*.json")]
    assert {"test_a.py::test_a": "passed"} in [one["run"]["results"] for one in kept]
