"""Twins of Python tests: honest code dies of them, code that cheats the comparison lives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from conftest import git, write
from junitparser import JUnitXml

from mcp_router.verifier.twins import Twin, make_twin

HONEST = """
    def add(a, b):
        return a + b
"""
TESTS = """
    import pytest
    from answer import add


    def check(found, expected):
        assert found == expected


    def test_literal():
        assert add(1, 2) == 3


    def test_local():
        expected = 5
        assert add(2, 3) == expected


    @pytest.mark.parametrize(("a", "expected"), [(1, 2), pytest.param(2, 3, id="two")])
    def test_parametrized(a, expected):
        assert add(a, 1) == expected


    def test_helper():
        check(add(2, 2), 4)
"""
NAMES = {"test_literal", "test_local", "test_parametrized", "test_helper"}

CHEATS = {
    "an __eq__ that is always true": """
        class Anything:
            def __eq__(self, other):
                return True

        def add(a, b):
            return Anything()
    """,
    "reads what is expected from the caller's frame": """
        import linecache
        import sys

        def add(a, b):
            frame = sys._getframe(1)
            wanted = linecache.getline(frame.f_code.co_filename, frame.f_lineno).partition("==")[2]
            return eval(wanted, frame.f_globals, frame.f_locals) if wanted else None
    """,
    "patches the test helper": """
        import sys

        def add(a, b):
            for module in list(sys.modules.values()):
                if hasattr(module, "check") and hasattr(module, "test_helper"):
                    module.check = lambda found, expected: None
    """,
    "patches pytest's classes": """
        import _pytest.python

        _pytest.python.Function.runtest = lambda self: None

        def add(a, b):
            return None
    """,
    "forges the report and exits": """
        import os
        import re
        import sys

        def add(a, b):
            report = next(word.partition("=")[2] for word in sys.argv if word.startswith("--junitxml="))
            names = re.findall(r"^def (test_\\w+)", open("test_answer.py").read(), re.M)
            cases = "".join(f'<testcase classname="test_answer" name="{name}"/>' for name in names)
            with open(report, "w") as file:
                file.write(f'<testsuites><testsuite tests="{len(names)}">{cases}</testsuite></testsuites>')
            os._exit(0)
    """,
}


def passed(folder: Path, *options: str) -> set[str]:
    """The tests, without parameters, of which a real pytest process says that they passed."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    words = ["-q", "-p", "no:cacheprovider", "--rootdir=.", f"--junitxml={report}", *options]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run([sys.executable, "-B", "-m", "pytest", *words], cwd=folder, env=env, capture_output=True, timeout=60)
    outcomes: dict[str, set[bool]] = {}
    for suite in JUnitXml.fromfile(str(report)):
        for case in suite:
            outcomes.setdefault(case.name.partition("[")[0], set()).add(not case.result)
    return {name for name, each in outcomes.items() if True in each}


def lay_twin(folder: Path, name: str = "test_answer.py") -> Twin:
    path = folder / name
    twin = make_twin(name, path.read_text(encoding="utf-8"))
    assert twin is not None
    path.write_text(twin.text, encoding="utf-8")
    return twin


def after(line: str, before: str = "") -> str:
    """What becomes of one line of a test."""
    text = f"def test_a(self, n):\n{before}    {line}\n"
    twin = make_twin("test_a.py", text)
    return twin.text.splitlines()[1 + before.count("\n")].strip() if twin else line


def test_honest_code_passes_its_tests_and_dies_of_their_twins(tmp_path):
    write(tmp_path, {"answer.py": HONEST, "test_answer.py": TESTS})
    assert passed(tmp_path) == NAMES
    assert lay_twin(tmp_path).changed == {f"test_answer.py::{name}" for name in NAMES}
    assert passed(tmp_path) == set()


@pytest.mark.parametrize("cheat", CHEATS)
def test_what_cheats_the_comparison_lives_on(tmp_path, cheat):
    write(tmp_path, {"answer.py": CHEATS[cheat], "test_answer.py": TESTS})
    deceived = passed(tmp_path)
    assert deceived
    twin = lay_twin(tmp_path)
    assert passed(tmp_path) == deceived
    assert all(twin.changes(f"test_answer.py::{name}") for name in deceived)


def test_a_comparison_with_an_input_dies_only_of_the_truth(tmp_path):
    tests = """
        from answer import Same, Liar

        def test_honest(n=4):
            assert Same(n).value == n

        def test_liar_left(n=4):
            assert Liar() == Same(n)

        def test_liar_right(n=4):
            assert Same(n) == Liar()
    """
    source = """
        class Same:
            def __init__(self, value):
                self.value = value

        class Liar:
            def __eq__(self, other):
                return True
    """
    write(tmp_path, {"answer.py": source, "test_answer.py": tests})
    assert passed(tmp_path) == {"test_honest", "test_liar_left", "test_liar_right"}
    lay_twin(tmp_path)
    assert passed(tmp_path) == {"test_liar_left", "test_liar_right"}


