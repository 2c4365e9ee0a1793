"""The policy as it stands, in plain values that load at once: it chooses as the one that it was made from does."""

from __future__ import annotations

import marshal
from collections import Counter
from typing import TYPE_CHECKING, Any

from mcp_router.orchestrator.history import History
from mcp_router.orchestrator.policy import AcrouterPolicy
from mcp_router.orchestrator.posterior import Belief, Skills
from mcp_router.types import Price
from memory_store.frozen_index import FrozenIndex, freeze_index
from memory_store.observations import Observation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRICE = ("input", "output", "cache_read", "cache_write")


def freeze(policy: AcrouterPolicy) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What `thaw` needs: plain values that `marshal` takes, and the sections of the similarity index."""
    skills, costs, history = policy._beliefs(), policy._costs, policy._history
    outcomes = [[(o.candidate, o.score, o.weight) for o in history.outcomes(key)] for key in history._index._keys]
    values = {
        "price_of_usd": policy.price_of_usd,
        "explore": policy.explore,
        "fpr": policy.fpr,
        "fnr": policy.fnr,
        "prior": {key: (belief.mean, belief.variance) for key, belief in skills.prior.items()},
        "beliefs": {key: (belief.mean, belief.variance) for key, belief in skills.beliefs.items()},
        "prices": {name: tuple(getattr(price, part) for part in PRICE) for name, price in costs.prices.items()},
        "count": dict(costs.count),
        "total": dict(costs.total),
        "counters": [dict(counter) for counter in (history.seen, history.verified, history.here)],
        "tasks": list(history._index._keys),
        "outcomes": [marshal.dumps(own) for own in outcomes],
    }
    return values, freeze_index(history._index._features)


def thaw(values: Mapping[str, Any], sections: Mapping[str, memoryview[int]]) -> AcrouterPolicy:
    """The policy that `freeze` was given. It is not to learn any more."""
    policy = AcrouterPolicy(
        prices={name: Price(*parts) for name, parts in values["prices"].items()},
        price_of_usd=values["price_of_usd"],
        explore=values["explore"],
        fpr=values["fpr"],
        fnr=values["fnr"],
    )
    prior, beliefs = ({key: Belief(*of) for key, of in values[name].items()} for name in ("prior", "beliefs"))
    policy._skills = Skills(prior, values["fpr"], values["fnr"], beliefs)
    policy._costs.count, policy._costs.total = values["count"], values["total"]
    policy._history = _FrozenHistory(values, sections)
    return policy


class _FrozenHistory(History):
    """Outcomes by task, read when they are asked for."""

    def __init__(self, values: Mapping[str, Any], sections: Mapping[str, memoryview[int]]) -> None:
        self.seen, self.verified, self.here = map(Counter, values["counters"])
        self._index = FrozenIndex(values["tasks"], sections)
        self._places = {key: place for place, key in enumerate(values["tasks"])}
        self._kept = values["outcomes"]

    def outcomes(self, task_id: str) -> Sequence[Observation]:
        own = marshal.loads(self._kept[self._places[task_id]])
        return [Observation(task_id=task_id, at="", candidate=c, score=s, weight=w) for c, s, w in own]
