"""Subagents that are under way or await their verdict: one small file each, so that a killed worker loses nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mcp_router.outcomes import digest
from mcp_router.types import Base

OPEN, ENDED, JUDGED = "open", "ended", "judged"
FORGET_S = 24 * 3600.0
"""Open calls of a client that cannot be found, and judged ones that others may still overlap with, go after this."""


@dataclass(slots=True)
class Call:
    """One subagent. Times are nanoseconds since 1970; `foreground`: its parent waits for it.

    `asked_for`: the decision that the agent had asked for itself and that this call carries out, None if there is none;
    `base`: the state of the repository in which such a call began, which may be later than the decision's.
    `text` are the task's words, gone once it is judged. `name`: what Codex's agent called it. `base_ns`: when the
    recorded state was complete. `after`: the commit with the files as the subagent left them. `main_at`: size of the
    parent's transcript when it was started.
    """

    decision_id: str
    client: str
    session: str
    tool_use_id: str
    cwd: str
    text: str
    started_ns: int
    root: str | None = None
    asked_for: str | None = None
    base: dict[str, Any] | None = None
    asked: str | None = None
    effort: str | None = None
    name: str | None = None
    foreground: bool = False
    main_transcript: str | None = None
    main_at: int = 0
    base_ns: int | None = None
    agent_id: str | None = None
    transcript: str | None = None
    worktree: str | None = None
    ended_ns: int | None = None
    after: str | None = None
    fault: str | None = None
    status: str = OPEN
    pid: int | None = None
    pid_started: float | None = None

    @property
    def about(self) -> str:
        """The decision that is learned from what becomes of it."""
        return self.asked_for or self.decision_id

    def overlaps(self, other: Call) -> bool:
        """Whether both were at work at some time in one tree."""
        if self.root is None or self.root != other.root or self.worktree or other.worktree:
            return False
        ends = [one.ended_ns or time.time_ns() for one in (self, other)]
        return self.started_ns < ends[1] and other.started_ns < ends[0]


class Calls:
    """The calls of one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "hooks" / "calls"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._calls = {call.decision_id: call for call in self._read()}

    def put(self, call: Call) -> None:
        """Keep a call as it is now."""
        self._calls[call.decision_id] = call
        path = self._folder / f"{call.decision_id}.json"
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(dataclasses.asdict(call)), encoding="utf-8")
        fresh.replace(path)

    def forget(self, call: Call) -> None:
        """Drop a call."""
        self._calls.pop(call.decision_id, None)
        (self._folder / f"{call.decision_id}.json").unlink(missing_ok=True)

    def all(self) -> list[Call]:
        """All calls, oldest first."""
        return sorted(self._calls.values(), key=lambda call: call.started_ns)

    def find(self, **wanted: Any) -> Call | None:
        """The latest call with these fields."""
        found = (c for c in reversed(self.all()) if all(getattr(c, name) == value for name, value in wanted.items()))
        return next(found, None)

    def overlapping(self, call: Call) -> list[Call]:
        """Other calls that were at work in the same tree at some time of this one."""
        return [other for other in self.all() if other is not call and call.overlaps(other)]

    def _read(self) -> Iterator[Call]:
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(OSError, ValueError, TypeError):
                yield Call(**json.loads(path.read_text(encoding="utf-8")))


def base_of(told: dict[str, Any]) -> Base:
    """A recorded state from its plain values."""
    return Base(**{**told, "left_out": tuple(told["left_out"])})


def decision_id_of(session: str, tool_use_id: str) -> str:
    """The same call is the same decision, however often its event is handled."""
    return f"d_{digest(session, tool_use_id)[:12]}"


def started_at(pid: int | None) -> float | None:
    """When a process was started; None if it is gone."""
    with contextlib.suppress(psutil.Error, TypeError):
        return float(psutil.Process(pid).create_time()) if pid else None
    return None


def is_stale(call: Call) -> bool:
    """Whether the client that made a call is gone, so that nobody will say how it ended."""
    if call.pid is not None and call.pid_started is not None:
        now = started_at(call.pid)
        return now is None or abs(now - call.pid_started) > 1.0
    return time.time_ns() - call.started_ns > FORGET_S * 1e9
