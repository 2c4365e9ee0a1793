"""Run the suites of many folders in one process: `python run_suites.py OUT FOLDER[::TEST_FILE]...`.

Writes to OUT, as JSON, which tests of each passed. One process for many folders, and pytest without what these
suites do not need, since starting it takes longer than they do.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

import pytest

OPTIONS = ("-q", "--assert=plain", "--continue-on-collection-errors")
NO_PLUGINS = ("cacheprovider", "logging", "unraisableexception", "threadexception", "doctest", "junitxml")


class Results:
    """Which tests passed, by node id; a test that was not collected is not there."""

    def __init__(self) -> None:
        self.passed: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.passed[report.nodeid] = self.passed.get(report.nodeid, True) and report.passed


def run(where: str) -> dict[str, bool]:
    folder, _, test_file = where.partition("::")
    before = set(sys.modules)
    results = Results()
    os.chdir(folder)
    options = [*OPTIONS, *(f"-pno:{plugin}" for plugin in NO_PLUGINS), f"--rootdir={folder}"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*options, *([test_file] if test_file else [])], [results])
    for name in set(sys.modules) - before:
        if name.split(".")[0] in {"shop", "conftest"} or name.startswith("test_"):
            del sys.modules[name]
    return results.passed


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    Path(sys.argv[1]).write_text(json.dumps({where: run(where) for where in sys.argv[2:]}))
