"""The baseline is run once, and chance in it is not held against a patch."""

from __future__ import annotations

import pytest
from conftest import CART, FILES, RIGHT, SANDBOX, TASK, git

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.patch import patched_tree
from mcp_router.verifier.targets import find_targets, of_environment


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


FAULTS = {
    "tests/test_network.py": "import socket\n\n"
    "def test_network():\n    socket.create_connection(('192.0.2.1', 9), 0.5)\n",
    "tests/test_name.py": "import socket\n\ndef test_name():\n    socket.getaddrinfo('nowhere.invalid', 80)\n",
    "tests/test_service.py": "import socket\n\n"
    "def test_service():\n    socket.create_connection(('127.0.0.1', 1), 1)\n",
    "tests/test_binary.py": "import subprocess\n\ndef test_binary():\n    subprocess.run(['no-such-program'])\n",
    "tests/test_variable.py": "import os\n\ndef test_variable():\n    assert os.environ['SERVICE_URL']\n",
    "tests/test_needy.py": "import no_such_library\n\ndef test_needy():\n    pass\n",
    "tests/test_skipped.py": "import pytest\n\n@pytest.mark.skip\ndef test_skipped():\n    pass\n",
    "shop/state.py": "SEEN = []\n",
    "tests/test_order_a.py": "from shop import state\n\ndef test_first():\n    state.SEEN.append(1)\n",
    "tests/test_order_b.py": "from shop import state\n\ndef test_after_another():\n    assert state.SEEN\n\n"
    "def test_only_alone():\n    assert not state.SEEN\n",
}
OLD = {
    "tests/test_network.py::test_network",
    "tests/test_name.py::test_name",
    "tests/test_service.py::test_service",
    "tests/test_binary.py::test_binary",
    "tests/test_variable.py::test_variable",
    "tests/test_needy.py",
}
BEFORE_ALL = {
    "tests/test_aaa.py": "from shop import state\n\ndef test_aaa():\n    state.SEEN[:] = []\n    state.SEEN = None\n"
}


def test_faults_of_the_base_are_told_and_held_against_nobody(bench):
    case = bench(FILES | FAULTS)
    found = case.verify({"shop/cart.py": RIGHT, **BEFORE_ALL}, task=TASK + " Add tests.")
    assert (found.verdict, found.score, found.checks["lost"]) == ("pass", 1.0, [])
    assert found.checks["fixed"] == ["tests/test_cart.py::test_discount"]
    assert set(found.checks["old_failures"]) == OLD
    assert found.checks["flaky"] == ["tests/test_order_b.py::test_only_alone"]
    wrong = case.verify({"shop/cart.py": CART + "\n\nX = 1\n"}, task=TASK)
    assert (wrong.verdict, wrong.checks["still_failing"]) == ("fail", ["tests/test_cart.py::test_discount"])


def test_what_cannot_run_here_is_no_ground_for_a_verdict(bench):
    found = bench(FILES | FAULTS).verify({"shop/cart.py": RIGHT}, task="Make test_name and test_service pass.")
    assert (found.verdict, found.score) == ("no_signal", None)
    assert "cannot run" in found.reasons[0]


