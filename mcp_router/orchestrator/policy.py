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

import hashlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mcp_router.orchestrator.cost import Costs, list_cost_usd
from mcp_router.orchestrator.plan import Box, best_plan
from mcp_router.orchestrator.posterior import Belief, Estimate, Evidence, Key, Place, Skills
from mcp_router.types import HOST, Candidate, Choice, Context, Plan, Price
from memory_store.observations import Observation
from memory_store.similarity import SimilarityIndex

NEIGHBOURS = 8
UNLIKE, SAME = 0.1, 0.48
"""Unrelated tasks are less similar than the one, two wordings of one task more than the other: what was found on the
pairs in tests/memory/test_similarity.py. In between, kinship grows evenly."""
KIN = 0.9
"""The kinship of two wordings of one task: short of 1, because models answer anew each time."""
DRIFT_PER_DAY = 0.002
"""Variance added to what is believed of a candidate for each day since it was last seen: models change."""
HOST_PRIOR = Belief(0.8, 0.5)
"""The session that asks usually runs a strong model and knows the context already."""
HANDOVER_SHARE = 0.4
"""Part of a typical attempt's cost that only tells the other model what the host knows already."""


@dataclass(frozen=True, slots=True)
class _View:
    """One task as estimated: what the plan and the answer are made from."""

    place: Place
    estimates: dict[str, Estimate]
    costs: dict[str, float]
    ease: tuple[float, ...]
    neighbours: tuple[tuple[str, float], ...]


