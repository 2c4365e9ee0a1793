"""A worker's first step, which goes on beside all others: record the repository's state when a subagent starts.

Importing all that a worker needs lasts half a second, and by then a fast model may have edited a file. This needs a
fifth of that.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
from pathlib import Path

from mcp_router.errors import AcrouterError
from mcp_router.hooks.inbox import INBOX
from mcp_router.state import is_off, state_home
from mcp_router.verifier import workspace

BASES = "hooks/bases"
"""One file a waiting event, of its name."""
POLL_S = 0.03


def main() -> None:
    """Record what waits and what comes, and work."""
    if is_off():
        return
    home = state_home()
    seen = _record_waiting(home, set())
    threading.Thread(target=_watch, args=(home, seen), name="first", daemon=True).start()
    from mcp_router.hooks.worker import main as work

    work()


def _watch(home: Path, seen: set[str]) -> None:
    while True:
        time.sleep(POLL_S)
        seen = _record_waiting(home, seen)


def _record_waiting(home: Path, seen: set[str]) -> set[str]:
    """Record the state for events that were not seen before; the names of all that wait."""
    waiting = {path.stem: path for path in (home / INBOX).glob("[0-9]*.json")}
    for stem in sorted(waiting.keys() - seen):
        with contextlib.suppress(OSError, ValueError, TypeError, AcrouterError):
            event = json.loads(waiting[stem].read_text(encoding="utf-8"))
            if event.get("event") == "PreToolUse" and event.get("cwd"):
                _record(home, stem, Path(event["cwd"]))
    return set(waiting)


def _record(home: Path, stem: str, folder: Path) -> None:
    """Keep the state of the repository at a folder for an event.

    Raises:
        AcrouterError: it is none that can be recorded.
    """
    base = workspace.take_snapshot(workspace.open_repository(folder))
    (home / BASES).mkdir(parents=True, exist_ok=True, mode=0o700)
    data = {"at_ns": time.time_ns(), "base": dataclasses.asdict(base)}
    path = home / BASES / f"{stem}.json"
    if (home / INBOX / path.name).exists():
        # Else it was taken in meanwhile, without.
        path.with_suffix(".new").write_text(json.dumps(data), encoding="utf-8")
        path.with_suffix(".new").replace(path)
