"""Sessions side by side, sessions and servers that are killed: the memory stays whole and the next session works."""

from __future__ import annotations

import subprocess
import threading

import psutil
import pytest

from mcp_router.demo.subtasks import Subtask
from tests.server.speaking import until

from .clients import SECONDS, SESSIONS, User, claude_code
from .conftest import Hire
from .hands import ClaudeCode, Codex
from .models import Play, Say, Shown
from .plays import SUBTASKS, Work, advised, answer, configured, ended, judged, settled, waited, worker

HAND = ClaudeCode()
REFUNDS, SLUGS = SUBTASKS["refund-split"], SUBTASKS["slugs"]


def test_two_sessions_at_once_learn_into_one_memory(hire: Hire) -> None:
    asked = {"Please see to the refunds": REFUNDS, "Please see to the slugs": SLUGS}

    def main(subtask: Subtask) -> Work:
        def agent(shown: Shown) -> Play:
            del shown
            decision_id, model = yield from advised(HAND, subtask.phrasings[0])
            yield from waited(lambda: len(user.memory().decisions()) == len(asked), "both decisions")
            yield from HAND.hand_over(subtask.phrasings[0], model, isolation="worktree")
            reported = yield from settled(HAND, decision_id, worktree=worktree(user, subtask))
            yield Say(f"Done: {reported['verdict']}")

        return agent

    def work(subtask: Subtask) -> Work:
        return lambda shown: worker(HAND, shown.folder, answer(subtask))(shown)

    plays = {words: main(subtask) for words, subtask in asked.items()}
    user = hire({**plays, **{s.phrasings[0]: work(s) for s in asked.values()}})
    user.lay_tests(asked.values())
    user.install("claude-code")
    sessions = [user.start(*claude_code(words)) for words in asked]
    said = [session.communicate(timeout=SECONDS)[0] for session in sessions]

    assert all("Done: pass" in one for one in said), said
    assert sorted(outcome.verdict for _, _, outcome in judged(user)) == ["pass", "pass"]
    assert len(user.memory().decisions()) == len(asked)
    whole(user)


@pytest.mark.parametrize("hand", [ClaudeCode(), Codex()], ids=lambda hand: hand.name)
@pytest.mark.parametrize("victim", ["session", "server"])
def test_after_a_kill_the_run_is_interrupted_and_the_next_session_takes_it_up(
    hire: Hire, hand: ClaudeCode | Codex, victim: str
) -> None:
    told, asked, release = threading.Event(), threading.Event(), threading.Event()

    def first(shown: Shown) -> Play:
        del shown
        yield from hand.ready()
        decision_id, _ = yield from advised(hand, REFUNDS.phrasings[0], mode="delegate")
        told.set()
        yield from waited(release.is_set, "the kill")
        yield from hand.ask("query_memory", view="run", id=decision_id)
        yield Say("The server is gone.")

    def second(shown: Shown) -> Play:
        del shown
        yield from hand.ready()
        (decision,) = user.memory().decisions()
        row = (yield from hand.ask("query_memory", view="run", id=decision.decision_id))["rows"][0]
        assert row["status"] == "interrupted"
        resumed, _ = yield from advised(hand, REFUNDS.phrasings[0], mode="delegate")
        assert resumed == decision.decision_id
        row = yield from ended(hand, decision.decision_id)
        yield Say(f"Done: {row['status']}, {row['attempts'][-1]['verdict']}")

    def work(shown: Shown) -> Play:
        asked.set()
        yield from waited(release.is_set, "the kill")
        yield from worker(hand, user.repo, answer(REFUNDS))(shown)

    user = hire({"Please begin": first, "Please go on": second, REFUNDS.phrasings[0]: work})
    user.configure(tables=configured(user.models.base_url, "small"))
    user.lay_tests([REFUNDS])
    user.install(hand.name)
    session = user.start(*SESSIONS[hand.name]("Please begin"))
    assert asked.wait(60)
    assert told.wait(60)
    server = server_of(session)
    for process in [server] if victim == "server" else client_of(session, server):
        process.kill()
    server.wait(10)
    release.set()
    session.communicate(timeout=SECONDS)

    assert "Done: done, pass" in user.session(hand.name, "Please go on").stdout
    (decision,) = user.memory().decisions()
    assert user.memory().run_events(decision.decision_id)[-1].status == "done"
    whole(user)


def client_of(session: subprocess.Popen[str], server: psutil.Process) -> list[psutil.Process]:
    """The processes of a session but the router's server: a client may be started by a script."""
    first = psutil.Process(session.pid)
    return [one for one in (first, *first.children(recursive=True)) if one != server]


def server_of(session: subprocess.Popen[str]) -> psutil.Process:
    """The router's server that a session started."""

    def look() -> list[psutil.Process]:
        children = psutil.Process(session.pid).children(recursive=True)
        return [child for child in children if child.cmdline()[-3:] == ["-m", "mcp_router", "serve"]]

    found: list[psutil.Process] = until(look, "the server")
    return found[0]


def worktree(user: User, subtask: Subtask) -> str:
    """Where the client let a subagent work."""
    (shown, *_) = user.models.shown(subtask.phrasings[0])
    return str(shown.folder)


def whole(user: User) -> None:
    """Nothing torn or damaged in the memory, and nothing left running or lying about."""
    said = user.run("acrouter", "memory", "show", "--json").well().stdout
    assert '"damaged_lines": 0' in said
    until(lambda: not list((user.state / "worktrees").glob("*")), "the end of worktrees")
