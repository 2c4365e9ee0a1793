"""A limit for each test of a twin: a changed expectation must not make a run wait for ever.

For Python it is written into the twin itself. Under pytest a fixture that every test of the file uses arms an interval
timer; its signal raises in the main thread, also out of a sleep or a wait for a lock, and again when what it raised
was caught. It is no plugin and no conftest.py, so the options of the runner and the rest of the tree stay as they
are. Where there are no such signals (Windows) and under unittest only the limit of the whole run holds.

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

import signal as _twin_signal

try:
    import pytest as _twin_pytest
except ImportError:
    pass
else:

    class _TwinOverdue(BaseException):
        """Not an Exception, so that the code under test does not catch it."""

    def _twin_overdue(*_):
        raise _TwinOverdue("the test did not end within {TEST_LIMIT_S} s")

    @_twin_pytest.fixture(autouse=True)
    def _twin_limit(request):
        # Nearly every test fails, and nobody reads how: their tracebacks would cost more than the tests.
        request.config.option.tbstyle = "line"
        if not hasattr(_twin_signal, "setitimer"):
            yield
            return
        try:
            before = _twin_signal.signal(_twin_signal.SIGALRM, _twin_overdue)
        except ValueError:  # not the main thread
            yield
            return
        _twin_signal.setitimer(_twin_signal.ITIMER_REAL, {TEST_LIMIT_S}, 1)
        yield
        _twin_signal.setitimer(_twin_signal.ITIMER_REAL, 0)
        _twin_signal.signal(_twin_signal.SIGALRM, before)
'''


def with_limit(path: str, text: str) -> str:
    """A test file with the limit that its language allows to write into it; lines keep their numbers."""
    if path.endswith(".py"):
        return text + LIMIT
    return text + NODE_LIMIT if NODE_TEST.search(text) else text


def limited(checks: Checks) -> Checks:
    """The checks for a run of twins: with a limit for each test where that is an option of the runner."""
    return dataclasses.replace(checks, argv=(*checks.argv, *OPTIONS.get(checks.runner, ())))
