"""A call that was repeated and took long: its own id leads to the decision that holds for both."""

from __future__ import annotations

import pytest

from mcp_router.intake import Request
from mcp_router.session import Session
from tools.query_memory import Query, query_memory
from tools.route_task import route_and_wait, route_task

from .scene import TASK, Scene
from .speaking import until


def test_a_slow_repeated_call_is_polled_by_its_own_id(plain: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.route_task.ANSWER_WITHIN_S", 0.0)
    request = Request(task=TASK, idempotency_key="the same")
    session = Session(plain.home, plain.root)
    try:
        first = route_and_wait(session, request, "test")
        second = route_task(session, request, "test")
        assert second.status == "running"
        job = session.background.find(f"route:{second.decision_id}")
        assert job is not None
        until(job.ended.is_set, "the second call")
        (row,) = query_memory(session, Query(view="decision", id=second.decision_id)).rows
        assert row["decision_id"] == first.decision_id
    finally:
        session.close()
