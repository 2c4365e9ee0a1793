"""The best model of each dimension."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from mcp_router.evaluation.baselines.plans import plan_of
from mcp_router.orchestrator.posterior import Belief, Key
from mcp_router.types import Candidate, Context, Plan
from memory_store.observations import Observation


class DimensionBest:
    """Asks the best model of the task's dimension on the fitting set, once.

    In a dimension that the prior does not know it follows the leader: each candidate once, then the one of
    greatest mean score so far.
    """

    name = "dimension-best"

    def __init__(self, candidates: tuple[Candidate, ...], prior: Mapping[Key, Belief]) -> None:
        self._fitted = _best_by_dimension(candidates, prior)
        self._scores: defaultdict[tuple[str, str], list[float]] = defaultdict(list)

    def choose(self, context: Context) -> Plan:
        """The one candidate."""
        if context.tried:
            return plan_of(context, [], "Another is never asked.")
        dimension = context.task.dimension
        names = [candidate.id for candidate in context.candidates]
        best = self._fitted.get(dimension) or max(names, key=lambda name: self._mean(dimension, name))
        return plan_of(context, [best], f"It is the best known of {dimension}.")

    def learn(self, observation: Observation) -> None:
        """The score in the task's dimension."""
        if observation.score is not None:
            self._scores[observation.dimension, observation.candidate].append(observation.score)

    def _mean(self, dimension: str, name: str) -> float:
        scores = self._scores[dimension, name]
        return sum(scores) / len(scores) if scores else float("inf")


def _best_by_dimension(candidates: tuple[Candidate, ...], prior: Mapping[Key, Belief]) -> dict[str, str]:
    means: defaultdict[str, dict[str, float]] = defaultdict(dict)
    known = {candidate.id for candidate in candidates}
    for key, belief in prior.items():
        if len(key) == 3 and key[1] == "dimension" and key[0] in known:
            means[key[2]][key[0]] = belief.mean + prior[(key[0],)].mean
    return {dimension: max(by_model, key=by_model.__getitem__) for dimension, by_model in means.items()}
