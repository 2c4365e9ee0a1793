"""Each verdict, on patches that a model could have written."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from conftest import BROKEN, CART, FILES, HALF, RIGHT, SANDBOX, TASK, TEST_CART, WRONG, git, state_of, write

from mcp_router.errors import BadInput, Cancelled, RepositoryError
from mcp_router.types import VerificationRequest
from mcp_router.verifier.report import verification_text
from mcp_router.verifier.verdict import most
from mcp_router.verifier.verifier import CheckVerifier
from mcp_router.verifier.workspace import open_repository, take_snapshot


@pytest.mark.parametrize("task", [TASK, None])
def test_what_solves_the_task_passes_and_twins_show_that_its_tests_bind(bench, task):
    case = bench()
    first = case.verify({"shop/cart.py": RIGHT}, task=task)
    assert (first.verdict, first.score, first.strength) == ("pass", 1.0, 0.8)
    assert first.checks["fixed"] == ["tests/test_cart.py::test_discount"]
    assert first.evidence == {"outcomes": "channel"}
    whole = case.judge({"shop/cart.py": RIGHT}, task=task)
    assert (whole.verdict, whole.score, whole.strength) == ("pass", 1.0, 1.0)
    assert whole.evidence["twins"] == {"tests": 4, "died": 4, "alive": []}
    assert whole.timings["first_verdict_ms"] < whole.timings["total_ms"]


LYING = (
    CART.replace("return sum(prices)", "return Always(8)")
    + """

class Always(int):
    def __eq__(self, other):
        return isinstance(other, int) or super().__eq__(other)

    __hash__ = int.__hash__
