"""Each runner over a small real repository: what it finds, and what it makes of a run that was forged or torn."""

from __future__ import annotations

import ast
import dataclasses
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import write

from mcp_router.verifier.checks import Checks
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.runners import CHANNEL, CheckRun, program
from mcp_router.verifier.runners.channel import read_channel
from mcp_router.verifier.runners.table import find_runner, known_runner
from mcp_router.verifier.runners.tap import read_tap
from mcp_router.verifier.sandboxes.process import Ran


def is_inherited(number: int) -> bool:
    """Whether a descriptor of ours would be one of a process that we start."""
    try:
        return os.get_inheritable(number)
    except OSError:
        return False


def start(argv: list[str], folder: Path, variables: dict[str, str]) -> Ran:
    """A process with the channel where the sandbox has it; what it printed and what came."""
    ours, theirs = os.pipe()
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        places = [
            (os.POSIX_SPAWN_DUP2, theirs, CHANNEL),
            *((os.POSIX_SPAWN_DUP2, output.fileno(), to) for to in (1, 2)),
            *((os.POSIX_SPAWN_CLOSE, number) for number in range(CHANNEL + 1, 1024) if is_inherited(number)),
        ]
        command = ["/bin/sh", "-c", 'cd -- "$0" && exec "$@"', str(folder), *argv]
        env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}
        pid = os.posix_spawn("/bin/sh", command, env, file_actions=places)
        os.close(theirs)
        with os.fdopen(ours, "rb") as channel:
            came = channel.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        output.seek(0)
        return Ran(code, output.read().decode(), time.monotonic() - began, channel=came)


@dataclass
class Case:
    """A folder with files, and the means to run a command over them as the verifier would."""

    root: Path
    place: Path
    runner: str = ""

    def ran(self, command: str, only: tuple[str, ...] = (), env: dict[str, str] | None = None, **fields: Any) -> Ran:
        """How a command ended; fields are those of Checks."""
        self.place.mkdir()
        self.runner, argv = known_runner(command.split()) or ("exit_code", command.split())
        if report := fields.get("report"):
            self.runner = "tap" if report == "tap" else "junit"
        environment = Environment(self.root, (), (), (), Path(sys.executable), "this one")
        checks = Checks(command, self.runner, tuple(argv), "", environment, **fields)
        launched = find_runner(self.runner).launch(checks, self.root, self.place, only)
        return start(launched, self.root / checks.folder, env or {})

    def run(self, command: str = "pytest", only: tuple[str, ...] = (), **more: Any) -> CheckRun:
        """What the command's runner makes of it."""
        ran = self.ran(command, only, **more)
        return find_runner(self.runner).read(ran, self.place)


@pytest.fixture
def case(tmp_path: Path) -> Callable[[dict[str, str]], Case]:
    """Make a folder of files."""

    def make(files: dict[str, str]) -> Case:
        root = tmp_path / f"repo{len(list(tmp_path.iterdir()))}"
        root.mkdir()
        write(root, dict(files))
        return Case(root, root.with_suffix(".place"))

    return make


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


@pytest.mark.parametrize("command", ["pytest", "pytest -n 2"])
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


FIND = """
    import fcntl, os, stat

    def channels():
        for number in range(3, 1100):
            try:
                if stat.S_ISFIFO(os.fstat(number).st_mode) and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_WRONLY:
                    yield number
            except OSError:
                pass
    """
FORGED = {
    "ends at import": ("import os\nos._exit(0)\n", "report_missing"),
    "ends at import as a failure": ("import os\nos._exit(1)\n", "report_missing"),
    "exits at import": ("raise SystemExit(0)\n", "report_missing"),
    "ends in a test": ("import os\ndef run(): os._exit(0)\n", "report_missing"),
    "stops pytest": ("import pytest\ndef run(): pytest.exit('done', 0)\n", "report_missing"),
    "crashes": ("import os\ndef run(): os.kill(os.getpid(), 11)\n", "crashed"),
    "another exit code": ("import atexit, os\natexit.register(os._exit, 0)\ndef run(): assert 0\n", "disagree"),
    "a last line of its own": (
        "import os, find\ndef run():\n    for at in find.channels():\n"
        "        os.write(at, b'0123456789abcdef {\"end\": 0}\\n')\n    os._exit(0)\n",
        "disagree",
    ),
    "a line among ours": (
        "import os, find\ndef run():\n    for at in find.channels():\n        os.write(at, b'x')\n",
        "disagree",
    ),
    "closes the channel": (
        "import os, find\ndef run():\n    for at in find.channels(): os.close(at)\n",
        "report_missing",
    ),
    "a line after the last": (
        "import os, find\ndef run():\n    at, ours = list(find.channels()), os.getpid()\n    if os.fork() == 0:\n"
        "        while os.getppid() == ours: pass\n"
        "        [os.write(one, b'x\\n') for one in at]\n        os._exit(0)\n",
        "disagree",
    ),
    "writes where the channel was": (
        "import os\ndef run():\n    try: os.write(3, b'0 {\"end\": 0}\\n')\n    except OSError: pass\n",
        None,
    ),
    "a fork that comes to the end": ("import os\ndef run():\n    if os.fork(): os.wait()\n", None),
}


