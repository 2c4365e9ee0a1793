"""Follows a client's subagents through its events: what was decided for each, who does it, and how it ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mcp_router.errors import AcrouterError
from mcp_router.hooks.asked import asked_before
from mcp_router.hooks.calls import ENDED, JUDGED, OPEN, Call, Calls, base_of, decision_id_of, is_stale, started_at
from mcp_router.hooks.events import CODEX, task_of
from mcp_router.hooks.rollout import parent_of
from mcp_router.hooks.transcript import find_transcript, meta_of, transcripts_of
from mcp_router.intake import Prepared, Request, prepare
from mcp_router.session import Session
from mcp_router.types import Choice, Plan
from mcp_router.verifier import workspace
from memory_store.redact import redact

Event = dict[str, Any]
INTERRUPTED = "interrupted: the subagent did not come to its end"


class Follower:
    """Takes in events in the order in which they happened. `ended` is told of each call that has come to its end."""

    def __init__(self, session: Session, calls: Calls, ended: Callable[[Call], None]) -> None:
        self._session, self._calls, self._ended = session, calls, ended

    def take(self, event: Event) -> None:
        """Take in one event; those of calls that are not known say nothing here."""
        handler = getattr(self, f"_on_{event['event'].lower()}", None)
        if handler is not None:
            handler(event)

    def close_stale(self) -> None:
        """End the calls of clients that are gone, and hand on what awaits its verdict."""
        for call in self._calls.all():
            if call.status == OPEN and is_stale(call):
                with contextlib.suppress(TypeError, ValueError):
                    self._end(call, time.time_ns(), INTERRUPTED)
            elif call.status == ENDED:
                self._ended(call)
            elif call.status == JUDGED and not self._calls.overlapping(call):
                self._calls.forget(call)

    def _on_pretooluse(self, event: Event) -> None:
        given, session = event.get("tool_input") or {}, str(event.get("session_id") or "")
        decision_id = decision_id_of(session, str(event.get("tool_use_id")))
        known = self._calls.find(decision_id=decision_id)
        # A first try may have ended before the decision was written down.
        is_taken = known is not None and (known.asked_for or self._session.store.decision(decision_id))
        if is_taken or not task_of(given).strip():
            return
        transcript = event.get("transcript_path")
        call = Call(
            decision_id=decision_id,
            client=event["client"],
            session=session,
            tool_use_id=str(event.get("tool_use_id")),
            cwd=str(event.get("cwd") or "."),
            text=task_of(given),
            started_ns=event["at_ns"],
            asked=given.get("model"),
            effort=given.get("effort") or given.get("reasoning_effort"),
            name=given.get("task_name"),
            foreground=given.get("run_in_background") is False,
            main_transcript=transcript,
            pid=event.get("pid"),
            pid_started=started_at(event.get("pid")),
        )
        with contextlib.suppress(OSError, TypeError):
            call.main_at = Path(str(transcript)).stat().st_size
        self._decide(call, event)

    def _decide(self, call: Call, event: Event) -> None:
        request = Request(task=call.text, repo=call.cwd)
        try:
            prepared = prepare(self._session, request, call.client, call.decision_id)
        except AcrouterError:
            # Nothing to decide on: an empty task, or nobody who may do it.
            return
        call.base_ns = time.time_ns() if prepared.ask.base else None
        if prepared.ask.base and (recorded := event.get("recorded")):
            prepared = replace(prepared, ask=replace(prepared.ask, base=base_of(recorded["base"])))
            call.base_ns = recorded["at_ns"]
        call.root = str(prepared.repository.root) if prepared.repository else None
        asked = asked_before(self._session.store, prepared.ask.task, call.client, call.started_ns)
        if asked is not None:
            call.asked_for = asked.decision_id
            call.base = asdict(prepared.ask.base) if prepared.ask.base else None
            self._calls.put(call)
            return
        # Kept before the decision is: a second try at this event then finds the base that was taken in time.
        self._calls.put(call)
        self._write_down(prepared, event.get("plan"))

    def _write_down(self, prepared: Prepared, told: dict[str, Any] | None) -> None:
        ask, router = prepared.ask, self._session.router
        if self._session.store.decision(ask.decision_id) is not None:
            return
        if told is None:
            router.route(ask)
            return
        chain = tuple(Choice(**{**one, "neighbours": tuple(one["neighbours"])}) for one in told["chain"])
        router.record(ask, Plan(chain, told["propensity"], told["reason"]), told["policy"])

    def _on_subagentstop(self, event: Event) -> None:
        path = event.get("agent_transcript_path")
        call = self._of_agent(event)
        if call is None or call.status != OPEN:
            return
        call.agent_id, call.transcript = event.get("agent_id"), path
        if call.client == CODEX:
            call.asked = event.get("model") or call.asked
        elif path:
            call.worktree = meta_of(Path(path)).get("worktreePath")
        self._end(call, event["at_ns"])

    def _on_posttooluse(self, event: Event) -> None:
        call = self._calls.find(session=event.get("session_id"), tool_use_id=event.get("tool_use_id"))
        response = event.get("tool_response")
        if call is None or call.status != OPEN or not isinstance(response, dict):
            return
        call.agent_id = response.get("agentId") or response.get("agent_id")
        call.worktree = response.get("worktreePath") or call.worktree
        call.transcript = find_transcript(call)
        if response.get("status") == "completed":
            self._end(call, event["at_ns"])
        else:
            self._calls.put(call)

    def _on_posttoolusefailure(self, event: Event) -> None:
        call = self._calls.find(session=event.get("session_id"), tool_use_id=event.get("tool_use_id"))
        if call is not None and call.status == OPEN:
            why = INTERRUPTED if event.get("is_interrupt") else f"the client: {event.get('error', 'it failed')}"
            self._end(call, event["at_ns"], why)

    def _on_stopfailure(self, event: Event) -> None:
        call = self._of_agent(event) if event.get("agent_id") else None
        if call is not None and call.status == OPEN:
            self._end(call, event["at_ns"], f"the API failed: {event.get('error', 'no reason given')}")

    def _on_stop(self, event: Event) -> None:
        """The parent's turn is over: what it waited for and did not see the end of was interrupted or denied."""
        if not event.get("agent_id"):
            self._interrupt(event, lambda call: call.foreground)

    def _on_interrupt(self, event: Event) -> None:
        self._interrupt(event, lambda _: True)

    def _on_sessionend(self, event: Event) -> None:
        self._interrupt(event, lambda _: True)

    def _interrupt(self, event: Event, which: Callable[[Call], bool]) -> None:
        for call in self._calls.all():
            if call.session == event.get("session_id") and call.status == OPEN and which(call):
                self._end(call, event["at_ns"], INTERRUPTED)

    def _of_agent(self, event: Event) -> Call | None:
        """The call that started the subagent of an event."""
        path = event.get("agent_transcript_path")
        if event["client"] == CODEX:
            return self._of_thread(event, parent_of(Path(path)) if path else {})
        known = self._calls.find(agent_id=event.get("agent_id"), session=event.get("session_id"))
        main = event.get("transcript_path")
        files = [Path(path)] if path else [p for p in transcripts_of(main) if p.stem == f"agent-{event['agent_id']}"]
        ids = [meta_of(file).get("toolUseId") for file in files]
        return known or self._calls.find(tool_use_id=ids[0]) if ids and ids[0] else known

    def _of_thread(self, event: Event, parent: dict[str, Any]) -> Call | None:
        """Codex does not tell the call: its parent's of the thread's name, else the oldest open one without any."""
        known = self._calls.find(agent_id=event.get("agent_id"))
        session = parent.get("parent_thread_id") or event.get("session_id")
        waiting = [c for c in self._calls.all() if c.session == session and c.status == OPEN and not c.agent_id]
        name = str(parent.get("agent_path") or "").rpartition("/")[2]
        nameless = (call for call in waiting if not name or call.name is None)
        return known or next((call for call in waiting if name and call.name == name), next(nameless, None))

    def _end(self, call: Call, at_ns: int, fault: str | None = None) -> None:
        call.ended_ns, call.fault, call.status = at_ns, redact(fault) if fault else None, ENDED
        call.transcript = find_transcript(call)
        if fault is None:
            with contextlib.suppress(AcrouterError):
                call.after = _after(call)
        self._calls.put(call)
        self._ended(call)


def _after(call: Call) -> str | None:
    """The files as the subagent left them, recorded before others change them; None outside a repository."""
    folder = Path(call.worktree or call.root or "")
    if not (call.worktree or call.root) or not folder.is_dir():
        return None
    return workspace.take_snapshot(workspace.open_repository(folder)).commit