"""
)


def test_a_twin_that_lives_withholds_the_reward(bench):
    case = bench()
    assert case.verify({"shop/cart.py": LYING}).verdict == "pass"
    whole = case.judge({"shop/cart.py": LYING})
    assert (whole.verdict, whole.score, whole.strength) == ("suspect", 0.0, 0.5)
    assert "still pass when what they expect is changed" in whole.reasons[0]
    assert "tests/test_cart.py::test_discount" in whole.evidence["twins"]["alive"]


def test_twins_of_parametrized_tests_bind_although_their_names_change(bench):
    tests = """
        import pytest
        from shop.cart import total


        @pytest.mark.parametrize(("prices", "off", "left"), [([10], 2, 8), ([5, 5], 1, 9)])
        def test_discount(prices, off, left):
            assert total(prices, discount=off) == left
    """
    whole = bench(FILES | {"tests/test_cart.py": tests}).judge({"shop/cart.py": RIGHT})
    assert (whole.verdict, whole.strength, whole.evidence["twins"]["died"]) == ("pass", 1.0, 2)


def test_a_test_that_binds_nothing_raises_nothing(bench):
    loose = "from shop.cart import total\n\n\ndef test_runs():\n    total([1], discount=0, tax=1)\n"
    case = bench(FILES | {"tests/test_cart.py": loose})
    whole = case.judge({"shop/cart.py": CART.replace("discount=0", "discount=0, tax=0")})
    assert (whole.verdict, whole.strength, whole.evidence["twins"]["tests"]) == ("pass", 0.8, 0)


@pytest.mark.parametrize(("source", "score"), [(HALF, 2 / 3), (WRONG, 0.0), (BROKEN, 0.0)])
def test_wrong_work_fails_with_the_share_that_is_right(bench, source, score):
    found = bench().verify({"shop/cart.py": source}, task=TASK)
    assert found.verdict == "fail"
    assert found.score == pytest.approx(score, abs=1e-3)


def test_two_of_three_targets_score_between(bench):
    files = {
        "calc.py": "def a(): return 0\ndef b(): return 0\ndef c(): return 0\n",
        "test_calc.py": "import calc\n"
        + "".join(f"def test_{n}():\n    assert calc.{n}() == 1\n" for n in "abc")
        + "def test_all_there():\n    assert calc.a and calc.b and calc.c\n",
    }
    solved = files["calc.py"].replace("a(): return 0", "a(): return 1").replace("b(): return 0", "b(): return 1")
    found = bench(files).verify({"calc.py": solved})
    assert (found.verdict, found.score) == ("fail", pytest.approx(2 / 3, abs=1e-3))
    assert found.checks["still_failing"] == ["test_calc.py::test_c"]


def test_tests_of_a_module_that_does_not_exist_yet_are_the_target(bench):
    files = FILES | {
        "tests/test_bulk.py": "from shop.bulk import price\n\ndef test_a():\n    assert price(1) == 1\n\n"
        "def test_b():\n    assert price(10) == 9\n"
    }
    whole = bench(files, "a").verify(
        {"shop/bulk.py": "def price(n):\n    return n if n < 10 else n - 1\n"}, task="Add shop.bulk"
    )
    assert (whole.verdict, whole.checks["fixed"]) == ("pass", ["tests/test_bulk.py"])
    assert whole.checks["old_failures"] == ["tests/test_cart.py::test_discount"]
    half = bench(files, "b").verify({"shop/bulk.py": "def price(n):\n    return n\n"}, task="Add shop.bulk")
    assert (half.verdict, half.score) == ("fail", 0.5)


def test_nothing_lost_and_nothing_fixed_passes_weakly_and_says_so(bench):
    found = bench({**FILES, "tests/test_cart.py": TEST_CART.split("    def test_discount()")[0]}).verify(
        {"shop/cart.py": CART.replace("strip()", "strip(' ')")}
    )
    assert (found.verdict, found.strength) == ("pass", 0.48)
    assert found.score == pytest.approx(most(0.48))
    assert "No test that failed before passes now" in found.reasons[0]


def test_old_failures_that_the_task_is_not_about_do_not_count(bench):
    files = FILES | {
        "other.py": "def f(): return 0\n",
        "tests/test_other.py": "import other\n\ndef test_f():\n    assert other.f()\n",
    }
    found = bench(files).verify({"shop/cart.py": RIGHT}, task=TASK)
    assert found.verdict == "pass"
    assert found.checks["old_failures"] == ["tests/test_other.py::test_f"]


def test_a_patch_that_touches_something_else_does_not_solve_the_task(bench):
    found = bench().verify({"shop/note.py": "X = 1\n"}, task=TASK + " See test_discount.")
    assert (found.verdict, found.score) == ("fail", 0.0)


def test_uncommitted_and_untracked_work_is_part_of_the_base(bench):
    case = bench({"shop/__init__.py": "", "shop/cart.py": "def total(): ...\n"})
    write(case.root, {"shop/cart.py": CART, "tests/test_cart.py": TEST_CART})
    before = state_of(case.root)
    found = case.verify({"shop/cart.py": RIGHT}, task=TASK)
    assert found.verdict == "pass"
    assert state_of(case.root) == before


def test_a_hang_of_the_patched_code_fails(bench):
    found = bench().verify({"shop/cart.py": CART.replace("return sum(prices)", "while True: pass")}, timeout_s=3.0)
    assert (found.verdict, found.score) == ("fail", 0.0)
    assert "did not end in time" in found.reasons[0]
    assert found.timings["total_ms"] < 9_000


def test_a_crash_of_the_patched_code_fails(bench):
    crash = CART.replace(
        "return sum(prices)",
        "deep = lambda: list(map(lambda _: deep(), [0])); import sys; sys.setrecursionlimit(10**9); deep()",
    )
    found = bench().verify({"shop/cart.py": crash})
    assert (found.verdict, found.score) == ("fail", 0.0)


def test_a_suite_that_no_longer_starts_fails(bench):
    case = bench(FILES | {"tests/conftest.py": "import shop.cart\n"})
    found = case.verify({"shop/cart.py": "def total(:\n"})
    assert (found.verdict, found.score) == ("fail", 0.0)


def test_source_that_ends_the_run_by_a_way_around_is_suspect(bench):
    sly = CART.replace("return sum(prices)", "getattr(__import__('os'), '_ex' + 'it')(0)")
    found = bench().verify({"shop/cart.py": sly})
    assert (found.verdict, found.score, found.strength) == ("suspect", 0.0, 0.5)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a.py": "X = 1\n"}, "No checks were found"),
        ({"a.py": "X = 1\n", "tests/test_a.py": "Y = 1\n"}, "no tests were collected"),
        (
            {"a.py": "X = 1\n", "tests/test_a.py": "import nowhere_to_be_found\ndef test_a(): ...\n"},
            "environment is broken",
        ),
        (
            {"a.py": "X = 1\n", "tests/conftest.py": "1/0\n", "tests/test_a.py": "def test_a(): ...\n"},
            "could not be started",
        ),
        ({"a.py": "X = 1\n", ".acrouter.toml": "[checks]\ncommand = 'frobnicate --all'\n"}, "frobnicate"),
        ({"a.py": "X = 1\n", ".acrouter.toml": "[checks]\ncomand = 'x'\n"}, "did you mean command"),
    ],
)
def test_checks_that_say_nothing_teach_nothing(bench, files, reason):
    found = bench(files).verify({"a.py": "X = 2\n"})
    assert (found.verdict, found.score, found.strength) == ("no_signal", None, 0.0)
    assert reason in found.reasons[0]


def test_a_baseline_that_takes_too_long_teaches_nothing(bench):
    files = {"a.py": "X = 1\n", "test_a.py": "import time\ndef test_a():\n    time.sleep(60)\n"}
    found = bench(files).verify({"a.py": "X = 2\n"}, timeout_s=2.0)
    assert found.verdict == "no_signal"
    assert found.timings["total_ms"] < 6_000


def test_exit_codes_are_weak_evidence(bench):
    files = {"answer.txt": "41\n", "check.sh": 'test "$(cat answer.txt)" = 42\n'}
    run = {"checks": "sh check.sh"}
    fixed = bench(files, "a").verify({"answer.txt": "42\n"}, **run)
    assert (fixed.verdict, fixed.score, fixed.strength) == ("pass", most(0.4), 0.4)
    neither = bench(files, "b").verify({"answer.txt": "43\n"}, **run)
    assert (neither.verdict, neither.score) == ("no_signal", None)
    good = files | {"answer.txt": "42\n"}
    kept = bench(good, "c").verify({"note.txt": "x\n"}, **run)
    assert (kept.verdict, kept.strength) == ("pass", 0.24)
    broken = bench(good, "d").verify({"answer.txt": "41\n"}, **run)
    assert (broken.verdict, broken.score, broken.strength) == ("fail", 0.0, 0.4)


def test_a_javascript_repository_is_judged_by_npm_test(bench):
    files = {
        "package.json": '{"scripts": {"test": "node check.js"}}\n',
        "check.js": "process.exit(require('./sum.js')(1, 2) === 3 ? 0 : 1)\n",
        "sum.js": "module.exports = (a, b) => a - b\n",
    }
    found = bench(files).verify({"sum.js": "module.exports = (a, b) => a + b\n"})
    if found.verdict == "no_signal":
        print("no npm on this machine:", found.reasons)
        assert "npm" in found.reasons[0] or "No checks" in found.reasons[0]
    else:
        assert (found.verdict, found.strength, found.checks["command"]) == ("pass", 0.4, "npm test")


def test_a_hidden_file_must_pass_too(bench, tmp_path):
    hidden = tmp_path / "test_hidden.py"
    hidden.write_text("from shop.cart import total\n\ndef test_h():\n    assert total([5], discount=9) == 0\n")
    assert bench(name="a").verify({"shop/cart.py": RIGHT}, hidden=hidden).verdict == "pass"
    cheat = CART.replace("return sum(prices)", "return 8 if discount and prices else sum(prices)")
    assert bench(name="b").verify({"shop/cart.py": cheat}).verdict == "pass"
    found = bench(name="c").verify({"shop/cart.py": cheat}, hidden=hidden)
    assert found.verdict == "fail"
    assert 0 < found.score < 1
    hidden.write_text("X = 1\n")
    assert bench(name="d").verify({"shop/cart.py": RIGHT}, hidden=hidden).verdict == "no_signal"
    hidden.write_text("def (\n")
    with pytest.raises(BadInput, match="hidden"):
        bench(name="e").verify({"shop/cart.py": RIGHT}, hidden=hidden)


def test_the_same_question_is_answered_from_the_cache(bench):
    case = bench()
    first = case.verify({"shop/cart.py": RIGHT}, task="the same question")
    again = case.verify({"shop/cart.py": RIGHT}, task="the same question")
    assert (first.cached, again.cached) == (False, True)
    assert again.checks.pop("cache").startswith("verdicts/")
    assert (first.verdict, first.reasons, first.checks) == (again.verdict, again.reasons, again.checks)
    assert "judged_ms" not in again.timings


def test_cancelling_stops_the_run_and_leaves_nothing(bench):
    case = bench()
    cancel = threading.Event()
    slow = case.patch({"shop/cart.py": CART.replace("return sum(prices)", "import time; time.sleep(50)")})
    threading.Timer(1.5, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        CheckVerifier(case.home, case.config).verify(VerificationRequest(repo=case.root, patch=slow), cancel)
    assert time.monotonic() - began < 10
    assert list((case.home / "worktrees").iterdir()) == []
    assert len(git(case.root, "worktree", "list").splitlines()) == 1


def test_a_base_that_does_not_exist_is_bad_input(bench):
    with pytest.raises(RepositoryError, match="base"):
        bench().verify(b"x", base="0" * 40)


def test_paths_with_spaces_and_letters_of_any_script(bench):
    files = {
        "größe mal/наценка é.py": "X = 1\n",
        "tests/test_é a.py": "from pathlib import Path\n\ndef test_x():\n    "
        "assert '2' in Path('größe mal/наценка é.py').read_text()\n",
    }
    case = bench(files, "ordner mit ü und 'x")
    assert case.verify({"größe mal/наценка é.py": "X = 2\n"}).verdict == "pass"
    assert case.verify({"größe mal/наценка é.py": "X = 3\n"}).verdict == "fail"


def test_a_repository_without_commits(bench):
    case = bench(commit=False)
    before = state_of(case.root)
    assert case.verify({"shop/cart.py": RIGHT}, task=TASK).verdict == "pass"
    assert state_of(case.root) == before


def test_isolation_is_reported_as_reached(bench):
    level = "bubblewrap" if SANDBOX else "none"
    assert bench(name="a").verify({"shop/cart.py": RIGHT}).isolation["level"] == level
    plain = bench(name="b", isolation="none").verify({"shop/cart.py": RIGHT})
    assert (plain.verdict, plain.isolation["level"]) == ("pass", "none")
    assert "unprotected" in verification_text(plain)


def test_a_patch_with_other_line_ends_applies_when_nothing_else_differs(bench):
    case = bench()
    patch = case.patch({"shop/cart.py": RIGHT})
    assert case.verify(patch.replace(b"\n", b"\r\n")).verdict == "pass"
    crlf = bench(name="crlf")
    path = Path(crlf.root / "shop/cart.py")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert crlf.verify(patch, task=TASK).verdict == "pass"


def test_a_task_whose_tests_miss_a_module_of_the_machine_is_not_held_against_the_patch(bench):
    needy = "import no_such_library\nfrom shop.cart import total\n\n\ndef test_needy():\n    assert total([1]) == 1\n"
    case = bench({**FILES, "tests/test_needy.py": needy})
    verdict = case.verify({"shop/cart.py": RIGHT}, task="Make tests/test_needy.py pass")
    assert verdict.verdict == "no_signal"
    assert "No module named 'no_such_library'" in verdict.reasons[0]


def test_an_environment_that_nobody_ignores_is_used_and_not_taken_for_work(bench):
    case = bench(FILES)
    write(case.root, {".venv/pyvenv.cfg": "home = nowhere\n", "shop/__pycache__/cart.cpython-311.pyc": "cache"})
    base = take_snapshot(open_repository(case.root))
    assert not base.dirty
    assert base.left_out == ()


def test_the_same_patch_asked_of_in_other_words_is_judged_anew_on_one_run(bench):
    case = bench()
    runs = case.home / "cache" / "runs"
    first = case.verify({"shop/cart.py": RIGHT}, task="Make total() heed its discount.")
    kept = set(runs.iterdir())
    second = case.verify({"shop/cart.py": RIGHT}, task="Let total() count the discount that it is given.")
    assert first.verdict == second.verdict == "pass"
    assert not second.cached
    assert kept
    assert set(runs.iterdir()) == kept
