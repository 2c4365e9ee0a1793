"""The server's life: it ends with its client, leaves nothing behind, and what it was doing can be taken up again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from mcp_router.run_log import status

from .scene import SLOW_TASK, TASK, Scene, attempt_usd, git, state_of
from .speaking import Connection, Lines, until

ENDS_WITHIN_S = 3.0
ANSWERS_WITHIN_S = 2.0


def close_input(server: Lines) -> float:
    return server.end(ENDS_WITHIN_S)


def terminate(server: Lines) -> float:
    started = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    return server.wait(ENDS_WITHIN_S, started)


def interrupt(server: Lines) -> float:
    started = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    return server.wait(ENDS_WITHIN_S, started)


ENDINGS = [close_input, terminate, interrupt]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_idle_server_ends_with_its_client(plain: Scene, ending: Callable[[Lines], float]) -> None:
    with plain.lines() as server:
        server.call("query_memory")
        took = ending(server)
        assert server.process.returncode == 0
    assert took < ENDS_WITHIN_S
    plain.nothing_is_left()


@pytest.mark.parametrize("ending", [close_input, terminate])
def test_a_server_whose_run_waits_for_a_silent_provider_ends_too(
    scene: Scene, ending: Callable[[Lines], float]
) -> None:
    assert scene.provider is not None
    scene.provider.fail("right", "silence", step=1)
    before = state_of(scene.root)
    with scene.lines() as server:
        run = server.call("route_task", task=TASK, mode="delegate", candidates=["right"])
        until(lambda: len(scene.provider.requests) == 2, "the second request")
        took = ending(server)
    print(f"{ending.__name__}: ended after {took:.2f} s")
    scene.nothing_is_left()
    assert state_of(scene.root) == before
    memory = scene.memory()
    event = memory.run_events(run["decision_id"])[-1]
    assert event.status == "interrupted"
    # Of two calls one was answered; what the other cost nobody knows, so its whole reservation stays counted.
    assert memory.reserved_usd(decision_id=run["decision_id"]) > attempt_usd("right") / 3


def test_a_server_that_checks_something_ends_and_leaves_no_process(scene: Scene) -> None:
    with scene.lines() as server:
        routed = server.call("route_task", task=TASK, checks=_sleeping(60))
        (scene.root / "shop.py").write_text("", encoding="utf-8")
        reported = server.call("report_outcome", decision_id=routed["decision_id"], model="right", success=True)
        assert reported["status"] == "running"
        until(lambda: "sleep" in {child.name() for child in children(server)}, "the checks")
        started = children(server)
        took = server.end(ENDS_WITHIN_S)
    print(f"ended after {took:.2f} s with {len(started)} processes under it")
    until(lambda: not any(is_alive(process) for process in started), "the end of the checks", 2)
    scene.nothing_is_left()
    event = scene.memory().run_events(routed["decision_id"])[-1]
    assert event.status == "interrupted", event


def test_after_a_kill_the_next_server_sweeps_and_the_same_call_goes_on(scene: Scene) -> None:
    assert scene.provider is not None
    scene.provider.fail("right", "silence", times=1)
    before = state_of(scene.root)
    ask = {"task": TASK, "mode": "delegate", "candidates": ["wrong", "right"]}
    with scene.lines() as server:
        run = server.call("route_task", **ask)
        until(lambda: any(r.body["model"] == "right" for r in scene.provider.requests), "the second candidate's turn")
        server.process.kill()
        server.wait(5)
    assert len(list((scene.home / "worktrees").glob("*.json"))) == 1
    event = status(scene.memory(), run["decision_id"])
    assert event is not None
    assert event.status == "interrupted"
    with scene.client() as connection:
        until(lambda: not list((scene.home / "worktrees").glob("*")), "the sweep")
        assert len(git(scene.root, "worktree", "list").splitlines()) == 1
        row = connection.ended(run["decision_id"])
        assert row["status"] == "interrupted"
        assert "route_task" in row["next"]
        again = connection.call("route_task", **ask)
        assert again["decision_id"] == run["decision_id"]
        row = connection.ended(run["decision_id"])
    assert row["status"] == "done"
    asked = [attempt.candidate for attempt in scene.memory().attempts(run["decision_id"])]
    assert asked == ["wrong", "right"]
    scene.nothing_is_left()
    assert state_of(scene.root) == before


def test_calls_answer_at_once_while_the_checks_take_long(scene: Scene) -> None:
    with scene.here() as connection:
        routed = connection.call("route_task", task=TASK, checks=_sleeping(1.6))
        (scene.root / "shop.py").write_text("def total(prices, discount=0):\n    return 8\n", encoding="utf-8")
        reported = connection.report(routed["decision_id"], model="right", success=True)
        assert reported["verdict"] in ("pass", "no_signal")
        git(scene.root, "checkout", "-q", ".")
        run = connection.call(
            "route_task", task=SLOW_TASK, mode="delegate", candidates=["right"], checks=_sleeping(1.6)
        )
        assert run["status"] == "running"
        row = connection.ended(run["decision_id"])
        assert row["status"] == "done"
        assert max(connection.seconds) < ANSWERS_WITHIN_S


def test_calls_answer_at_once_while_the_provider_takes_long(scene: Scene) -> None:
    assert scene.provider is not None
    scene.configure(timeout_s="1.8")
    scene.provider.fail("right", "silence", times=1)
    with scene.here() as connection:
        run = connection.call("route_task", task=TASK, mode="delegate", candidates=["right"])
        assert run["status"] == "running"
        row = connection.ended(run["decision_id"])
        assert max(connection.seconds) < ANSWERS_WITHIN_S
    assert row["status"] == "failed"
    assert "sent nothing for 1.8 s" in row["note"]


def test_a_run_is_stopped_by_the_server_that_runs_it(scene: Scene) -> None:
    with scene.here() as server:
        decision_id = waiting_run(scene, server)
        assert server.call("report_outcome", decision_id=decision_id, cancel=True)["status"] == "cancelling"
        row = server.ended(decision_id)
        assert row["status"] == "cancelled"
        assert row["cost_at_most_usd"] > 0
        again = server.call("route_task", task=TASK, mode="delegate", candidates=["right", "other"])
        assert (again["decision_id"], again["status"]) == (decision_id, "cancelled")
        assert "idempotency_key" in again["action"]
    assert_stopped(scene)


def test_a_run_is_stopped_by_another_server(scene: Scene) -> None:
    with scene.here() as other, scene.client() as server:
        decision_id = waiting_run(scene, server)
        assert other.call("report_outcome", decision_id=decision_id, cancel=True)["status"] == "cancelling"
        assert other.ended(decision_id)["status"] == "cancelled"
        assert server.ended(decision_id)["status"] == "cancelled"
    assert_stopped(scene)


def test_a_run_is_stopped_by_the_command(scene: Scene) -> None:
    with scene.here() as server:
        decision_id = waiting_run(scene, server)
        assert scene.json("report", decision_id, "--cancel")["status"] == "cancelling"
        assert server.ended(decision_id)["status"] == "cancelled"
    assert_stopped(scene)


def waiting_run(scene: Scene, server: Connection) -> str:
    """A run whose first candidate's provider stays silent for as long as the run may take."""
    assert scene.provider is not None
    scene.provider.fail("right", "silence")
    run = server.call("route_task", task=TASK, mode="delegate", candidates=["right", "other"])
    until(lambda: scene.provider and scene.provider.requests, "a request")
    return str(run["decision_id"])


