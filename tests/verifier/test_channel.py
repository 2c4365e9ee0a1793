"""A run whose channel, or whose end, was forged or torn is not believed."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest
from running import case

from mcp_router.verifier.runners import program
from mcp_router.verifier.runners.channel import read_channel

__all__ = ["case"]

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