ALIKE = (
    "ends in a test",
    "another exit code",
    "a last line of its own",
    "closes the channel",
    "a fork that comes to the end",
)


@pytest.mark.parametrize(
    ("name", "command"), [*((name, "pytest") for name in FORGED), *((name, "python -m unittest") for name in ALIKE)]
)
def test_a_run_that_was_forged_or_torn_is_not_believed(case, name, command):
    source, problem = FORGED[name]
    test = "import unittest\nimport source\n\nclass T(unittest.TestCase):\n    def test(self): source.run()\n"
    run = case({"source.py": source, "find.py": FIND, "test_a.py": test}).run(command)
    assert run.problem == problem, run.output
    assert bool(run.results) == (problem is None)


def test_a_channel_holds_only_whole_and_as_it_was_sent(case):
    ran = case({"test_a.py": "def test_a(): pass\n\ndef test_b(): pass\n"}).ran("pytest")
    key, *lines = ran.channel.splitlines(keepends=True)
    assert read_channel(ran).problem is None
    for at in range(len(lines)):
        without = [key, *lines[:at], *lines[at + 1 :]]
        twice = [key, *lines[: at + 1], *lines[at:]]
        torn = [key, *lines[:at], lines[at][:-1]]
        for forged in (without, twice, torn):
            told = dataclasses.replace(ran, channel=b"".join(forged))
            assert read_channel(told).problem in ("disagree", "report_missing")
    assert read_channel(dataclasses.replace(ran, exit_code=1)).problem == "disagree"
    assert read_channel(dataclasses.replace(ran, channel=b"")).problem == "report_missing"


def test_a_run_that_was_stopped_still_shows_what_came_of_it(case):
    ran = case({"test_a.py": "def test_a(): pass\n"}).ran("pytest")
    half = b"".join(ran.channel.splitlines(keepends=True)[:-1])
    run = read_channel(dataclasses.replace(ran, channel=half, stopped="timeout"))
    assert (run.problem, run.results) == ("timeout", {"test_a.py::test_a": "passed"})


@pytest.mark.parametrize("name", ["bootstrap_pytest.py", "bootstrap_unittest.py"])
def test_what_runs_in_the_projects_interpreter_can_be_read_by_an_old_one(name):
    folder = Path(program.__file__).parent
    text = (folder / "bootstrap.py").read_text() + (folder / name).read_text()
    ast.parse(text, feature_version=(3, 7))


TAP = {
    "plain": ("1..2\nok 1 - a\nnot ok 2 - b\n", {"tap::a": "passed", "tap::b": "failed"}),
    "plan at the end": ("ok a\nnoise\nok a\n1..2\n", {"tap::a": "passed", "tap::a (2)": "passed"}),
    "directives": (
        "ok 1 - a # SKIP why\nnot ok 2 - b # TODO later\nok 3 - c # todo done\n1..3\n",
        {"tap::a": "skipped", "tap::b": "xfailed", "tap::c": "passed"},
    ),
    "nested": (
        "# Subtest: test/a.js\n    # Subtest: in\n        ok 1 - x\n        1..1\n"
        "    ok 1 - in\n    1..1\nok 1 - test/a.js\n1..1\n",
        {"test/a.js::in > x": "passed", "test/a.js::in": "passed", "tap::test/a.js": "passed"},
    ),
    "buffered": (
        "ok 1 - a {\n    not ok 1 - x # TODO y\n    1..1\n}\n1..1\n",
        {"tap::a > x": "xfailed", "tap::a": "passed"},
    ),
    "with headings": (
        "TAP version 13\n# one\nok 1 x\n# two\nok 2 x\n\n1..2\n# tests 2\n# pass 2\n",
        {"tap::one > x": "passed", "tap::two > x": "passed"},
    ),
}