def assert_stopped(scene: Scene) -> None:
    """Stopped for good: nobody else was asked, and the end of the server does not change what became of it."""
    assert scene.provider is not None
    assert {request.body["model"] for request in scene.provider.requests} == {"right"}
    assert [run["status"] for run in scene.json("runs")] == ["cancelled"]
    scene.nothing_is_left()


def test_stopping_what_does_not_run_says_so(scene: Scene) -> None:
    with scene.here() as connection:
        advised = connection.call("route_task", task=TASK)["decision_id"]
        assert "not running" in connection.refusal("report_outcome", decision_id=advised, cancel=True)
        done = connection.delegate(TASK, candidates=["right"])
        assert "not running" in connection.refusal("report_outcome", decision_id=done["decision_id"], cancel=True)
        assert connection.ended(done["decision_id"])["status"] == "done"


def test_ctrl_c_on_a_command_that_delegates_ends_it(scene: Scene) -> None:
    assert scene.provider is not None
    scene.provider.fail("right", "silence")
    argv = [sys.executable, "-I", "-m", "mcp_router", "route", TASK, "--mode", "delegate", "--candidate", "right"]
    process = subprocess.Popen(
        [*argv, "--json"], cwd=scene.root, env=scene.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: scene.provider.requests, "a request")
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=10)
    assert printed == ""
    assert "Traceback" not in errors, errors
    assert process.returncode not in (0, None)
    scene.nothing_is_left()
    assert [row["status"] for row in scene.json("runs")] == ["interrupted"]


def children(server: Lines) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _sleeping(seconds: float) -> str:
    return f'sh -c "sleep {seconds}; grep -q return shop.py"'
