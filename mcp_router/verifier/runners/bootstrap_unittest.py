"""Runs unittest as `python -m unittest` does and tells over the channel what was loaded and what came of each test.

Arguments: the repository's path, the path of the tree that is judged, the number of files to which the run is
limited (0 for all), these files, then unittest's own.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from mcp_router.verifier.runners.bootstrap import open_channel, put_tree_on_path, take_tree_off_path

WORST = ("error", "failed", "skipped", "xfailed", "passed")


def main() -> int:
    """Run unittest on the arguments: 0 when all tests passed, 1 when not, 5 when there was none, as pytest has it."""
    lived, judged, count = sys.argv[1:4]
    only, words = sys.argv[4 : 4 + int(count)], sys.argv[4 + int(count) :]
    before = take_tree_off_path(judged)

    import importlib
    import unittest

    for part in ("mock", "async_case")[: 2 if sys.version_info[1] > 7 else 1]:
        importlib.import_module(f"unittest.{part}")
    send = open_channel()
    put_tree_on_path(before, lived, judged)
    sys.argv = ["python -m unittest", *words]
    send({"began": True})
    runner = make_runner(send, judged, only)
    result = unittest.TestProgram(module=None, argv=sys.argv, testRunner=runner, exit=False).result
    status = 5 if not runner.loaded else 0 if result.wasSuccessful() else 1
    send({"end": status})
    return status


def ids_in(root: str) -> "Callable[[Any], str]":
    """The function that gives a test the id that pytest would: FILE::CLASS::METHOD, FILE where it was not loaded."""
    import os

    def relative(file: str) -> str:
        path = os.path.relpath(file, root)
        return "" if path.startswith(os.pardir) else path.replace(os.sep, "/")

    def of_module(name: str) -> str:
        for folder in sys.path:
            for end in (".py", os.sep + "__init__.py"):
                path = os.path.join(folder, *name.split(".")) + end  # noqa: PTH118
                if os.path.isfile(path) and relative(path):  # noqa: PTH113
                    return relative(path)
        return name

    def identify(test: "Any") -> str:
        kind, method = type(test), str(getattr(test, "_testMethodName", ""))
        if kind.__name__ in ("_FailedTest", "ModuleSkipped"):
            return of_module(method)
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        if not (method and file and relative(file)):
            return f"unittest::{test.id()}"
        return "::".join([relative(file), *kind.__qualname__.split("."), method])

    return identify


def failure_in(root: str) -> "Callable[[Any], dict[str, str]]":
    """The function that says in a line what an exception was, and where in the tree it was raised."""
    import os

    def tell(error: "Any") -> "dict[str, str]":
        kind, value, frames = error
        text = str(value).strip()
        told = {"message": (f"{kind.__name__}: {text}" if text else kind.__name__)[-4000:]}
        while frames:
            file = frames.tb_frame.f_code.co_filename
            if file.startswith(root + os.sep):
                told["where"] = f"{file[len(root) + 1 :].replace(os.sep, '/')}:{frames.tb_lineno}"
            frames = frames.tb_next
        return told

    return tell


def make_runner(send: "Callable[[dict[str, object]], None]", root: str, only: "list[str]") -> "Any":
    """A runner of unittest's own kind that sends what it loads, and whose results send each outcome."""
    import unittest
    import unittest.suite

    identify, tell = ids_in(root), failure_in(root)

    def flat(suite: "Any") -> "Iterator[Any]":
        for test in suite:
            if isinstance(test, unittest.BaseTestSuite):
                yield from flat(test)
            else:
                yield test

    class Result(unittest.TextTestResult):
        """Sends a test when it stops, with the worst of what was said of it and of its subtests."""

        told: "dict[str, str]" = {"outcome": "passed"}  # noqa: RUF012

        def startTest(self, test: "Any") -> None:
            super().startTest(test)
            self.told = {"outcome": "passed"}

        def stopTest(self, test: "Any") -> None:
            super().stopTest(test)
            Runner.ended.append(test)
            send({"id": identify(test), "when": "call", **self.told})

        def note(self, test: "Any", outcome: str, told: "dict[str, str]") -> None:
            if type(test).__name__ == "_ErrorHolder":
                self.note_fixture(test.description, outcome, told)
            elif WORST.index(outcome) < WORST.index(self.told["outcome"]):
                self.told = {"outcome": outcome, **told}

        def note_fixture(self, description: str, outcome: str, told: "dict[str, str]") -> None:
            """setUpClass keeps all tests of a class from running; what tearDownClass does is told of the last one."""
            when, _, name = description.rstrip(")").partition(" (")
            of = [
                test
                for test in Runner.loaded
                if name in (type(test).__module__, f"{type(test).__module__}.{type(test).__qualname__}")
            ]
            ended = [test for test in of if test in Runner.ended]
            setup = when.startswith("setUp")
            for test in [test for test in of if test not in ended] if setup else ended[-1:]:
                if setup:
                    Runner.ended.append(test)
                send({"id": identify(test), "when": "setup" if setup else "teardown", "outcome": outcome, **told})

        def addError(self, test: "Any", err: "Any") -> None:
            super().addError(test, err)
            self.note(test, "error", tell(err))

        def addFailure(self, test: "Any", err: "Any") -> None:
            super().addFailure(test, err)
            self.note(test, "failed", tell(err))

        def addSubTest(self, test: "Any", subtest: "Any", err: "Any") -> None:
            super().addSubTest(test, subtest, err)
            if err is not None:
                self.note(test, "failed", tell(err))

        def addSkip(self, test: "Any", reason: str) -> None:
            super().addSkip(test, reason)
            self.note(test, "skipped", {})

        def addExpectedFailure(self, test: "Any", err: "Any") -> None:
            super().addExpectedFailure(test, err)
            self.note(test, "xfailed", {})

        def addUnexpectedSuccess(self, test: "Any") -> None:
            super().addUnexpectedSuccess(test)
            self.note(test, "failed", {"message": "Unexpected success"})

    class Runner(unittest.TextTestRunner):
        resultclass = Result  # type: ignore[assignment]
        loaded: "list[Any]" = []  # noqa: RUF012
        ended: "list[Any]" = []  # noqa: RUF012

        def __init__(self, **options: "Any") -> None:
            options["failfast"] = False
            super().__init__(**options)

        def run(self, test: "Any") -> "Any":
            tests = [one for one in flat(test) if not only or identify(one).partition("::")[0] in only]
            Runner.loaded.extend(tests)
            send({"collected": [identify(one) for one in tests]})
            return super().run(unittest.TestSuite(tests) if only else test)

    return Runner


if __name__ == "__main__":
    sys.exit(main())
