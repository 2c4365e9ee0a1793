"""kNN: what became of the most similar tasks (Cover and Hart, "Nearest neighbor pattern classification", 1967)."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.evaluation.baselines.rewards import Rewards
from mcp_router.types import Candidate, Context, Plan
from memory_store.observations import Observation
from memory_store.similarity import SimilarityIndex, features

NEIGHBOURS = 8


class Knn:
    """Ranks by mean reward over the attempts on the nearest tasks, to which the mean over all tasks is added as one.

    Tasks are near by their words, dimension and repository. Each candidate is asked once before any is compared.
    """

    name = "knn"

    def __init__(self, candidates: tuple[Candidate, ...], price_of_usd: float) -> None:
        self._rewards = Rewards(candidates, price_of_usd)
        self._index = SimilarityIndex()
        self._of_task: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
        self._all: defaultdict[str, list[float]] = defaultdict(list)

    def choose(self, context: Context) -> Plan:
        """The candidate of the best neighbours, then the next as long as its neighbours were worth their cost."""
        names = [candidate.id for candidate in context.candidates if candidate.id not in context.tried]
        untried = [name for name in names if not self._all[name]]
        if untried and not context.tried:
            return plan_of(context, untried, "It was never asked.")
        task = context.task
        near: defaultdict[str, list[float]] = defaultdict(list)
        for key, _ in self._index.search((*task.features, *_where(task.dimension, task.repo)), NEIGHBOURS + 1):
            for name, reward in self._of_task[key] if key != context.task_id else ():
                near[name].append(reward)
        worth = {name: self._mean(near[name], name) for name in names}
        ranked = sorted(names, key=lambda name: -worth[name])
        lead = 0 if context.tried else 1
        names = [*ranked[:lead], *(name for name in ranked[lead:] if worth[name] > 0)]
        return plan_of(context, names, "Its neighbours did best.")

    def learn(self, observation: Observation) -> None:
        """The reward of the attempt, under its task."""
        reward = self._rewards.take(observation)
        if reward is None:
            return
        self._index.add(observation.task_id, (*observation.features, *_where(observation.dimension, observation.repo)))
        self._of_task[observation.task_id].append((observation.candidate, reward))
        self._all[observation.candidate].append(reward)

    def _mean(self, near: list[float], name: str) -> float:
        everywhere = self._all[name]
        # One success on credit: a candidate that failed at first would else never be asked again.
        overall = (sum(everywhere) + 1.0) / (len(everywhere) + 1)
        return (sum(near) + overall) / (len(near) + 1)


@lru_cache(maxsize=4096)
def _where(dimension: str, repo: str | None) -> tuple[int, ...]:
    """Dimension and repository as features."""
    return features(f"{dimension} {repo or ''}")