class AcrouterPolicy:
    """The orchestrator's policy.

    prices: list prices by candidate id. prior: where beliefs start, by component. price_of_usd: lambda, the
    reward that a dollar costs. explore: probability with which the first candidate is drawn among the plausible
    ones. fpr, fnr: error rates of the verifier.
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
        self._index = SimilarityIndex()
        self._outcomes: dict[str, list[Observation]] = {}
        self._pending: list[Observation] = []
        self._believed: Skills | None = None
        self._seen: Counter[str] = Counter()
        self._verified: Counter[str] = Counter()
        self._here: Counter[tuple[str, str | None]] = Counter()
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
        self._count(observation)

    def choose(self, context: Context) -> Plan:
        """The chain of greatest expected reward, its first candidate at times drawn for the sake of knowledge."""
        names = [c.id for c in context.candidates if c.id not in context.tried]
        view = self._view(context, names)
        newcomer = self._newcomer(context, names)
        greedy = self._plan(context, view, newcomer)
        plausible = self._plausible(view, greedy)
        first, propensity = self._draw(context, greedy, plausible)
        order = greedy if first == greedy[:1] else self._plan(context, view, first[0])
        chain = tuple(self._choice(context, name, view) for name in order)
        return Plan(chain, propensity, self._reason(chain, view, explored=first != greedy[:1] or newcomer is not None))

    def _view(self, context: Context, names: Sequence[str]) -> _View:
        task, skills = context.task, self._beliefs()
        place = Place(None if task.dimension == "unknown" else task.dimension, task.repo)
        here = [Evidence(name, 0.0) for name in context.tried]
        neighbours = tuple(
            (key, kinship(likeness))
            for key, likeness in self._index.search(task.features, NEIGHBOURS + 1)
            if likeness > UNLIKE and key != context.task_id
        )
        near = [
            Evidence(seen.candidate, seen.score, seen.weight * likeness)
            for key, likeness in neighbours
            for seen in self._outcomes[key]
            if seen.score is not None
        ]
        likeness = neighbours[0][1] if neighbours else 0.0
        ease = skills.ease([*here, *near], place)
        estimates = skills.estimate(names, place, ease, near, likeness)
        costs = {name: self._cost(name, context) for name in names}
        return _View(place, estimates, costs, ease, neighbours)

    def _plan(self, context: Context, view: _View, first: str | None) -> tuple[str, ...]:
        boxes = {name: Box(view.estimates[name].by_ease, view.costs[name]) for name in view.estimates}
        return best_plan(
            boxes,
            view.ease,
            price=self.price_of_usd,
            depth=context.max_attempts - len(context.tried),
            budget_usd=context.max_cost_usd,
            fpr=self.fpr,
            fnr=self.fnr,
            first=first,
        ).order

    def _newcomer(self, context: Context, names: Sequence[str]) -> str | None:
        """A model without any history leads once, the cheapest first: nothing else would tell what it can do."""
        known = self._skills.prior
        fresh = [n for n in names if n != HOST and not self._seen[n] and (n,) not in known]
        if not fresh or context.tried:
            return None
        cheapest = min(fresh, key=lambda name: (self._costs.filled(name, list(names)), name))
        cap = context.max_cost_usd
        return cheapest if cap is None or self._costs.filled(cheapest, list(names)) <= cap else None

    def _plausible(self, view: _View, order: tuple[str, ...]) -> tuple[str, ...]:
        """Candidates that might be worth more than the first of the order, were they as good as they may be."""
        if not order:
            return ()
        bar = view.estimates[order[0]].p - self.price_of_usd * view.costs[order[0]]
        might = (
            name
            for name, seen in view.estimates.items()
            if name != HOST and seen.high - self.price_of_usd * view.costs[name] >= bar
        )
        return tuple(sorted({*might, order[0]}))

    def _draw(
        self, context: Context, order: tuple[str, ...], plausible: tuple[str, ...]
    ) -> tuple[tuple[str, ...], float]:
        """The first candidate (none if nothing is worth trying) and the probability with which it was drawn."""
        if not order:
            return (), 1.0
        share = self.explore / len(plausible)
        dice = random.Random(hashlib.sha256(context.draw.encode()).digest())
        if dice.random() >= self.explore:
            return order[:1], 1.0 - self.explore + share
        drawn = dice.choice(plausible)
        return (drawn,), share + (1.0 - self.explore if drawn == order[0] else 0.0)

    def _cost(self, name: str, context: Context) -> float:
        """Expected USD of an attempt on this task; the host saves the handing over, and runs the dearest model."""
        others = [c.id for c in context.candidates if c.id != HOST]
        if name != HOST:
            price = next(c.price for c in context.candidates if c.id == name)
            return max(self._costs.filled(name, others) - (1.0 - context.task.size) * _work_usd(price), 0.0)
        own = self._costs.expected(HOST)
        dearest = max((self._costs.filled(other, others) for other in others), default=0.0)
        return own if own is not None else dearest * (1.0 - HANDOVER_SHARE) * context.task.size

    def _choice(self, context: Context, name: str, view: _View) -> Choice:
        candidate = next(c for c in context.candidates if c.id == name)
        seen = view.estimates[name]
        known = self._costs.expected(name) is not None or name == HOST
        return Choice(
            candidate=name,
            model=candidate.model,
            effort=candidate.effort,
            p_success=round(seen.p, 4),
            low=round(seen.low, 4),
            high=round(seen.high, 4),
            cost_usd=round(view.costs[name], 6) if known else None,
            outcomes=self._seen[name],
            verified=self._verified[name],
            neighbours=tuple(
                key for key, _ in view.neighbours if any(o.candidate == name for o in self._outcomes[key])
            ),
        )

    def _reason(self, chain: Sequence[Choice], view: _View, *, explored: bool) -> str:
        if not chain:
            return "No candidate is worth its cost on this task."
        first = chain[0]
        where = (view.place.dimension or "tasks of any kind").replace("_", " ")
        here = self._here[(first.candidate, view.place.dimension)]
        if not first.outcomes:
            known = "no evidence of it here yet, so this is a prior"
        else:
            known = f"{here} of its {first.outcomes} outcomes are on {where}"
            known += f", {len(first.neighbours)} on similar tasks" if first.neighbours else ""
        cost = "at an unknown cost" if first.cost_usd is None else f"for about ${first.cost_usd:.3g}"
        chance = f"{first.p_success:.0%} [{first.low:.0%}, {first.high:.0%}]"
        lead = "is tried to learn about it" if explored else "is expected to be worth most"
        after = f"; then {chain[1].candidate} ({chain[1].p_success:.0%})" if len(chain) > 1 else ""
        return f"{first.candidate} {lead}: {chance} to succeed {cost} ({known}){after}."

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

    def _count(self, observation: Observation) -> None:
        name = observation.candidate
        self._seen[name] += 1
        self._verified[name] += observation.verified
        dimension = None if observation.dimension == "unknown" else observation.dimension
        self._here[(name, dimension)] += 1
        known = self._outcomes.setdefault(observation.task_id, [])
        if not known:
            self._index.add(observation.task_id, observation.features)
        known.append(observation)


def _work_usd(price: Price) -> float:
    """The part of a typical attempt that shrinks with the task."""
    return (1.0 - HANDOVER_SHARE) * (list_cost_usd(price) or 0.0)


def kinship(likeness: float) -> float:
    """How far the outcome of one task tells that of another, in [0, KIN], from the similarity of their words.

    >>> kinship(0.05), round(kinship(0.29), 2), kinship(0.7)
    (0.0, 0.45, 0.9)
    """
    return KIN * min(1.0, max(0.0, (likeness - UNLIKE) / (SAME - UNLIKE)))


def candidate_prices(candidates: Sequence[Candidate]) -> dict[str, Price]:
    """List prices by candidate id."""
    return {candidate.id: candidate.price for candidate in candidates}
