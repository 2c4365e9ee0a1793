"""The agent asks, hands over to the advised model, reports, and asks what was learned: in each client."""

from __future__ import annotations

import pytest

from mcp_router.demo.stage import lay_tests
from mcp_router.models import same_model
from tests.server.scene import git

from .conftest import Hire
from .hands import ClaudeCode, Codex, Opencode
from .models import Play, Say, Shown
from .plays import SUBTASKS, advised, answer, settled, worker

SUBTASK = SUBTASKS["refund-split"]
TASK = SUBTASK.phrasings[0]


def agent(hand: ClaudeCode | Codex | Opencode) -> Play:
    yield from hand.ready()
    decision_id, model = yield from advised(hand, TASK)
    yield from hand.hand_over(TASK, model)
    reported = yield from settled(hand, decision_id, success=True)
    known = yield from hand.ask("query_memory", view="models")
    assert (known["rows"][0]["candidate"], known["rows"][0]["verified"]) == (model, 1)
    yield Say(f"Done: {reported['verdict']}")


@pytest.mark.parametrize("hand", [ClaudeCode(), Codex(), Opencode()], ids=lambda hand: hand.name)
def test_the_advised_model_does_the_work_and_is_learned_from(hire: Hire, hand: ClaudeCode | Codex | Opencode) -> None:
    def main(shown: Shown) -> Play:
        del shown
        return agent(hand)

    def work(shown: Shown) -> Play:
        return worker(hand, user.repo, answer(SUBTASK))(shown)

    user = hire({"Please see to the refunds": main, TASK: work})
    lay_tests(user.repo, SUBTASK)
    user.install(hand.name)
    ended = user.session(hand.name, "Please see to the refunds")

    assert "Done: pass" in ended.stdout
    memory = user.memory()
    (decision,) = memory.decisions()
    (attempt,) = memory.attempts(decision.decision_id)
    outcome = memory.effective_outcome(attempt.attempt_id)
    assert outcome is not None
    assert (outcome.verdict, outcome.source) == ("pass", "verified")
    assert attempt.candidate == decision.chain[0].candidate
    workers = user.models.shown(TASK)
    assert workers
    assert all(same_model(shown.model, attempt.candidate) for shown in workers)
    assert git(user.repo, "diff", "--name-only").split() == ["shop/money.py"]
