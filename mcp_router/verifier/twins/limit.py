"""A limit for each test of a twin: a changed expectation must not make a run wait for ever.

For Python it is written into the twin itself. A fixture that every test of the file uses under pytest, and the method
`run` of its test cases under unittest, arm an interval timer; its signal raises in the main thread, also out of a
sleep or a wait for a lock, and again when what it raised was caught. It is no plugin and no conftest.py, so the options
of the runner and the rest of the tree stay as they are. Where there are no such signals (Windows) only the limit of
the whole run holds.

For JavaScript the runners have options for it. A test of node:test that fails before it closes its server leaves a
process that does not end (--test-force-exit would end the reporter too): such a file brings its own limit.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from mcp_router.verifier.twins import TEST_LIMIT_S

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks

MILLISECONDS = str(TEST_LIMIT_S * 1000)
OPTIONS = {
    "node": (f"--test-timeout={MILLISECONDS}",),
    "vitest": (f"--testTimeout={MILLISECONDS}",),
    "jest": (f"--testTimeout={MILLISECONDS}", "--forceExit"),
    "mocha": (f"--timeout={MILLISECONDS}", "--exit"),
}
NODE_TEST = re.compile(r"""['"](?:node:)?test['"]""")
NODE_LIMIT = f"\n;setTimeout(() => process.exit(1), {3 * TEST_LIMIT_S * 1000}).unref();\n"
LIMIT = f'''

def _twin_limits(names):
    import contextlib, functools, signal, sys, unittest

    class Overdue(BaseException):
        """Not an Exception, so that the code under test does not catch it."""

    def overdue(*_):
        raise Overdue("the test did not end within {TEST_LIMIT_S} s")

    @contextlib.contextmanager
    def limit():
        try:
            before = signal.signal(signal.SIGALRM, overdue)
        except (AttributeError, ValueError):  # Windows, or not the main thread
            before = None
        if before is not None:
            signal.setitimer(signal.ITIMER_REAL, {TEST_LIMIT_S}, 1)
        try:
            yield
        finally:
            if before is not None:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)

    def limited(run):
        @functools.wraps(run)
        def limited_run(*args, **words):
            with limit():
                return run(*args, **words)

        return limited_run

    for case in list(names.values()):
        if isinstance(case, type) and unittest.TestCase in getattr(case, "__mro__", ()):
            case.run = limited(case.run)
    if "pytest" in sys.modules:

        @sys.modules["pytest"].fixture(autouse=True)
        def _twin_limit(request):
            # Nearly every test fails, and nobody reads how: their tracebacks would cost more than the tests.
            request.config.option.tbstyle = "line"
            with limit():
                yield

        names["_twin_limit"] = _twin_limit


_twin_limits(globals())
'''


def with_limit(path: str, text: str) -> str:
    """A test file with the limit that its language allows to write into it; lines keep their numbers."""
    if path.endswith(".py"):
        return text + LIMIT
    return text + NODE_LIMIT if NODE_TEST.search(text) else text


def limited(checks: Checks) -> Checks:
    """The checks for a run of twins: with a limit for each test where that is an option of the runner."""
    return dataclasses.replace(checks, argv=(*checks.argv, *OPTIONS.get(checks.runner, ())))
