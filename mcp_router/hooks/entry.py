"""`acrouter hook EVENT`: reads what the client says, answers in time or not at all, and never fails.

Whatever happens the exit code is 0 and standard output holds the hook's JSON or nothing. Only the standard
library is imported unless a subagent is about to start and the user lets its model be chosen.
"""

from __future__ import annotations

import gc
import os
import sys

from mcp_router.state import home_path

TYPE_CHECKING = False  # the real one's module takes 5 ms
if TYPE_CHECKING:
    from typing import Any

ANSWER_WITHIN_S = 0.080
"""From here on; an interpreter has started by then, and the whole must not take 100 ms."""
LAST_WORD_S = 0.010
MOST_BYTES = 16_000_000
LOG_BYTES = 64_000


def main(event: str) -> None:
    """Run one hook and end the process."""
    gc.disable()
    if os.environ.get("ACROUTER_OFF", "") in ("", "0"):
        try:
            _run(event)
        except BaseException as error:
            _log(event, error)
    os._exit(0)


def _run(event: str) -> None:
    from mcp_router.hooks.inbox import drop, start_worker
    from mcp_router.hooks.watchdog import end_after

    kept: dict[str, Any] = {}

    def hand_over() -> None:
        # Once, also when the time is up: too late for an answer, what is known is still worth writing down.
        event, home = dict(kept), home_path()
        kept.clear()
        if event:
            drop(home, event)
            start_worker(home)

    end_after(ANSWER_WITHIN_S, LAST_WORD_S, hand_over)
    given = _read()
    from mcp_router.hooks.events import client_of, cut, wanted

    if not wanted(event, given):
        return
    kept.update(cut(event, given), client=client_of(given, os.environ), **_client_process())
    try:
        answer = _decide(home_path(), kept, given) if event == "PreToolUse" else None
        if answer:
            os.write(1, answer)
    finally:
        hand_over()


def _read() -> dict[str, Any]:
    import json

    data = sys.stdin.buffer.read(MOST_BYTES)
    given = json.loads(data)
    if not isinstance(given, dict):
        raise TypeError("the hook's input is not an object")
    return given


def _decide(home: str, kept: dict[str, Any], given: dict[str, Any]) -> bytes | None:
    """The answer as bytes; the plan behind it goes into `kept`."""
    from mcp_router.hooks.snapshot import open_snapshot

    snapshot = open_snapshot(home, kept["client"])
    if snapshot is None or snapshot.route == "observe":
        return None
    from mcp_router.hooks.patterns import preload

    preload(snapshot.values["patterns"])
    from mcp_router.hooks.decide import decide

    plan, answer = decide(snapshot, kept, given)
    if plan is None:
        return None
    import json

    kept["plan"] = plan
    return json.dumps(answer).encode() if answer else None


def _client_process() -> dict[str, Any]:
    """The client's process, by which a session that died is told from one that goes on."""
    named = os.environ.get("CLAUDE_PID", "")
    return {"pid": int(named)} if named.isdigit() else {}


def _log(event: str, error: BaseException) -> None:
    """One line in hooks.log: the kind of fault and its place, never the words of a task."""
    try:
        import time

        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else "?"
        path = f"{home_path()}/hooks.log"
        fresh = not os.path.exists(path) or os.stat(path).st_size > LOG_BYTES
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        with open(path, "w" if fresh else "a", encoding="utf-8") as log:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            log.write(f"{moment} {event[:40]!r} {type(error).__name__} at {where}\n")
    except BaseException:
        return
