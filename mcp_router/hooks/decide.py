"""The choice that `route_task` would make, from the snapshot alone, in some tens of milliseconds."""

from __future__ import annotations

from types import SimpleNamespace

from mcp_router.hooks import quick

quick.install()

from hashlib import sha256  # noqa: E402
from time import time  # noqa: E402
from typing import TYPE_CHECKING, Any, cast  # noqa: E402

from mcp_router.errors import AcrouterError  # noqa: E402
from mcp_router.hooks.events import task_of  # noqa: E402
from mcp_router.hooks.place import find_repository  # noqa: E402
from mcp_router.hooks.rewrite import rewrite  # noqa: E402
from mcp_router.orchestrator.filters import Wishes, eligible  # noqa: E402
from mcp_router.orchestrator.frozen import thaw  # noqa: E402
from mcp_router.orchestrator.task import holds, make_task  # noqa: E402
from mcp_router.types import HOST, Candidate, Choice, Context, Plan, Price  # noqa: E402

if TYPE_CHECKING:
    from mcp_router.config import Config, RepositoryConfig
    from mcp_router.hooks.snapshot import Snapshot
    from mcp_router.types import Task

Answer = dict[str, Any]


def decide(snapshot: Snapshot, kept: dict[str, Any], given: dict[str, Any]) -> tuple[Answer | None, Answer | None]:
    """The plan, to be written down, and the hook's answer; None for either where there is none."""
    try:
        plan, candidates = choose(snapshot, task_of(given["tool_input"]), str(given.get("cwd") or "."))
    except (AcrouterError, KeyError):
        return None, None
    if plan is None:
        return None, None
    told = {
        "chain": [vars(choice) for choice in plan.chain],
        "propensity": plan.propensity,
        "reason": plan.reason,
        "policy": snapshot.values["policy"],
        "eligible": [candidate.id for candidate in candidates],
        "route": snapshot.route,
    }
    # Who is about to hand over has decided against doing it alone: then the best of the others is put in.
    order = [choice.candidate for choice in plan.chain if snapshot.route != "set" or choice.candidate != HOST]
    first = next((c for c in candidates if c.id in order[:1]), None)
    answer = rewrite(snapshot, kept["client"], given, first, plan) if first else None
    told["applied"] = bool(answer) and snapshot.route == "set"
    return told, answer


def choose(snapshot: Snapshot, text: str, cwd: str) -> tuple[Plan | None, tuple[Candidate, ...]]:
    """What to try, in order, and who was eligible; None where the repository is not known yet.

    Raises:
        AcrouterError: there is nothing to decide on, or nobody to choose.
    """
    values = snapshot.values
    repository = find_repository(cwd)
    identity = values["repositories"].get(repository.common_dir) if repository else None
    if repository and identity is None:
        return None, ()
    task = make_task(text, repo=identity)
    own = _narrowed(repository.root) if repository else SimpleNamespace(candidates=None, run_usd=None)
    known = [Candidate(**{**one, "price": Price(*one["price"])}) for one in values["candidates"]]
    config = cast("Config", SimpleNamespace(**values["settings"]))
    aside = {name: "" for name, until in values["aside"].items() if time() < until}
    candidates, _ = eligible(task, known, config, cast("RepositoryConfig", own), Wishes(), aside)
    context = Context(
        task=task,
        candidates=candidates,
        max_attempts=values["settings"]["max_attempts"],
        max_cost_usd=own.run_usd,
        draw=f"{values['seed']}/{values['decisions']}/{sha256(text.encode()).hexdigest()[:16]}",
    )
    return _asked(values["asked"], task) or thaw(values["state"], snapshot.sections).choose(context), candidates


def _asked(asked: list[dict[str, Any]], task: Task) -> Plan | None:
    """What the agent was advised for this very task, where it asked before: the latest such plan."""
    for one in asked:
        if one["repo"] == task.repo and time() < one["until"] and holds(task, one["title"], one["features"]):
            return Plan(tuple(Choice(**choice) for choice in one["chain"]), one["propensity"], one["reason"])
    return None


def _narrowed(root: str) -> SimpleNamespace:
    """What the repository's own file says of candidates and costs."""
    try:
        with open(f"{root}/.acrouter.toml", "rb") as file:
            quick.give_back()
            import tomllib

            read = tomllib.load(file)
    except FileNotFoundError:
        read = {}
    except (OSError, ValueError) as error:
        raise AcrouterError(f".acrouter.toml cannot be read ({error}).") from None
    names = read.get("candidates")
    run_usd = read.get("budget", {}).get("run_usd")
    return SimpleNamespace(candidates=None if names is None else tuple(names), run_usd=run_usd)