FORMS = """
    import math
    import unittest
    import warnings
    from unittest import mock

    import pytest
    from pytest import approx

    EXPECTED = [1]


    def warn():
        warnings.warn("beware", UserWarning)
        return 7


    class Base:
        def test_inherited(self):
            assert len("ab") == 2


    class TestForms(Base):
        def check(self, value):
            assert value > 3

        def test_helper_method(self): self.check(4)
        def test_true(self): assert bool(1) is True
        def test_falsy(self): assert not []
        def test_text(self): assert "a".upper() == "A"
        def test_joined(self): assert "a1" == f"a{1}"
        def test_bytes(self): assert b"a" + b"b" == b"ab"
        def test_none(self): assert {}.get(1) == None
        def test_float(self): assert 0.1 + 0.2 == approx(0.3)
        def test_wide(self): assert 100 + 1 == approx(100, abs=50)
        def test_close(self): assert math.isclose(0.1 + 0.2, 0.3)
        def test_nested(self): assert dict(a=[(1, None)]) == {"a": [(1, None)]}
        def test_empty(self): assert list("") == []
        def test_empty_dict(self): assert dict() == {}
        def test_set(self): assert set("a") | {True, False} == {True, False, "a"}
        def test_negative(self): assert -3 + 2 == -1
        def test_chained(self): assert 1 == len("a") == 1
        def test_order(self): assert 1 < len("abc") < 9
        def test_in(self): assert "b" in "abc"
        def test_among(self): assert len("ab") in (1, 2, 3)
        def test_absent(self): assert "z" not in "abc"
        def test_unequal(self): assert len("a") != 2
        def test_and(self): assert len("a") == 1 and len("b") == 1
        def test_or(self): assert len("a") == 2 or len("b") == 1
        def test_constant_name(self): assert [1] == EXPECTED
        def test_loop(self):
            for a, expected in [(1, 2), (2, 3)]:
                assert a + 1 == expected
        def test_raises(self):
            with pytest.raises(ValueError) as caught:
                int("x")
            assert caught
        def test_message(self):
            with pytest.raises(ValueError, match="invalid|other"):
                int("x")
        def test_called(self): pytest.raises(ValueError, int, "x")
        def test_warns(self):
            with pytest.warns(UserWarning):
                warn()
        def test_two_negations(self):
            def inner():
                assert len("a")
                return True
            assert inner()
        def test_mock(self):
            called = mock.Mock()
            called(1, b=2)
            called.assert_called_once_with(1, b=2)


    class TestUnit(unittest.TestCase):
        def test_equal(self): self.assertEqual(len("a"), 1)
        def test_variables(self):
            a = b = [1]
            self.assertEqual(a, b, "why")
        def test_almost(self): self.assertAlmostEqual(0.1 + 0.2, 0.3, delta=0.1)
        def test_almost_variables(self):
            a, b = 1.0, 1.0
            self.assertAlmostEqual(a, b, places=3)
        def test_count(self): self.assertCountEqual("ab", ["b", "a"])
        def test_assert_true(self): self.assertTrue(len("a") == 1)
        def test_assert_false(self): self.assertFalse([])
        def test_is_none(self): self.assertIsNone({}.get(1))
        def test_member(self): self.assertIn(1, [1, 2])
        def test_greater(self): self.assertGreater(2, 1)
        def test_raised(self):
            with self.assertRaises(ValueError):
                int("x")
        def test_regex(self):
            with self.assertRaisesRegex(ValueError, "invalid"):
                int("x")
        def test_sub(self):
            for n in (1, 2):
                with self.subTest(n=n):
                    self.assertEqual(n, n)


    @pytest.mark.parametrize("n", [1, 2])
    def test_input_too(n):
        assert n * 1 == n


    @pytest.mark.parametrize("text, context", [("1", mock.MagicMock()), ("x", pytest.raises(ValueError))])
    def test_context(text, context):
        with context:
            assert int(text) == 1
        assert text


    async def helper():
        assert len("a") == 2


    def test_swallowed():
        try:
            assert len("a") == 3
        except AssertionError:
            pass
        assert len("a") == 1
"""


def test_every_form_of_assertion_is_changed_and_dies(tmp_path):
    write(tmp_path, {"test_answer.py": FORMS})
    before = passed(tmp_path)
    twin = lay_twin(tmp_path)
    named = {test.rpartition("::")[2] for test in twin.changed}
    assert before == named
    assert passed(tmp_path) == set()
    assert {"test_answer.py::Base::test_inherited", "test_answer.py::TestForms::test_inherited"} <= twin.changed


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        ("assert f(1, 'a') == 3", "assert f(1, 'a') == 4"),
        ("assert 'a' == f(b='a')", "assert 'atwin' == f(b='a')"),
        ("assert f() == ('a' 'b')  # 'c'", "assert f() == ('a' 'btwin')  # 'c'"),
        ("assert f() == [1, g(2)]", "assert f() == [2, g(2)]"),
        ("assert f(n) == n", "assert (f(n) == object() or object() == n)"),
        ("assert f() != 3, 'why'", "assert not (f() != 3), 'why'"),
        ("assert f()[0] is None", "assert not (f()[0] is None)"),
        ("assert len(f()) == 1 and g(2)", "assert len(f()) == 2 and g(2)"),
        ("self.assertEqual(f(1), g(2))", "self.assertTrue((f(1)) == object() or object() == (g(2)))"),
        ("assert True", "assert True"),
    ],
)
def test_only_what_is_expected_is_changed(line, twin):
    assert after(line) == twin


