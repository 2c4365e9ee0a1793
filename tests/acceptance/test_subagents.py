"""What hooks learn of subagents that run in the background, side by side, in a worktree, or that die."""

from __future__ import annotations

from .conftest import Hire
from .hands import ClaudeCode, Codex
from .models import Fail, Play, Say, Shown
from .plays import SUBTASKS, answer, judged, routed, waited, worker

BACKGROUND, BESIDE, APART, DYING = (SUBTASKS[k] for k in ("refund-split", "drop-unavailable", "slugs", "csv-quoting"))
MODELS = {"haiku": BACKGROUND, "sonnet": BESIDE, "opus": APART, "fable": DYING}
HAND = ClaudeCode()


def test_each_subagent_has_its_own_verdict_and_a_dead_one_none(hire: Hire) -> None:
    def main(shown: Shown) -> Play:
        del shown
        more = {BACKGROUND.id: {"run_in_background": True}, APART.id: {"isolation": "worktree"}}
        yield Say(calls=[HAND.agent(s.phrasings[0], m, **more.get(s.id, {})) for m, s in MODELS.items()])
        yield from waited(lambda: len(judged(user)) == 3, "three verdicts")
        yield Say("All four have ended.")

    def work(shown: Shown) -> Play:
        subtask = next(subtask for subtask in MODELS.values() if subtask.phrasings[0][:60] in shown.opening)
        # All of them are under way before the first goes on.
        yield from waited(lambda: len(user.memory().decisions()) == len(MODELS) and routed(user, shown), "decisions")
        if subtask is DYING:
            yield Fail(400)
        yield from worker(HAND, shown.folder, answer(subtask))(shown)

    user = hire({"Please see to all of it": main, **{s.phrasings[0]: work for s in MODELS.values()}})
    user.lay_tests(MODELS.values())
    user.add_plugin("claude-code")
    user.session("claude-code", "Please see to all of it")

    found = {attempt.candidate: (attempt, outcome) for _, attempt, outcome in judged(user)}
    assert {name: outcome.verdict for name, (_, outcome) in found.items()} == {
        "haiku": "pass",
        "sonnet": "pass",
        "opus": "pass",
    }
    memory = user.memory()
    attempts = {a.candidate: a for d in memory.decisions() for a in memory.attempts(d.decision_id)}
    assert attempts["fable"].fault
    assert memory.effective_outcome(attempts["fable"].attempt_id) is None


def test_codex_s_subagents_that_end_in_another_order_than_they_began_are_told_apart(hire: Hire) -> None:
    hand, given = Codex(), {"gpt-6-astra": BACKGROUND, "gpt-6-luna": BESIDE}

    def main(shown: Shown) -> Play:
        del shown
        yield Say(calls=[hand.agent(subtask.phrasings[0], model) for model, subtask in given.items()])
        yield from waited(lambda: len(judged(user)) == 2, "two verdicts")
        yield Say("Both have ended.")

    def work(shown: Shown) -> Play:
        subtask = next(subtask for subtask in given.values() if subtask.phrasings[0][:60] in shown.opening)
        yield from waited(lambda: len(user.memory().decisions()) == 2, "decisions")
        if subtask is BACKGROUND:
            yield from waited(lambda: len(judged(user)) == 1, "the verdict on the other")
        yield from worker(hand, user.repo, answer(subtask))(shown)

    user = hire({"Please see to both": main, **{s.phrasings[0]: work for s in given.values()}})
    user.lay_tests(given.values())
    user.add_plugin("codex")
    user.session("codex", "Please see to both")

    ran = {attempt.candidate: (decision.title, outcome.verdict) for decision, attempt, outcome in judged(user)}
    assert {name: title[:40] for name, (title, _) in ran.items()} == {m: s.phrasings[0][:40] for m, s in given.items()}
    assert {verdict for _, verdict in ran.values()} == {"pass"}
