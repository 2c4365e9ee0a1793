"""The server has the work done by a model of its own; the agent polls, reads the diff, and applies it."""

from __future__ import annotations

import shlex

import pytest

from mcp_router.demo.stage import lay_tests
from tests.server.scene import git

from .conftest import Hire
from .hands import ClaudeCode, Codex, Opencode
from .models import Acting, Play, Say, Shown
from .plays import SUBTASKS, advised, answer, configured, ended, worker

SUBTASK = SUBTASKS["refund-split"]
TASK = SUBTASK.phrasings[0]


def read_diff(hand: ClaudeCode | Codex | Opencode, decision_id: str) -> Acting[str]:
    diff, offset = "", 0
    while offset is not None:
        given = {"view": "run", "id": decision_id, "part": "diff", "offset": offset}
        page = yield from hand.ask("query_memory", **given)
        diff, offset = diff + page["diff"], page["next_offset"]
    return diff


def agent(hand: ClaudeCode | Codex | Opencode) -> Play:
    yield from hand.ready()
    decision_id, _ = yield from advised(hand, TASK, mode="delegate", candidates=["small"])
    row = yield from ended(hand, decision_id)
    diff = yield from read_diff(hand, decision_id)
    yield from hand.shell(f"printf %s {shlex.quote(diff)} | git apply")
    yield Say(f"Done: {row['status']}, {row['attempts'][0]['verdict']}")


@pytest.mark.parametrize("hand", [ClaudeCode(), Codex(), Opencode()], ids=lambda hand: hand.name)
def test_the_agent_polls_a_run_and_applies_its_diff(hire: Hire, hand: ClaudeCode | Codex | Opencode) -> None:
    def main(shown: Shown) -> Play:
        del shown
        return agent(hand)

    def work(shown: Shown) -> Play:
        return worker(hand, user.repo, answer(SUBTASK))(shown)

    user = hire({"Please see to the refunds": main, TASK: work})
    user.configure(tables=configured(user.models.base_url, "small"))
    lay_tests(user.repo, SUBTASK)
    user.install(hand.name)
    done = user.session(hand.name, "Please see to the refunds")

    assert "Done: done, pass" in done.stdout
    assert git(user.repo, "diff", "--name-only").split() == ["shop/money.py"]
    (decision,) = user.memory().decisions()
    (attempt,) = user.memory().attempts(decision.decision_id)
    assert (attempt.model_served, attempt.cost_source) == ("small", "computed")
    assert attempt.cost_usd is not None
    assert user.models.shown(TASK)[0].model == "small"