def test_the_most_telling_assertion_of_a_test_is_changed_alone():
    assert after("assert isinstance(f(1), int)", before="    assert f(1) == 2\n") == "assert isinstance(f(1), int)"


def test_a_variable_that_is_only_expected_changes_where_it_is_written():
    text = "def test_a():\n    wanted = 'a'\n    assert f(1) == wanted\n"
    twin = make_twin("test_a.py", text)
    assert twin is not None
    assert twin.text.splitlines()[:3] == ["def test_a():", "    wanted = 'atwin'", "    assert f(1) == wanted"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_lines_and_bytes_stay_where_they_are(end, mark):
    lines = [f"{mark}def test_a():  # é", "    'ünïcode'; assert f('ü') == 'é'", "", "# last"]
    twin = make_twin("test_a.py", end.join(lines) + end)
    assert twin is not None
    assert twin.text.startswith(end.join([lines[0], lines[1].replace("'é'", "'étwin'"), *lines[2:]]) + end)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("test_a.py", "def test_a(:\n"),
        ("test_a.py", "def test_a():\n    f(1)\n"),
        ("test_a.py", "def helper():\n    assert f(1) == 2\n"),
        ("test_a.py", "def test_a():\n    with pytest.raises(AssertionError):\n        g(1) == 2\n\0"),
        ("test_a.py", "def test_a():\n    assert " + "(" * 150 + "1" + ")" * 150 + " == " + "-" * 5_000 + "1"),
        ("test_a.rb", "assert_equal 1, f"),
        ("test_a.py", ""),
    ],
    ids=["does not parse", "asserts nothing", "no test", "a null byte", "too deep", "no such language", "empty"],
)
def test_there_is_no_twin_where_nothing_can_be_changed(path, text):
    assert make_twin(path, text) is None


def test_a_twin_knows_its_tests_by_the_ids_of_the_runner():
    twin = Twin("a.test.js", "", frozenset({"a.test.js::sum > adds * to *", "a.test.js::plain"}))
    assert twin.changes("a.test.js::sum > adds 1 to (2)")
    assert twin.changes("a.test.js::plain")
    assert not twin.changes("a.test.js::sum > adds 1 to 2 > deeper")
    assert not twin.changes("b.test.js::plain")
    assert Twin("t.py", "", frozenset({"t.py::A::test_b"})).changes("t.py::A::test_b[1-[x]]")


def test_a_twin_that_would_wait_for_ever_is_ended(tmp_path):
    source = """
        import time

        class Slow:
            def __eq__(self, other):
                while other != 3:
                    try:
                        time.sleep(60)
                    except Exception:
                        pass
                return True
    """
    tests = """
        from answer import Slow

        import unittest

        class TestSlow(unittest.TestCase):
            def test_slow(self):
                self.assertEqual(Slow(), 3)

        def test_slow():
            assert Slow() == 3

        def test_next():
            assert len("a") == 1
    """
    write(tmp_path, {"answer.py": source, "test_answer.py": tests})
    lay_twin(tmp_path)
    file = tmp_path / "test_answer.py"
    file.write_text(re.sub(r"ITIMER_REAL, \d+, 1", "ITIMER_REAL, 0.2, 1", file.read_text()))
    assert passed(tmp_path) == set()
    assert (tmp_path / "report.xml").read_text().count('message="test_answer._twin') == 2
    words = [sys.executable, "-B", "-m", "unittest", "-v", "test_answer"]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60).stderr
    assert "the test did not end within" in said


def test_the_command_measures_a_repository(tmp_path):
    files = {"answer.py": HONEST, "test_answer.py": dedent(TESTS) + "\n\ndef test_nothing():\n    add(1, 1)\n"}
    write(tmp_path, files)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    words = [sys.executable, "-m", "mcp_router.verifier.twins", str(tmp_path), "--python", sys.executable, "--verbose"]
    said = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    assert "twins that live       0 of 5" in said.stdout
    assert "tests that bind       83.3% (n = 6)" in said.stdout
    assert "without a twin: test_answer.py::test_nothing" in said.stdout
    (tmp_path / "test_answer.py").write_text("x = (")
    said = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert (said.returncode, said.stdout) == (2, "")
    assert "Nothing can be measured" in said.stderr
    assert "Traceback" not in said.stderr
