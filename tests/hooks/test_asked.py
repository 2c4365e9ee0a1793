"""An agent that asks `route_task` and then starts a subagent, with the hooks on: one task, one decision, one lesson."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_router.intake import Request
from mcp_router.session import Session
from memory_store.records import Attempt
from tests.server.scene import MODULE, RIGHT, WRONG
from tests.server.speaking import connected
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


def test_what_the_parent_did_between_asking_and_handing_over_is_not_the_subagent_s(
    claude: Claude, asking: Session
) -> None:
    route_and_wait(asking, Request(task=TASK), "claude-code")
    (claude.root / "shop.py").write_text(RIGHT)
    call = begun(claude)
    claude.says(call, {"type": "text", "text": "It is done already."})
    claude.stops(call)
    claude.judged()
    (outcome,) = claude.outcomes()
    assert outcome.verdict == "no_signal"
    assert "nothing changed" in outcome.reasons[0]


def test_a_report_after_more_was_changed_is_about_the_attempt_that_the_hook_saw(
    claude: Claude, asking: Session
) -> None:
    advised = route_and_wait(asking, Request(task=TASK), "claude-code")
    call = begun(claude)
    claude.edits(call, "shop.py", RIGHT, model="claude-opus-5-5")
    claude.stops(call)
    claude.judged()
    (claude.root / "CHANGELOG.md").write_text("Discounts count.\n")
    report_and_wait(asking, Report(advised.decision_id, success=True))
    assert only_attempt(claude).candidate == "opus"


def test_a_report_that_came_first_is_set_right_by_what_the_hook_saw(claude: Claude, asking: Session) -> None:
    advised = route_and_wait(asking, Request(task=TASK), "claude-code")
    call = begun(claude)
    claude.edits(call, "shop.py", RIGHT, model="claude-opus-5-5")
    report_and_wait(asking, Report(advised.decision_id, success=True))
    assert only_attempt(claude).candidate == "haiku"
    claude.stops(call)
    claude.judged()
    assert only_attempt(claude).candidate == "opus"
    (observation,) = claude.memory().observations()
    assert observation.candidate == "opus"


def test_a_try_after_an_interrupted_one_counts(claude: Claude, asking: Session) -> None:
    advised = route_and_wait(asking, Request(task=TASK), "claude-code")
    first = begun(claude)
    claude.says(first, {"type": "text", "text": "I will."})
    claude.hook("PostToolUseFailure", tool_name="Agent", tool_use_id=first, is_interrupt=True)
    claude.judged()
    second = begun(claude, MORE, 2)
    claude.edits(second, "shop.py", RIGHT)
    claude.stops(second)
    claude.judged(2)
    memory = claude.memory()
    assert [d.decision_id for d in memory.decisions()] == [advised.decision_id]
    assert sorted((a.fault or "").partition(":")[0] for a in memory.attempts()) == ["", "interrupted"]
    assert [o.score for o in memory.observations()] == [None, 1.0]


@pytest.mark.parametrize("prompt", ["Carry out step 2 of the plan in docs/plan.md.", "Where is the plan?", "plan"])
def test_a_task_that_only_resembles_what_was_asked_is_another(claude: Claude, asking: Session, prompt: str) -> None:
    route_and_wait(asking, Request(task="Carry out step 1 of the plan in docs/plan.md."), "claude-code")
    begun(claude, prompt)
    assert len(claude.decisions(2)) == 2


def test_what_was_asked_for_in_another_client_is_not_carried_out_here(claude: Claude, asking: Session) -> None:
    route_and_wait(asking, Request(task=TASK), "codex-mcp-client")
    begun(claude)
    assert len(claude.decisions(2)) == 2


def test_an_event_of_odd_types_stops_nobody(claude: Claude) -> None:
    claude.hook("PreToolUse", tool_name="Agent", tool_use_id="toolu_odd", tool_input={"prompt": TASK}, cwd=5)
    claude.hook("PreToolUse", tool_name="Agent", tool_use_id="toolu_x", tool_input={"prompt": "x"}, transcript_path=5)
    call = begun(claude, "Fix the discount, half of which is \ud83d.", 2)
    claude.edits(call, "shop.py", RIGHT)
    claude.stops(call)
    assert any(outcome.verdict == "pass" for outcome in claude.outcomes())


def test_advice_reaches_the_hooks_though_no_worker_was_running(claude: Claude) -> None:
    claude.configure(route="set")
    server = StdioServerParameters(
        command=MODULE[0], args=[*MODULE[1:], "serve"], env=claude.env(), cwd=str(claude.root)
    )
    snapshot = claude.home / "hooks" / "snapshot-claude-code"
    with connected(stdio_client(server), client="claude-code") as connection:
        until(snapshot.exists, "the first snapshot")
        claude.end_workers()
        routed = connection.call("route_task", task=TASK, force_model="opus")
        if routed["status"] == "running":
            connection.ended(routed["decision_id"])
        until(lambda: "opus" in str(claude.start(MORE, UNHURRIED)[1].answer), "the advised model in the call")
