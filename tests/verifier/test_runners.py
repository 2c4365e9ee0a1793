"""pytest and unittest over small real repositories: what they tell of each test."""

from __future__ import annotations

import pytest
from running import case

__all__ = ["case"]

PYTEST = {
    "test_a.py": """
        import pytest, unittest

        def test_ok(): pass

        def test_bad():
            assert 1 == 2

        @pytest.mark.skip
        def test_skip(): pass

        @pytest.mark.xfail
        def test_expected(): assert 0

        @pytest.fixture
        def before(): 1 / 0

        @pytest.fixture
        def after():
            yield
            1 / 0

        def test_before(before): pass

        def test_after(after): pass

        class TestIn:
            @pytest.mark.parametrize("x", [1, "a::b"])
            def test_x(self, x): pass

        class Old(unittest.TestCase):
            def test_parts(self):
                for part in range(3):
                    with self.subTest(part=part):
                        self.assertNotEqual(part, 1)
        """,
    "test_b.py": "import nowhere\n\ndef test_x(): pass\n",
    "test_c.py": "import pytest\n\npytest.importorskip('nowhere')\n",
}
PYTEST_RESULTS = {
    "test_a.py::test_ok": "passed",
    "test_a.py::test_bad": "failed",
    "test_a.py::test_skip": "skipped",
    "test_a.py::test_expected": "xfailed",
    "test_a.py::test_before": "error",
    "test_a.py::test_after": "error",
    "test_a.py::TestIn::test_x[1]": "passed",
    "test_a.py::TestIn::test_x[a::b]": "passed",
    "test_a.py::Old::test_parts": "failed",
    "test_b.py": "error",
    "test_c.py": "skipped",
}


@pytest.mark.parametrize("command", ["pytest", "pytest -n 1"])
def test_pytest_tells_of_each_test(case, command):
    run = case(PYTEST).run(command)
    assert (run.results, run.problem, run.evidence, run.exit_code) == (PYTEST_RESULTS, None, "channel", 1)
    assert run.messages["test_a.py::test_bad"] == "assert 1 == 2 (test_a.py:6)"
    assert run.messages["test_a.py::test_before"].startswith('failed on setup with "ZeroDivisionError')
    assert run.messages["test_b.py"] == "collection failure: ModuleNotFoundError: No module named 'nowhere'"


UNITTEST = {
    "tests/__init__.py": "",
    "tests/test_a.py": """
        import unittest

        class A(unittest.TestCase):
            def test_ok(self): pass
            def test_bad(self): self.assertEqual(1, 2)
            def test_error(self): 1 / 0
            @unittest.skip("why")
            def test_skip(self): pass
            @unittest.expectedFailure
            def test_expected(self): self.fail()
            @unittest.expectedFailure
            def test_unexpected(self): pass
            def test_parts(self):
                for part in range(3):
                    with self.subTest(part=part):
                        self.assertNotEqual(part, 1)

        class Before(unittest.TestCase):
            @classmethod
            def setUpClass(cls): raise ValueError("no")
            def test_1(self): pass
            def test_2(self): pass

        class After(unittest.TestCase):
            @classmethod
            def tearDownClass(cls): raise ValueError("no")
            def test_1(self): pass
            def test_2(self): pass

        class Skipped(unittest.TestCase):
            @classmethod
            def setUpClass(cls): raise unittest.SkipTest("why")
            def test_1(self): pass

        class Async(unittest.IsolatedAsyncioTestCase):
            async def test_1(self): pass
        """,
    "tests/test_b.py": "import nowhere\n",
    "tests/test_c.py": "import unittest\n\nraise unittest.SkipTest('why')\n",
}
UNITTEST_RESULTS = {
    "tests/test_a.py::A::test_ok": "passed",
    "tests/test_a.py::A::test_bad": "failed",
    "tests/test_a.py::A::test_error": "error",
    "tests/test_a.py::A::test_skip": "skipped",
    "tests/test_a.py::A::test_expected": "xfailed",
    "tests/test_a.py::A::test_unexpected": "failed",
    "tests/test_a.py::A::test_parts": "failed",
    "tests/test_a.py::Before::test_1": "error",
    "tests/test_a.py::Before::test_2": "error",
    "tests/test_a.py::After::test_1": "passed",
    "tests/test_a.py::After::test_2": "error",
    "tests/test_a.py::Skipped::test_1": "skipped",
    "tests/test_a.py::Async::test_1": "passed",
    "tests/test_b.py": "error",
    "tests/test_c.py": "skipped",
}


@pytest.mark.parametrize("command", ["python -m unittest", "python3 -m unittest discover -s tests -t . -f"])
def test_unittest_tells_of_each_test_under_the_ids_of_pytest(case, command):
    run = case(UNITTEST).run(command)
    assert (run.results, run.problem, run.evidence, run.exit_code) == (UNITTEST_RESULTS, None, "channel", 1)
    assert run.messages["tests/test_a.py::A::test_bad"] == "AssertionError: 1 != 2 (tests/test_a.py:5)"
    assert run.messages["tests/test_b.py"] == "collection failure: ModuleNotFoundError: No module named 'nowhere'"


TWO = {
    f"a/tests/test_{name}.py": "import unittest\n\nclass T(unittest.TestCase):\n    def test(self): pass\n"
    for name in "xy"
}


@pytest.mark.parametrize("command", ["pytest", "pytest tests/test_x.py", "python -m unittest discover -s tests"])
def test_a_run_may_be_limited_to_files_in_a_folder_of_the_repository(case, command):
    run = case(TWO).run(command, only=("a/tests/test_y.py", "b/elsewhere.py"), folder="a")
    assert (run.results, run.problem) == ({"a/tests/test_y.py::T::test": "passed"}, None)


@pytest.mark.parametrize("command", ["pytest", "python -m unittest"])
def test_nothing_to_run_is_said(case, command):
    assert case({"a.py": ""}).run(command).problem == "no_tests"


def test_tests_run_in_parallel_where_the_environment_can(case):
    made = {"test_a.py": "import os\n\ndef test_a():\n    assert os.environ.get('PYTEST_XDIST_WORKER') == WORKER\n"}
    worker = case({"test_a.py": f"WORKER = 'gw0'\n{made['test_a.py']}"}).run(parallel=1)
    alone = case({"test_a.py": f"WORKER = None\n{made['test_a.py']}"})
    assert worker.problem is None
    assert worker.results == {"test_a.py::test_a": "passed"}
    assert alone.run(parallel=1, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}).exit_code == 0


@pytest.mark.parametrize("command", ["pytest", "python -m unittest"])
def test_no_module_of_the_tree_stands_in_for_what_the_runner_imports(case, command):
    names = ("json", "hashlib", "fcntl", "unittest/mock", "pytest", "_pytest", "pluggy", "argparse")
    shadows = {f"{name}.py": "raise RuntimeError('imported')\n" for name in names}
    made = case(
        {
            **shadows,
            "test_a.py": "import sys\n\nT = sys.modules['unittest'].TestCase if 'unittest' in sys.modules "
            "else object\n\nclass TestA(T):\n    def test_a(self): pass\n",
        }
    )
    run = made.run(command, env={"PYTHONPATH": str(made.root)})
    assert (run.results, run.problem) == ({"test_a.py::TestA::test_a": "passed"}, None), run.output
