"""The policy: a hierarchical posterior, similar past tasks, expected costs, and an exact plan over them.

`choose` answers with a chain and its propensity; `learn` is the only thing that changes what it answers. The
same memory, task and draw give the same decision.

>>> from mcp_router.types import Candidate, Context, Price, Task
>>> pair = (Candidate("small", "small", price=Price(1, 5)), Candidate("large", "large", price=Price(5, 25)))
>>> context = Context(Task("fix the bug", repo="shop", dimension="bug_fixing"), pair, max_attempts=1)
>>> policy = AcrouterPolicy(prices={c.id: c.price for c in pair}, explore=0.0)
>>> policy.choose(context).chain[0].candidate
'small'
>>> for n in range(6):
...     for name, score in (("small", 0.0), ("large", 1.0)):
...         policy.learn(Observation(task_id=f"t{n}", at="", candidate=name, score=score, cost_usd=0.05,
...                                  repo="shop", dimension="bug_fixing"))
>>> policy.choose(context).chain[0].candidate
'large'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from mcp_router.orchestrator.cost import Costs
from mcp_router.orchestrator.explain import choice, reason
from mcp_router.orchestrator.explore import draw, hope, hopeful, plausible
from mcp_router.orchestrator.history import History
from mcp_router.orchestrator.plan import Box, best_plan
from mcp_router.orchestrator.posterior import Belief, Evidence, Key, Place, Skills
from mcp_router.orchestrator.view import View
from mcp_router.types import HOST, Candidate, Context, Plan, Price
from memory_store.observations import Observation

DRIFT_PER_DAY = 0.002
"""Variance added to what is believed of a candidate for each day since it was last seen: models change."""
HOST_PRIOR = Belief(0.8, 0.5)
"""The session that asks usually runs a strong model and knows the context already."""


class AcrouterPolicy:
    """The orchestrator's policy.

    prices: list prices by candidate id. prior: where beliefs start, by component. price_of_usd: lambda, the
    reward that a dollar costs. explore: probability with which the first candidate is drawn among the plausible
    ones, each as likely as it may be worth more than the leader. fpr, fnr: error rates of the verifier.
    """

    name = "acrouter"

    def __init__(
        self,
        *,
        prices: Mapping[str, Price],
        prior: Mapping[Key, Belief] | None = None,
        price_of_usd: float = 0.1,
        explore: float = 0.05,
        fpr: float = 0.0,
        fnr: float = 0.0,
    ) -> None:
        self.price_of_usd, self.explore, self.fpr, self.fnr = price_of_usd, explore, fpr, fnr
        self._skills = Skills({(HOST,): HOST_PRIOR, **(prior or {})}, fpr, fnr)
        self._costs = Costs(prices)
        self._history = History()
        self._pending: list[Observation] = []
        self._believed: Skills | None = None
        self._last: dict[str, datetime] = {}

    def learn(self, observation: Observation) -> None:
        """Take in one attempt. Attempts on one task, in a row, are weighed together once the next task comes."""
        self._costs.learn(observation.candidate, observation.cost_usd)
        if observation.score is None:
            return
        if self._pending and self._pending[0].task_id != observation.task_id:
            self._absorb(self._skills)
            self._pending = []
        self._pending.append(observation)
        self._believed = None
        self._history.learn(observation)

    def choose(self, context: Context) -> Plan:
        """The chain of greatest expected reward, its first candidate at times chosen for the sake of knowledge."""
        candidates = {c.id: c for c in context.candidates if c.id not in context.tried}
        view = self._view(context, list(candidates))
        order = hoped = self._plan(context, view, None)
        leader = self._fresh(context, view) or next(iter(hoped), None)
        propensity = 1.0
        if leader is not None:
            cap = context.max_cost_usd
            chances = plausible(view, leader, self.price_of_usd)
            chances = {n: p for n, p in chances.items() if n == leader or cap is None or view.costs[n] <= cap}
            # What follows a failure is compared with nothing, so nothing is drawn for it.
            first, propensity = draw(context.draw, leader, chances, 0.0 if context.tried else self.explore)
            order = hoped if (first,) == hoped[:1] else self._plan(context, view, first)
        chain = tuple(choice(candidates[n], view, self._costs.expected(n), self._history) for n in order)
        why = reason(chain, view.place.dimension, self._history, explored=order[:1] != hoped[:1])
        return Plan(chain, propensity, why)

    def _view(self, context: Context, names: Sequence[str]) -> View:
        task, skills = context.task, self._beliefs()
        place = Place(None if task.dimension == "unknown" else task.dimension, task.repo)
        here = [Evidence(name, 0.0) for name in context.tried]
        neighbours = self._history.neighbours(context)
        near = [
            Evidence(seen.candidate, seen.score, seen.weight * likeness)
            for key, likeness in neighbours
            for seen in self._history.outcomes(key)
            if seen.score is not None
        ]
        likeness = neighbours[0][1] if neighbours else 0.0
        ease = skills.ease([*here, *near], place)
        estimates = skills.estimate(names, place, ease, near, likeness)
        costs = {name: self._costs.on_task(name, context) for name in names}
        reach = hope(self._history.seen.total())
        hopes = {
            name: hopeful(seen, ease, 0.0 if self._skills.knows(name, place) else reach)
            for name, seen in estimates.items()
        }
        boxes = {name: Box(hopes[name], costs[name]) for name in names}
        return View(place, estimates, costs, boxes, ease, neighbours)

    def _plan(self, context: Context, view: View, first: str | None) -> tuple[str, ...]:
        return best_plan(
            view.boxes,
            view.ease.weights,
            price=self.price_of_usd,
            depth=context.max_attempts - len(context.tried),
            budget_usd=context.max_cost_usd,
            fpr=self.fpr,
            fnr=self.fnr,
            first=first,
        ).order

    def _fresh(self, context: Context, view: View) -> str | None:
        """A model without any history leads once, the cheapest first, unless the prior knows the place well."""
        cap = context.max_cost_usd
        fresh = [
            name
            for name, cost in view.costs.items()
            if name != HOST
            and not self._history.seen[name]
            and not self._skills.knows(name, view.place)
            and (cap is None or cost <= cap)
        ]
        return None if context.tried else min(fresh, key=lambda name: (view.costs[name], name), default=None)

    def _beliefs(self) -> Skills:
        """Beliefs with the last task's attempts taken in, which may still grow by another attempt."""
        if self._believed is None:
            self._believed = self._skills.copy()
            self._absorb(self._believed)
        return self._believed

    def _absorb(self, skills: Skills) -> None:
        if not self._pending:
            return
        first = self._pending[0]
        for item in self._pending:
            self._age(skills, item)
        place = Place(None if first.dimension == "unknown" else first.dimension, first.repo)
        skills.absorb([Evidence(o.candidate, o.score, o.weight) for o in self._pending if o.score is not None], place)

    def _age(self, skills: Skills, item: Observation) -> None:
        if not item.at:
            return
        at, last = datetime.fromisoformat(item.at), self._last.get(item.candidate)
        if last is not None and at > last:
            skills.widen(item.candidate, DRIFT_PER_DAY * (at - last).total_seconds() / 86_400)
        if skills is self._skills:
            self._last[item.candidate] = at


def candidate_prices(candidates: Sequence[Candidate]) -> dict[str, Price]:
    """List prices by candidate id."""
    return {candidate.id: candidate.price for candidate in candidates}