@pytest.mark.parametrize(("text", "results"), TAP.values(), ids=TAP)
def test_tap_is_read_test_by_test(text, results):
    stream = read_tap(text)
    assert (stream.results, stream.whole) == (results, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok 1\n",
        "1..2\nok 1\n",
        "1..1\nok 1\nok 2\n",
        "Bail out!\n1..0\n",
        "    ok 1\n    1..2\nok 1\n1..1\n",
        "    ok\n1..0\n",
    ],
)
def test_tap_without_all_that_was_planned_is_not_whole(text):
    assert not read_tap(text).whole


def test_what_a_command_prints_as_tap_counts_with_its_exit_code(case):
    script = {
        "run.sh": "echo 'ok 1 - a'; echo 'not ok 2 - b'\n"
        "printf '  ---\\n  message: why\\n  ...\\n'; echo 1..2; exit $1\n"
    }
    run = case(script).run("sh run.sh 1", report="tap")
    assert (run.results, run.evidence, run.problem) == ({"tap::a": "passed", "tap::b": "failed"}, "report", None)
    assert run.messages == {"tap::b": "b message: why"}
    assert case(script).run("sh run.sh 0", report="tap").problem == "disagree"
    assert case({"run.sh": "echo 1..2; echo ok 1\n"}).run("sh run.sh", report="tap").problem == "report_missing"
    assert case({"run.sh": "echo 1..2; echo ok 1; exit 3\n"}).run("sh run.sh", report="tap").problem == "crashed"


PERL = {
    "t/a.t": "use Test::More; ok(1, 'one');\n"
    "subtest inner => sub { ok(1, 'x'); ok(0, 'y'); done_testing }; done_testing;\n",
    "t/b.t": "use Test::More skip_all => 'why';\n",
    "t/c.t": "use Test::More tests => 2; ok(1, 'one'); die 'half way';\n",
}


def test_prove_tells_of_each_file(case):
    if not shutil.which("prove"):
        pytest.skip("no prove on this machine")
    run = case(PERL).run("prove -j2 -r t")
    assert (run.problem, run.evidence) == (None, "report")
    assert run.results == {
        "t/a.t::one": "passed",
        "t/a.t::inner": "failed",
        "t/a.t::inner > x": "passed",
        "t/a.t::inner > y": "failed",
        "t/b.t": "skipped",
        "t/c.t::one": "passed",
        "t/c.t": "error",
    }
    assert case(PERL).run("prove -r t", only=("t/b.t",)).results == {"t/b.t": "skipped"}


JUNIT = """
    <testsuites>
      <testsuite name="s" tests="3">
        <testcase classname="C" name="a" file="./spec/a.rb"/>
        <testcase classname="C" name="b"><failure message="why"/></testcase>
        <testcase classname="C" name="c"><skipped/></testcase>
      </testsuite>
    </testsuites>
    """


def test_reports_that_a_command_leaves_count_with_its_exit_code(case):
    files = {
        "new.xml": JUNIT,
        "run.sh": "mkdir -p out/deep; cp new.xml out/deep/r.xml; exit $1\n",
        "out/old.xml": JUNIT,
    }
    run = case(files).run("sh run.sh 1", report="out/**/*.xml")
    assert run.results == {"spec/a.rb::C::a": "passed", "C::b": "failed", "C::c": "skipped"}
    assert (run.messages, run.evidence, run.problem, run.exit_code) == ({"C::b": "why"}, "report", None, 1)
    assert case(files).run("sh run.sh 0", report="out/**/*.xml").problem == "disagree"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 0\n", "report_missing"),
        ("exit 1\n", "not_started"),
        ("head -n 4 new.xml > out/r.xml\n", "disagree"),
        ("sed s/3/4/ new.xml > out/r.xml; exit 1\n", "disagree"),
        ("ln -s ../new.xml out/r.xml; exit 1\n", "not_started"),
    ],
)
def test_a_report_that_is_old_torn_or_elsewhere_does_not_count(case, script, problem):
    run = case({"new.xml": JUNIT, "run.sh": script, "out/old.xml": JUNIT}).run("sh run.sh", report="out/*.xml")
    assert (run.problem, run.results) == (problem, {})


@pytest.mark.parametrize(
    ("command", "runner"),
    [
        ("uv run pytest -q", "pytest"),
        ("coverage run -m unittest discover", "unittest"),
        ("prove -l", "tap"),
        ("npx tape test/*.js", "tap"),
        ("./mvnw -q test", "junit"),
        ("gradle :app:test", "junit"),
        ("mvn clean", None),
        ("python manage.py test", None),
        ("sh check.sh", None),
    ],
)
def test_a_runner_knows_its_command_line(command, runner):
    assert (known_runner(command.split()) or [None])[0] == runner
