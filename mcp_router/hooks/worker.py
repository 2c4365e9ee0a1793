"""The one process that learns from hooks: it drains their inbox in order, judges what ended, and goes when idle.

Killed at any point it loses nothing: an event goes once it is taken in, a call once it is judged, and the next hook
or server starts another worker.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mcp_router.errors import AcrouterError
from mcp_router.hooks.calls import JUDGED, Call, Calls
from mcp_router.hooks.first import BASES
from mcp_router.hooks.follow import Follower
from mcp_router.hooks.inbox import INBOX, LOCK
from mcp_router.hooks.judge import judge
from mcp_router.hooks.keep import Keeper
from mcp_router.hooks.snapshot import states
from mcp_router.session import Session
from mcp_router.state import is_off, state_home
from memory_store.journal import JournalError

IDLE_S = 60.0
POLL_S = 0.03
OLDEST_S = 7 * 24 * 3600.0
"""What could not be taken in for so long is given up."""
LOG_BYTES = 256_000
logger = logging.getLogger(__name__)


def main() -> None:
    """Work until nothing is left and nothing comes; one worker a home."""
    home = state_home()
    if is_off():
        return
    _log_to(home / "hooks" / "worker.log")
    lock = FileLock(home / LOCK)
    while _pending(home):
        try:
            with lock.acquire(timeout=0):
                Worker(home).run()
        except Timeout:
            return
        except (AcrouterError, JournalError, OSError) as error:
            logger.error("%s", error)
            return


class Worker:
    """Takes in events on this thread, at once; judges on another, which gives way to everything else."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._session = Session(home)
        self._calls = Calls(home)
        self._ended: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._judging = set[str]()
        self._folders: dict[str, Path | None] = {}
        self._follower = Follower(self._session, self._calls, self._judge_later)
        self._config = states(home)["config"]

    def run(self) -> None:
        """Until nothing has come for a while, or the configuration is another one."""
        judging = threading.Thread(target=self._judge_all, name="judge", daemon=True)
        judging.start()
        keeping = threading.Thread(target=self._keep_all, name="keep", daemon=True)
        keeping.start()
        self._follower.close_stale()
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < IDLE_S and states(self._home)["config"] == self._config:
            if self._drain() or self._judging:
                quiet_since = time.monotonic()
            time.sleep(POLL_S)
        self._ended.put(None)
        judging.join()
        self._session.close()

    def _drain(self) -> int:
        taken = 0
        for path in _pending(self._home):
            try:
                event = json.loads(path.read_text(encoding="utf-8"))
                self._take({**event, **self._recorded(path.name)})
            except (JournalError, OSError):
                # The disk is full or the memory is held: the event waits.
                if time.time() - path.stat().st_mtime < OLDEST_S:
                    raise
            except Exception as error:
                _tell(f"event {path.stem}", error)
            path.unlink(missing_ok=True)
            (self._home / BASES / path.name).unlink(missing_ok=True)
            taken += 1
        return taken

    def _take(self, event: dict[str, Any]) -> None:
        self._follower.take(event)
        if event["event"] in ("SessionStart", "SessionEnd"):
            self._follower.close_stale()
        self._folders[event["client"]] = Path(event["cwd"]) if event.get("cwd") else None

    def _recorded(self, name: str) -> dict[str, Any]:
        """The state of the repository that was recorded for an event before this worker was ready."""
        try:
            return {"recorded": json.loads((self._home / BASES / name).read_text(encoding="utf-8"))}
        except (OSError, ValueError):
            return {}

    def _judge_later(self, call: Call) -> None:
        if call.decision_id not in self._judging:
            self._judging.add(call.decision_id)
            self._ended.put(call)

    def _judge_all(self) -> None:
        _give_way()
        while (call := self._ended.get()) is not None:
            try:
                self._judge(call)
            except (JournalError, OSError) as error:
                # The disk is full or the memory is held: the next session, or the next worker, judges it.
                _tell(f"verdict on {call.decision_id}", error)
            self._judging.discard(call.decision_id)

    def _judge(self, call: Call) -> None:
        try:
            judge(self._session, self._calls, call)
        except (JournalError, OSError):
            raise
        except Exception as error:
            _tell(f"verdict on {call.decision_id}", error)
        call.status, call.text = JUDGED, ""
        self._calls.put(call)

    def _keep_all(self) -> None:
        """Renew the snapshots whenever the memory has moved."""
        _give_way()
        keeper = Keeper(self._session)
        while True:
            began = time.monotonic()
            for client, folder in list(self._folders.items()):
                try:
                    keeper.keep(client, folder)
                except Exception as error:
                    _tell(f"snapshot for {client}", error)
            # A large memory takes a second: a fifth of a processor at most.
            took = time.monotonic() - began
            time.sleep(max(10 * POLL_S, 4 * took) if self._folders else POLL_S)


def _pending(home: Path) -> list[Path]:
    return sorted((home / INBOX).glob("[0-9]*.json"))


def _give_way() -> None:
    """Let this thread, and what it starts, run only when nobody else wants to."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def _tell(what: str, error: Exception) -> None:
    """The kind of fault and its place; its words only where we chose them."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
    said = str(error) if isinstance(error, AcrouterError | JournalError) else ""
    logger.error("%s: %s at %s %s", what, type(error).__name__, where, said)


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.exists() and path.stat().st_size > LOG_BYTES
    logging.basicConfig(
        filename=path, filemode="w" if fresh else "a", level=logging.WARNING, format="%(asctime)s %(message)s"
    )