NOTHING = {
    "all are skipped": ("import pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n", "skipped"),
    "none can be read": ("def test_a(:\n    pass\n", "ithout the patch"),
    "there are none": ("def helper():\n    pass\n", "no tests were collected"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_baseline_that_shows_nothing_teaches_nothing(bench, name):
    tests, reason = NOTHING[name]
    found = bench({"a.py": "X = 1\n", "tests/test_a.py": tests}).verify({"a.py": "X = 2\n"})
    assert (found.verdict, found.score, found.strength) == ("no_signal", None, 0.0)
    assert reason in found.reasons[0]


def test_a_slow_baseline_leaves_open_whether_the_patch_hangs(bench):
    files = {"a.py": "S = 2.4\n", "test_a.py": "import time\nfrom a import S\n\ndef test_a():\n    time.sleep(S)\n"}
    found = bench(files).verify({"a.py": "S = 60\n"}, timeout_s=3.0)
    assert (found.verdict, found.score) == ("no_signal", None)
    assert "time" in found.reasons[0]


def test_counters_in_the_home_and_in_tmp_start_anew_in_a_sandbox(bench):
    if not SANDBOX:
        print("no sandbox on this machine: the tests would write to the real home folder")
        return
    body = "".join(
        f"def test_{name}():\n    file = {place} / 'acrouter-count'\n"
        f"    n = len(file.read_text()) if file.exists() else 0\n"
        f"    file.write_text('x' * (n + 1))\n    assert n == 0\n\n"
        for name, place in (("home", "Path.home()"), ("tmp", "Path('/tmp')"))
    )
    case = bench(FILES | {"tests/test_count.py": "from pathlib import Path\n\n" + body})
    for source in (RIGHT, RIGHT + "\n\nX = 1\n"):
        found = case.verify({"shop/cart.py": source}, task=TASK)
        assert (found.verdict, found.checks["flaky"]) == ("pass", [])


UNSTABLE = {
    "an address": "[object(), object()], ids=repr",
    "a time": "[1, 2], ids=lambda n: f'{time.time_ns()}-{n}'",
    "a number drawn": "[uuid.uuid4(), uuid.uuid4()], ids=str",
    "the order of a set": "sorted({'a', 'b', 'c'}, key=hash)",
}


@pytest.mark.parametrize("name", UNSTABLE)
def test_ids_that_change_from_run_to_run_are_not_lost_tests(bench, name):
    mark = f"@pytest.mark.parametrize('x', {UNSTABLE[name]})"
    body = f"import time, uuid\nimport pytest\n\n{mark}\ndef test_x(x):\n    assert x\n"
    found = bench(FILES | {"tests/test_ids.py": body}).verify({"shop/cart.py": RIGHT}, task=TASK)
    assert (found.verdict, found.checks["lost"]) == ("pass", [])


TEXT = """
def strip_tags(text):
    return text


def page(text):
    return strip_tags(text)


def upper(text):
    return text
"""
TEST_TEXT = """
from shop import text


def test_strip():
    assert text.strip_tags("<b>a</b>") == "a"


def test_page():
    assert text.page("<b>a</b>") == "a"


def test_upper():
    assert text.upper("a") == "A"
"""
STRIP, PAGE, UPPER, SLUG = (f"tests/test_text.py::test_{name}" for name in ("strip", "page", "upper", "slug"))
ASSERTION = dict.fromkeys((STRIP, PAGE, UPPER), "AssertionError: assert 'a' == 'b'")
NO_SLUG = {"tests/test_slug.py": "ImportError: cannot import name 'slug' from 'shop.text' (shop/text.py)"}
ADDED = TEXT + "\n\ndef slug(text):\n    return text.lower()\n"
CHANGED = TEXT.replace("def strip_tags(text):\n    return text", "def strip_tags(text):\n    return text[1:]")
NOTED = TEXT + "\n# done\n"


@pytest.mark.parametrize(
    ("task", "text", "failures", "fixed", "targets"),
    [
        ("Add slug() to shop/text.py.", ADDED, ASSERTION, (), ()),
        ("Add a function that makes slugs of texts.", ADDED, ASSERTION, (), ()),
        ("Refactor strip_tags() so that it is easier to read.", CHANGED, ASSERTION, (), ()),
        ("Document shop/text.py.", NOTED, ASSERTION, (), ()),
        ("upper() must give capitals.", CHANGED, ASSERTION, (UPPER,), (UPPER,)),
        ("strip_tags() leaves the tags.", NOTED, ASSERTION, (), (STRIP,)),
        ("Fix test_upper.", NOTED, ASSERTION, (), (UPPER,)),
        ("Fix the bug with tags.", CHANGED, ASSERTION, (), (STRIP, PAGE)),
        ("Fix strip_tags().", NOTED, {PAGE: "AssertionError"}, (), (PAGE,)),
        ("Fix what is broken.", NOTED, ASSERTION, (), (STRIP, PAGE, UPPER)),
        ("Tags stay in the text, which is wrong.", CHANGED, ASSERTION, (STRIP,), (STRIP, PAGE, UPPER)),
        ("Add slug to shop.text.", NOTED, ASSERTION | NO_SLUG, (), tuple(NO_SLUG)),
        ("Add a maker of slugs.", ADDED, ASSERTION | NO_SLUG, (), tuple(NO_SLUG)),
        (None, CHANGED, ASSERTION, (), (STRIP, PAGE)),
        (None, NOTED, ASSERTION, (), (STRIP, PAGE, UPPER)),
        (None, ADDED, ASSERTION, tuple(NO_SLUG), ()),
    ],
)
def test_an_old_failure_counts_only_where_task_or_patch_is_about_it(bench, task, text, failures, fixed, targets):
    case = bench({"shop/__init__.py": "", "shop/text.py": TEXT, "tests/test_text.py": TEST_TEXT})
    base = git(case.root, "rev-parse", "HEAD^{tree}").decode().strip()
    made = patched_tree(case.root, "HEAD", case.patch({"shop/text.py": text}))
    trees = Tree(case.root, made), ["shop/text.py"], Tree(case.root, base)
    assert find_targets(failures, fixed, task, *trees) == set(targets)


def test_a_patch_that_is_about_none_of_the_old_failures_is_not_asked_to_mend_them(bench):
    case = bench({"shop/__init__.py": "", "shop/text.py": TEXT, "tests/test_text.py": TEST_TEXT, "README.md": "x\n"})
    base = git(case.root, "rev-parse", "HEAD^{tree}").decode().strip()
    made = patched_tree(case.root, "HEAD", case.patch({"README.md": "y\n"}))
    assert find_targets(ASSERTION, (), None, Tree(case.root, made), ["README.md"], Tree(case.root, base)) == set()
