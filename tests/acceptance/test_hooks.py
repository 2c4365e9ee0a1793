"""The model never mentions the router: the plugin's hooks route, capture, verify and learn by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from mcp_router.demo.subtasks import Subtask
from mcp_router.hooks.snapshot import open_snapshot, states
from mcp_router.models import same_model
from mcp_router.types import Attempt, Decision

from .clients import User
from .conftest import Hire
from .hands import ClaudeCode, Codex
from .models import Play, Say, Shown
from .plays import SUBTASKS, Work, answer, judged, routed, waited, worker

UNABLE = {"claude-code": "haiku", "codex": "gpt-6-luna"}
"""In each client the model that solves nothing here; it is the first that the router tries."""


@dataclass
class Bugs:
    """Bugs of the shop, one after the other, until the router has left the unable model for another."""

    hand: ClaudeCode | Codex
    user: User = field(init=False)

    @property
    def subtasks(self) -> Iterator[tuple[Subtask, str]]:
        found = [subtask for subtask in SUBTASKS.values() if subtask.dimension == "bug_fixing"]
        return ((subtask, words) for half in (0, 1) for subtask in found for words in (subtask.phrasings[half],))

    def script(self) -> dict[str, Work]:
        return {"Please see to the bugs": self.main, **{words: self.work(s) for s, words in self.subtasks}}

    def main(self, shown: Shown) -> Play:
        """Hands each over without naming a model, and takes its time, as people do."""
        del shown
        for number, (_, words) in enumerate(self.subtasks):
            yield from waited(lambda number=number: self.knows(number), f"{number} outcomes")
            if self.moved_on():
                break
            yield from self.hand.shell("git checkout --quiet -- . && git clean --quiet -fd")
            yield from self.hand.hand_over(words)
        yield Say("All bugs were seen to.")

    def work(self, subtask: Subtask) -> Work:
        kinds = [one.kind for slot in subtask.answers.values() for one in slot]
        wrong = "wrong" if "wrong" in kinds else "cheat"

        def work(shown: Shown) -> Play:
            yield from waited(lambda: routed(self.user, shown), "the decision")
            kind = wrong if same_model(shown.model, UNABLE[self.hand.name]) else "right"
            yield from worker(self.hand, self.user.repo, answer(subtask, kind))(shown)

        return work

    def knows(self, outcomes: int) -> bool:
        """Whether the hooks choose by so many outcomes already."""
        snapshot = open_snapshot(self.user.state, self.hand.name)
        fresh = snapshot is not None and snapshot.values["journal"] == states(self.user.state)["journal"]
        return fresh and len(judged(self.user)) >= outcomes

    def chosen(self) -> list[tuple[Decision, Attempt, str]]:
        """What ran as the hook chose it, with its verdict: a hook that has no time leaves the call as it was."""
        return [(d, a, o.verdict) for d, a, o in judged(self.user) if d.chain[0].candidate == a.candidate]

    def moved_on(self) -> bool:
        """Whether work was handed to another model than the unable one."""
        return any(attempt.candidate != UNABLE[self.hand.name] for _, attempt, _ in self.chosen())


@pytest.mark.parametrize("hand", [ClaudeCode(), Codex()], ids=lambda hand: hand.name)
def test_after_failures_the_next_subagent_gets_another_model(hire: Hire, hand: ClaudeCode | Codex) -> None:
    bugs = Bugs(hand)
    user = bugs.user = hire(bugs.script())
    user.configure(top='route = "set"\nexplore = 0.0')
    user.lay_tests(subtask for subtask, _ in bugs.subtasks)
    user.add_plugin(hand.name)
    user.session(hand.name, "Please see to the bugs")

    *failures, (_, other, verdict) = bugs.chosen()
    assert failures
    assert {attempt.candidate for _, attempt, _ in failures} == {UNABLE[hand.name]}
    assert {found for _, _, found in failures} <= {"fail", "tampered"}
    assert other.candidate != UNABLE[hand.name]
    assert verdict == "pass"
    for decision, attempt, _ in bugs.chosen():
        assert attempt.tokens.input is not None
        assert attempt.tokens.input % 1000 == 0
        assert attempt.cost_usd is not None
        assert all(same_model(shown.model, attempt.candidate) for shown in user.models.shown(decision.title))
    used = [call for shown in user.models.requests for call in shown.calls]
    assert not [name for name in used if "acrouter" in name]
