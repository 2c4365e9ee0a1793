"""What scripted models do: the agent that uses the router, and workers that give the shop's recorded answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mcp_router.demo.subtasks import Answer, Subtask, load_subtasks
from mcp_router.demo.where import subtasks_folder
from mcp_router.types import Attempt, Decision, Outcome
from tests.server.speaking import until

from .clients import User
from .hands import Delegated, Hand
from .models import Acting, Play, Say, Shown

SUBTASKS = {subtask.id: subtask for subtask in load_subtasks(subtasks_folder())}
Work = Callable[[Shown], Play]


def answer(subtask: Subtask, kind: str = "right") -> Answer:
    """A recorded answer of a kind."""
    return next(one for slot in subtask.answers.values() for one in slot if one.kind == kind)


def worker(hand: Hand, repo: Path, recorded: Answer) -> Work:
    """Makes the edits of a recorded answer, and says what it says."""

    def work(shown: Shown) -> Play:
        delegated = "edit_file" in shown.tools
        yield from (Delegated() if delegated else hand).edit(repo, recorded.edits)
        yield Say(recorded.text)

    return work


def advised(hand: Any, task: str, **given: Any) -> Acting[tuple[str, str | None]]:
    """Route a task: the decision's id and the model that is advised. On a slow machine it is polled for."""
    routed = yield from hand.ask("route_task", task=task, **given)
    decision_id = routed["decision_id"]
    if routed["status"] != "running" or routed["run"]:
        return decision_id, routed["model"]
    for _ in range(60):
        found = yield from hand.ask("query_memory", view="decision", id=decision_id)
        if "rows" in found:
            return found["rows"][0]["decision_id"], found["rows"][0]["chain"][0]["model"]
        yield from hand.pause()
    raise AssertionError(f"{decision_id} was never decided")


def settled(hand: Any, decision_id: str, **report: Any) -> Acting[Any]:
    """Report an outcome and poll until its checks have ended: the report's last answer."""
    reported = yield from hand.ask("report_outcome", decision_id=decision_id, **report)
    if reported["status"] != "running":
        return reported
    yield from ended(hand, decision_id)
    return (yield from hand.ask("report_outcome", decision_id=decision_id, **report))


def ended(hand: Any, decision_id: str) -> Acting[Any]:
    """Poll until nothing is under way for a decision: its row of the view `run`."""
    for _ in range(600):
        row = (yield from hand.ask("query_memory", view="run", id=decision_id))["rows"][0]
        if row["status"] not in ("not started", "running", "cancelling"):
            return row
        yield from hand.pause()
    raise AssertionError(f"{decision_id} never ended")


def configured(base_url: str, *models: str) -> str:
    """Tables of config.toml for models that the server calls itself, at a price of their own."""
    price = "{ input = 1.0, output = 5.0, cache_read = 0.1, cache_write = 1.25 }"
    settings = f'provider = "openai"\nbase_url = "{base_url}/v1"\nprice = {price}\n'
    return "\n".join(f"[models.{model}]\n{settings}" for model in models)


def waited(holds: Callable[[], bool], what: str) -> Acting[None]:
    """Let a model be slow until something holds: nothing is said meanwhile."""
    yield from ()
    until(holds, what, 90)


def judged(user: User) -> list[tuple[Decision, Attempt, Outcome]]:
    """What has its verdict, in the order in which it was decided."""
    memory = user.memory()
    attempts = [(d, a) for d in memory.decisions() for a in memory.attempts(d.decision_id)]
    pairs = [(d, a, memory.effective_outcome(a.attempt_id)) for d, a in attempts]
    return [(decision, attempt, outcome) for decision, attempt, outcome in pairs if outcome is not None]


def routed(user: User, shown: Shown) -> bool:
    """Whether there is a decision on the task of a conversation. Scripted models wait for it: real ones take longer."""
    return any(decision.title in shown.opening for decision in user.memory().decisions())
