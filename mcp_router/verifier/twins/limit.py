"""A limit for each test of a Python twin, written into the twin itself.

Under pytest a fixture that every test of the file uses arms an interval timer; its signal raises in the main thread,
also out of a sleep or a wait for a lock, and again when what it raised was caught. It is no plugin and no conftest.py,
so the options of the runner and the rest of the tree stay as they are. Where there are no such signals (Windows) and
under unittest only the limit of the whole run holds.
"""

from __future__ import annotations

from mcp_router.verifier.twins import TEST_LIMIT_S

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
    def _twin_limit():
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


def with_limit(text: str) -> str:
    """A test file whose tests each have a limit; its lines keep their numbers."""
    return text + LIMIT
