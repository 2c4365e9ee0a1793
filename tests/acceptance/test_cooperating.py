"""The agent asks, hands over to the advised model, reports, and asks what was learned: in each client."""

from __future__ import annotations

import pytest

from mcp_router.demo.stage import lay_tests
from mcp_router.models import same_model
from tests.server.scene import git
from tests.server.speaking import until

from .conftest import Hire
from .hands import ClaudeCode, Codex, Opencode
from .models import Play, Say, Shown
from .plays import SUBTASKS, advised, answer, settled, waited, worker

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


PLUGIN = "mcp__plugin_acrouter_acrouter__"
"""What Claude Code puts before the names of a plugin's tools."""
WITH_HOOKS = [
    pytest.param(ClaudeCode(), False, id="claude-code"),
    pytest.param(Codex(), False, id="codex"),
    pytest.param(Opencode(), False, id="opencode"),
    pytest.param(ClaudeCode(PLUGIN), True, id="claude-code with the plugin's hooks"),
    pytest.param(Codex(), True, id="codex with the plugin's hooks"),
]


@pytest.mark.parametrize(("hand", "hooks"), WITH_HOOKS)
def test_the_advised_model_does_the_work_and_is_learned_from(
    hire: Hire, hand: ClaudeCode | Codex | Opencode, hooks: bool
) -> None:
    def main(shown: Shown) -> Play:
        del shown
        return agent(hand)

    def work(shown: Shown) -> Play:
        if hooks:
            # A real model's first answer takes longer than recording the state that it starts from.
            calls = user.state / "hooks" / "calls"
            yield from waited(lambda: bool(list(calls.glob("*.json"))), "the recorded state")
        yield from worker(hand, user.repo, answer(SUBTASK))(shown)

    user = hire({"Please see to the refunds": main, TASK: work})
    lay_tests(user.repo, SUBTASK)
    if hooks:
        user.add_plugin(hand.name)
    else:
        user.install(hand.name)
    ended = user.session(hand.name, "Please see to the refunds")

    assert "Done: pass" in ended.stdout
    if hooks:
        assert not (user.home / ".local").exists(), "a memory of its own, beside that of the hooks"
        until(lambda: any(attempt.turns for attempt in user.memory().attempts()), "what the hooks saw")
    memory = user.memory()
    (decision,) = memory.decisions()
    (attempt,) = memory.attempts(decision.decision_id)
    assert (attempt.tokens.output is not None) == hooks
    outcome = memory.effective_outcome(attempt.attempt_id)
    assert outcome is not None
    assert (outcome.verdict, outcome.source) == ("pass", "verified")
    assert attempt.candidate == decision.chain[0].candidate
    workers = user.models.shown(TASK)
    assert workers
    assert all(same_model(shown.model, attempt.candidate) for shown in workers)
    assert git(user.repo, "diff", "--name-only").split() == ["shop/money.py"]
