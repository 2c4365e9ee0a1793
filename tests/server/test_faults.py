"""What goes wrong outside: providers, disks, permissions. One clear sentence, and nothing is lost."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from .scene import KEY, MODULE, RIGHT, TASK, UNCACHED, Scene, attempt_usd, make_repository
from .speaking import Lines, is_one_sentence, until

FAULTS = {
    "401": "auth: ",
    "429": "rate_limit: ",
    "500": "server: ",
    "garbage": "garbage: ",
    "silence": "timeout: ",
    "half": "garbage: ",
}
UNBILLED = ("401", "429")
ROUNDS = 20


@pytest.mark.parametrize("fault", FAULTS)
def test_a_provider_that_fails_is_named_and_the_next_candidate_tried(scene: Scene, fault: str) -> None:
    assert scene.provider is not None
    scene.configure(timeout_s="1")
    scene.provider.fail("wrong", fault, step=1)
    scene.provider.fail("right", fault)
    with scene.here() as connection:
        alone = connection.delegate(TASK, candidates=["right"])
        row = connection.delegate(TASK, candidates=["wrong", "other"])
        seen = connection.call("query_memory", view="summary")["rows"][0]
    assert alone["status"] == "failed"
    assert alone["note"].startswith(FAULTS[fault])
    assert is_one_sentence(alone["note"])
    assert KEY not in json.dumps([alone, row])
    assert row["status"] == "done"
    first, second = row["attempts"]
    assert (first["model"], second["model"], second["verdict"]) == ("wrong", "other", "pass")
    assert first["fault"].startswith(FAULTS[fault])
    assert "verdict" not in first
    # One of its calls was answered: a third of the tokens, rounded down.
    known = (333 * 1.0 + 33 * 10.0) / 1e6
    assert first["cost_usd"] == pytest.approx(known)
    assert first["cost_source"] == ("computed" if fault in UNBILLED else "partial")
    assert row["cost_usd"] == pytest.approx(known + attempt_usd("other"))
    assert ("cost_at_most_usd" in row) == (fault not in UNBILLED)
    assert seen["judged"] == 1


def test_a_home_under_a_file_is_refused_by_every_way_in(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    scene = Scene(make_repository(tmp_path / "repo"), tmp_path / "file" / "home")
    for args in (["route", TASK], ["route", TASK, "--json"], ["report", "d_1", "--success"], ["serve"]):
        done = scene.command(*args, code=2, process=args == ["serve"])
        assert done.stdout == ""
        assert str(scene.home) in done.stderr
        assert is_one_sentence(done.stderr), done.stderr


def test_a_home_that_is_read_only_is_named_in_each_answer(tmp_path: Path) -> None:
    home = read_only_folder(tmp_path)
    scene = Scene(make_repository(tmp_path / "repo"), home)
    server = Lines((*MODULE, "serve"), scene.root, scene.env(), tmp_path / "log")
    try:
        server.greet()
        refused = answer(server, "route_task", task=TASK)
        assert "ACROUTER_HOME" in refused
        assert str(home) in refused
        assert server.call("query_memory", view="outcomes")["rows"] == []
        server.end(5)
        assert server.process.returncode == 0
    finally:
        server.close()
    assert "Traceback" not in "".join(server.printed)
    done = scene.command("route", TASK, "--json", code=2)
    assert done.stdout == ""
    assert "ACROUTER_HOME" in done.stderr


def read_only_folder(place: Path) -> Path:
    """A folder in which nothing can be made; for root, whom no permission stops, one that the kernel keeps."""
    if os.geteuid() == 0:
        print("as root: the kernel's /sys stands for a read-only disk")
        return Path("/sys/acrouter-home")
    folder = place / "read-only"
    folder.mkdir(mode=0o555)
    return folder


def test_a_full_disk_loses_nothing_and_says_what_to_do(scene: Scene) -> None:
    """A limit on the size of files stands for the disk: what is written beyond it is refused by the system."""
    with scene.here() as connection:
        kept = connection.call("route_task", task=TASK)["decision_id"]
    full = (scene.home / "journal.jsonl").stat().st_size + 200

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, full))

    with scene.lines(UNCACHED, preexec_fn=limit) as server:
        assert "disk is full" in answer(server, "route_task", task=TASK)
        assert "disk is full" in answer(server, "report_outcome", decision_id=kept, success=True, verify=False)
        assert server.call("query_memory", view="outcomes")["total"] == 1
        server.end(5)
    assert "Traceback" not in "".join(server.printed)
    memory = scene.memory()
    assert [decision.decision_id for decision in memory.decisions()] == [kept]
    assert memory.health()["damaged_lines"] == 0
    with scene.here() as connection:
        assert connection.call("report_outcome", decision_id=kept, success=True, verify=False)["status"] == "done"


def test_a_run_that_meets_a_full_disk_fails_with_the_reason(scene: Scene) -> None:
    assert scene.provider is not None
    # The disk has to be full before the provider's silence ends the run.
    scene.configure(timeout_s="4")
    scene.provider.fail("right", "silence", times=1)
    with scene.lines(UNCACHED) as server:
        run = server.call("route_task", task=TASK, mode="delegate", candidates=["right"])
        until(lambda: scene.provider.requests, "the request")
        full = (scene.home / "journal.jsonl").stat().st_size + 10
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (full, full))

        def row() -> dict[str, Any] | None:
            seen = server.call("query_memory", view="run", id=run["decision_id"])["rows"][0]
            return seen if seen["status"] != "running" else None

        ended = until(row, "the end of the run")
        server.end(5)
        assert server.process.returncode == 0
    assert ended["status"] == "failed"
    assert "disk is full" in ended["note"]
    assert ended["cost_at_most_usd"] > 0
    assert "Traceback" not in "".join(server.printed)
    scene.nothing_is_left()
    memory = scene.memory()
    assert memory.health()["damaged_lines"] == 0
    assert memory.reserved_usd(decision_id=run["decision_id"]) == pytest.approx(ended["cost_at_most_usd"], abs=1e-6)


def test_a_broken_configuration_is_named_by_every_way_in(scene: Scene) -> None:
    (scene.home / "config.toml").write_text("[models.x]\nprovider = 'openai'\nprize = 3\n")
    done = scene.command("route", TASK, code=2)
    assert "did you mean price?" in done.stderr
    assert is_one_sentence(done.stderr)
    done = scene.command("serve", code=2, process=True)
    assert done.stdout == ""
    assert "did you mean price?" in done.stderr


def test_a_damaged_journal_is_not_taken_for_an_empty_one(scene: Scene) -> None:
    (scene.home / "journal.jsonl").write_bytes(b"\x00\xff garbage\n" * 3)
    before = (scene.home / "journal.jsonl").read_bytes()
    with scene.here() as connection:
        assert "no readable record" in connection.refusal("route_task", task=TASK)
        assert "no readable record" in connection.call("query_memory")["rows"][0]["problem"]
    assert (scene.home / "journal.jsonl").read_bytes() == before


def test_two_servers_at_once_lose_nothing(scene: Scene) -> None:
    (scene.root / "shop.py").write_text(RIGHT)
    made: list[list[str]] = [[], []]

    def work(server: Lines, number: int) -> None:
        for n in range(ROUNDS):
            decision_id = server.call("route_task", task=f"Fix bug {n} of {number} in shop.py.")["decision_id"]
            server.call(
                "report_outcome", decision_id=decision_id, model="right", success=True, verify=False, cost_usd=0.01
            )
            made[number].append(decision_id)

    with scene.lines() as first, scene.lines() as second:
        threads = [threading.Thread(target=work, args=(server, n)) for n, server in enumerate((first, second))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for server in (first, second):
            assert server.call("query_memory", view="outcomes", limit=1)["total"] == 2 * ROUNDS
            server.end(5)
    expected = {*made[0], *made[1]}
    assert len(expected) == 2 * ROUNDS
    lines = [json.loads(line) for line in (scene.home / "journal.jsonl").read_text().splitlines()]
    for kind in ("decision", "attempt", "outcome"):
        assert {line["data"]["decision_id"] for line in lines if line["kind"] == kind} == expected
    with TinyDB(scene.home / "memory.json") as database:
        assert {row["decision_id"] for row in database.table("decisions").all()} == expected
        assert len(database.table("outcomes")) == 2 * ROUNDS


def answer(server: Lines, tool: str, **arguments: Any) -> str:
    """The one sentence with which a call is refused."""
    result = server.ask("tools/call", {"name": tool, "arguments": arguments})["result"]
    assert result["isError"], result
    text: str = result["content"][0]["text"]
    assert is_one_sentence(text), text
    assert not re.search(r"\berrno\b", text)
    return text
