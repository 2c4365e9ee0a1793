"""Ends a hook's process in time, whatever it waits for: an agent must never wait for us."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def end_after(seconds: float, more_s: float, last_word: Callable[[], None]) -> None:
    """After `seconds` say the last word, for which there are `more_s`, and end with exit code 0."""
    if not hasattr(signal, "setitimer"):
        _by_thread(seconds, last_word)
        return

    def end(*_: object) -> None:
        os._exit(0)

    def expire(*_: object) -> None:
        signal.signal(signal.SIGALRM, end)
        signal.setitimer(signal.ITIMER_REAL, more_s)
        try:
            last_word()
        finally:
            os._exit(0)

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _by_thread(seconds: float, last_word: Callable[[], None]) -> None:
    import threading

    def expire() -> None:
        threading.Timer(0.01, os._exit, (0,)).start()
        try:
            last_word()
        finally:
            os._exit(0)

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
