"""The life of the server process: it ends with its client, and leaves nothing running and no worktree behind."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from types import FrameType

from mcp_router.errors import AcrouterError
from mcp_router.hooks.events import CLAUDE_CODE, CODEX
from mcp_router.hooks.wake import wake
from mcp_router.models import is_codex
from mcp_router.session import Session

TIDY_AFTER_S = 1.0
"""By then a client has its list of tools, which is what it waits for."""


def serve(port: int | None) -> None:
    """Serve until the client goes away or a signal comes; port: HTTP on 127.0.0.1, None: stdio.

    Raises:
        AcrouterError: it cannot be served, and why; nothing is left running.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="acrouter: %(message)s")
    session = Session()
    session.advised = lambda client: wake(session, CODEX if is_codex(client) else CLAUDE_CODE)
    _end_on_signal(session)
    code = 0
    try:
        _serve(session, port)
    except AcrouterError:
        session.close()
        raise
    except Exception:
        logging.exception("the server failed")
        code = 1
    session.close()
    _leave(code)


def _serve(session: Session, port: int | None) -> None:
    if port is None:
        from mcp_router.server import serve_stdio

        _tidy_later(session)
        serve_stdio(session)
    else:
        from mcp_router.http import serve_http

        _tidy_later(session)
        serve_http(session, port)


def _tidy_later(session: Session) -> None:
    for work in (session.sweep, session.look_back, lambda: wake(session)):
        later = threading.Timer(TIDY_AFTER_S, work)
        later.daemon = True
        later.start()


def _end_on_signal(session: Session) -> None:
    """A reader blocked on standard input cannot be woken: close what there is, and leave."""

    def end(_: int, __: FrameType | None) -> None:
        with contextlib.suppress(Exception):
            session.close()
        _leave()

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


def _leave(code: int = 0) -> None:
    """End now: a thread that still waits for a provider must not hold the process."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    os._exit(code)
