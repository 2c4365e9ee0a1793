"""Whom the policies of the sceptic's comparison would have led with, on each decision of a user's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from mcp_router.config import Config
from mcp_router.evaluation.own_log import Entry
from mcp_router.orchestrator.cost import Costs
from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
from mcp_router.orchestrator.prior import fitted_prior
from mcp_router.session import VERIFIER_FNR, VERIFIER_FPR
from mcp_router.types import HOST, Candidate, Context, Decision, Task
from memory_store.observations import Observation

Wanted = list[str]
"""One candidate a decision; "" for nobody."""


def rivals(
    entries: Sequence[Entry],
    observations: Sequence[Observation],
    candidates: Mapping[str, Candidate],
    config: Config,
    progress: Callable[[str], None],
) -> dict[str, Wanted]:
    """The shipped policy, the dearest, the cheapest and the user's habit.

    The dearest and the cheapest are by expected cost over the whole log, the host left aside; the habit is the
    candidate that the user chose most often against or without advice, else the one that ran most often.
    """
    costs = Costs({name: candidate.price for name, candidate in candidates.items()})
    for one in entries:
        costs.learn(one.ran, one.cost_usd if not one.unknown_costs else None)
    priced = {name: cost for name in candidates if name != HOST and (cost := costs.expected(name)) is not None}
    by_cost = sorted(priced, key=lambda name: (priced[name], name))
    own = Counter(one.ran for one in entries if not one.followed or len(one.decision.eligible) == 1)
    habit = (own or Counter(one.ran for one in entries)).most_common(1)
    return {
        "acrouter": replayed([one.decision for one in entries], observations, candidates, config, progress),
        "always-dearest": [_first(by_cost[::-1], one.decision) for one in entries],
        "always-cheapest": [_first(by_cost, one.decision) for one in entries],
        "habit": [habit[0][0] if habit else "" for _ in entries],
    }


def _first(names: Sequence[str], decision: Decision) -> str:
    return next((name for name in names if name in decision.eligible), "")


def replayed(
    decisions: Sequence[Decision],
    observations: Sequence[Observation],
    candidates: Mapping[str, Candidate],
    config: Config,
    progress: Callable[[str], None],
) -> Wanted:
    """The policy as it is shipped now, without its exploration: it learns from what the log knew at each decision."""
    everyone = list(candidates.values())
    policy = AcrouterPolicy(
        prices=candidate_prices(everyone),
        prior=fitted_prior(everyone),
        price_of_usd=config.lambda_usd,
        explore=0.0,
        fpr=VERIFIER_FPR,
        fnr=VERIFIER_FNR,
    )
    wanted, learned = [], 0
    for one in decisions:
        while learned < len(observations) and observations[learned].at <= one.at:
            policy.learn(observations[learned])
            learned += 1
        chain = policy.choose(_context(one, candidates, config)).chain if one.eligible else ()
        wanted.append(chain[0].candidate if chain else "")
        progress("acrouter")
    return wanted


def _context(decision: Decision, candidates: Mapping[str, Candidate], config: Config) -> Context:
    return Context(
        task=Task("", repo=decision.repo, dimension=decision.dimension, features=decision.features),
        candidates=tuple(candidates[name] for name in decision.eligible),
        max_attempts=decision.max_attempts or config.max_attempts,
        max_cost_usd=decision.max_cost_usd,
        task_id=decision.decision_id,
        draw=decision.decision_id,
    )
