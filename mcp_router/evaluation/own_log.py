"""The user's own journal as a log of choices: whom each decision led with, how likely that was, what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcp_router.config import Config
from mcp_router.models import configured_candidates, resolve
from mcp_router.orchestrator.cost import Costs
from mcp_router.types import Candidate, Decision, Price
from memory_store.observations import Observation
from memory_store.store import MemoryStore


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision with its first attempt, which has an outcome, and with all attempts on its task together.

    score and cost_usd are the first attempt's; task_score is the best of all, task_cost_usd what they cost.
    unknown_costs counts the attempts whose cost is a mean.
    """

    decision: Decision
    ran: str
    score: float
    cost_usd: float
    task_score: float
    task_cost_usd: float
    unknown_costs: int

    @property
    def followed(self) -> bool:
        """Whether the first of the chain ran, so that the logged propensity is that of what ran."""
        return bool(self.decision.chain) and self.ran == self.decision.chain[0].candidate

    @property
    def drawn(self) -> bool:
        """Whether another candidate could have run by the dice."""
        return self.followed and self.decision.propensity < 1.0


def read_log(store: MemoryStore) -> list[Entry]:
    """The decisions whose first attempt has an outcome, oldest first. An unknown cost is the mean so far.

    Imported history is left out: nobody decided anything there (own_imports.py).
    """
    attempts: dict[str, list[Observation]] = {}
    for one in store.observations():
        attempts.setdefault(one.task_id, []).append(one)
    costs, entries = Costs(), []
    for decision in store.decisions():
        seen = attempts.get(decision.decision_id, [])
        if decision.mode == "import" or not seen or seen[0].score is None:
            continue
        for one in seen:
            costs.learn(one.candidate, one.cost_usd)
        paid = [one.cost_usd if one.cost_usd is not None else _mean(costs, one.candidate) for one in seen]
        entries.append(
            Entry(
                decision,
                seen[0].candidate,
                seen[0].score,
                paid[0],
                max(one.score or 0.0 for one in seen),
                math.fsum(paid),
                sum(one.cost_usd is None for one in seen),
            )
        )
    return entries


def _mean(costs: Costs, candidate: str) -> float:
    return costs.filled(candidate, list(costs.count))


def candidates_of(entries: Sequence[Entry], config: Config) -> dict[str, Candidate]:
    """All candidates that the log names, with the prices that are known of them."""
    return named({name for one in entries for name in (*one.decision.eligible, one.ran)}, config)


def named(names: Iterable[str], config: Config) -> dict[str, Candidate]:
    """Candidates by id, with the prices that are known of them."""
    known = {candidate.id: candidate for candidate in configured_candidates(config) or ()}
    return {name: known.get(name) or _catalogued(name) for name in sorted(names)}


def _catalogued(name: str) -> Candidate:
    model = resolve(name.partition("@")[0])
    return Candidate(name, model.identity if model else name, price=model.price if model else Price())
