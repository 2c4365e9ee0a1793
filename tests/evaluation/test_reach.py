"""A policy is given the task, the candidates with their prices, and its own outcomes; the table is out of reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.evaluation.protocols import play
from mcp_router.evaluation.signals import resolved
from mcp_router.evaluation.tables import Bench, BenchTask, Run
from mcp_router.types import Candidate, Context, Plan, Price, Task
from memory_store.observations import Observation
from tests.evaluation.benches import specialists

PLAIN = (str, int, float, bool, type(None))
GIVEN = (Context, Task, Candidate, Price, Observation)

REACHES: dict[str, Callable[[Any], Any]] = {
    "the outcomes of the task": lambda context: context.task.runs,
    "the row behind the task": lambda context: context.runs,
    "the table": lambda context: context.bench,
    "the other tasks": lambda context: context.tasks,
    "what a candidate made of it": lambda context: context.candidates[0].runs,
    "the verifier": lambda context: context.signal,
    "a place to leave something": lambda context: setattr(context, "tried", ()),
    "the task itself, to change it": lambda context: setattr(context.task, "repo", "x"),
}


class Reaching:
    """Asks for what it is not given, then for the first candidate."""

    name = "reaching"

    def __init__(self, reach: Callable[[Any], Any]) -> None:
        self.reach = reach

    def choose(self, context: Context) -> Plan:
        found = self.reach(context)
        return plan_of(context, [context.candidates[0].id], f"It knows {found}.")

    def learn(self, observation: Observation) -> None:
        self.reach(observation)


class Keeping(Reaching):
    """Keeps whatever it is given."""

    def __init__(self) -> None:
        self.kept: list[object] = []
        super().__init__(self.kept.append)


def reachable(thing: object) -> list[object]:
    """A thing and all that can be got at from it."""
    if is_dataclass(thing):
        parts = [getattr(thing, field.name) for field in fields(thing)]
    else:
        parts = list(thing) if isinstance(thing, tuple | list | dict) else []
    return [thing, *(found for part in parts for found in reachable(part))]


def lead(policy: Reaching, table: Bench) -> None:
    play(policy, table.candidates, table.tasks, max_attempts=2, signal=resolved)


@pytest.mark.parametrize("what", REACHES)
def test_a_policy_that_reaches_for_more_fails(what: str) -> None:
    with pytest.raises((AttributeError, FrozenInstanceError, TypeError)):
        lead(Reaching(REACHES[what]), specialists(1, tasks=3))


def test_nothing_that_a_policy_is_given_leads_to_the_table() -> None:
    policy = Keeping()
    lead(policy, specialists(1, tasks=5))
    found = [thing for kept in policy.kept for thing in reachable(kept)]
    assert {type(thing) for thing in policy.kept} == {Context, Observation}
    assert not [thing for thing in found if isinstance(thing, Bench | BenchTask | Run)]
    assert not [thing for thing in found if not isinstance(thing, (*GIVEN, *PLAIN, tuple))]


def test_of_outcomes_a_policy_is_given_those_of_its_own_attempts() -> None:
    policy = Keeping()
    table = specialists(1, tasks=5)
    lead(policy, table)
    seen = [thing for thing in policy.kept if isinstance(thing, Observation)]
    assert {one.candidate for one in seen} == {table.candidates[0].id}
