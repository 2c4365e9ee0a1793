"""An agent that asks `route_task` and then starts a subagent, with the hooks on: one task, one decision, one lesson."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mcp_router.intake import Request
from mcp_router.session import Session
from memory_store.records import Attempt
from tests.server.scene import RIGHT, WRONG
from tools.report_outcome import Report, report_and_wait
from tools.route_task import route_and_wait

from .scene import TASK, UNHURRIED, Claude, until

MORE = f"{TASK}\nWork in this folder, run the tests, and tell me in two sentences what you changed."


@pytest.fixture
def asking(claude: Claude) -> Iterator[Session]:
    """The server that the agent asks."""
    session = Session(claude.home, claude.root)
    yield session
    session.close()


def begun(claude: Claude, task: str = MORE, calls: int = 1) -> str:
    """A subagent whose start was taken down."""
    call, _ = claude.start(task)
    until(lambda: len(claude.calls()) >= calls, "the call")
    return call


def only_attempt(claude: Claude) -> Attempt:
    """The one attempt on the one decision, of which the policy learns once."""
    memory = claude.memory()
    (decision,) = memory.decisions()
    (attempt,) = memory.attempts(decision.decision_id)
    (observation,) = memory.observations()
    assert (observation.task_id, observation.score, observation.verified) == (decision.decision_id, 1.0, True)
    return attempt


def test_what_the_agent_asked_and_handed_over_is_learned_once(claude: Claude, asking: Session) -> None:
    advised = route_and_wait(asking, Request(task=TASK), "claude-code")
    call = begun(claude)
    claude.edits(call, "shop.py", RIGHT)
    claude.stops(call)
    claude.judged()
    reported = report_and_wait(asking, Report(advised.decision_id, success=True))
    assert (reported.verdict, reported.source) == ("pass", "verified")
    attempt = only_attempt(claude)
    assert attempt.decision_id == advised.decision_id
    assert (attempt.candidate, attempt.tokens.output, attempt.turns) == ("haiku", 10, 1)


def test_a_report_that_comes_before_the_hook_s_verdict_gets_the_cost_that_the_hook_saw(
    claude: Claude, asking: Session
) -> None:
    advised = route_and_wait(asking, Request(task=TASK), "claude-code")
    call = begun(claude)
    claude.edits(call, "shop.py", RIGHT)
    report_and_wait(asking, Report(advised.decision_id, model="haiku", success=True))
    assert only_attempt(claude).cost_usd is None
    claude.stops(call)
    claude.judged()
    attempt = only_attempt(claude)
    assert attempt.cost_usd is not None
    assert attempt.model_served == "claude-haiku-5-5"


def test_a_report_without_a_model_is_about_the_model_that_the_hook_saw(claude: Claude, asking: Session) -> None:
    advised = route_and_wait(asking, Request(task=TASK, force_model="opus"), "claude-code")
    assert advised.model == "opus"
    call = begun(claude)
    claude.edits(call, "shop.py", RIGHT)
    claude.stops(call)
    claude.judged()
    report_and_wait(asking, Report(advised.decision_id, success=True))
    assert only_attempt(claude).candidate == "haiku"


def test_the_next_model_s_try_belongs_to_the_same_decision(claude: Claude, asking: Session) -> None:
    advised = route_and_wait(asking, Request(task=TASK), "claude-code")
    first = begun(claude)
    claude.edits(first, "shop.py", WRONG)
    claude.stops(first)
    claude.judged()
    second = begun(claude, TASK, 2)
    claude.edits(second, "shop.py", RIGHT, model="claude-sonnet-5-5")
    claude.stops(second)
    claude.judged(2)
    memory = claude.memory()
    assert [decision.decision_id for decision in memory.decisions()] == [advised.decision_id]
    verdicts = {a.candidate: memory.effective_outcome(a.attempt_id) for a in memory.attempts()}
    assert {name: held.verdict for name, held in verdicts.items() if held} == {"haiku": "fail", "sonnet": "pass"}


def test_another_subtask_is_a_decision_of_its_own(claude: Claude, asking: Session) -> None:
    route_and_wait(asking, Request(task=TASK), "claude-code")
    begun(claude, "Write a changelog for the next release.")
    assert len(claude.decisions(2)) == 2


def test_what_was_advised_is_put_into_the_call_though_hooks_would_choose_another(
    claude: Claude, asking: Session
) -> None:
    asking.close()
    claude.configure(route="set")
    own = Session(claude.home, claude.root)
    route_and_wait(own, Request(task=TASK, force_model="opus"), "claude-code")
    own.close()
    claude.hook("SessionStart", source="startup")
    until(lambda: (claude.home / "hooks" / "snapshot-claude-code").exists(), "the snapshot")
    _, other = claude.start("Write a changelog for the next release.", UNHURRIED)
    assert other.answer is not None
    assert other.answer["updatedInput"]["model"] == "haiku"
    _, ran = claude.start(MORE, UNHURRIED)
    assert ran.answer is not None
    assert ran.answer["updatedInput"]["model"] == "opus"
