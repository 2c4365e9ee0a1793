"""The policies by name, each with what builds an untaught one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mcp_router.config import Config
from mcp_router.evaluation.baselines.cheap_first import CheapFirst
from mcp_router.evaluation.baselines.dimension_best import DimensionBest
from mcp_router.evaluation.baselines.fixed_chain import FixedChain
from mcp_router.evaluation.baselines.knn import Knn
from mcp_router.evaluation.baselines.lints import LinTs
from mcp_router.evaluation.baselines.linucb import LinUcb
from mcp_router.evaluation.baselines.memory_off import MemoryOff
from mcp_router.evaluation.baselines.memory_shuffled import MemoryShuffled
from mcp_router.evaluation.baselines.random_order import RandomOrder
from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
from mcp_router.orchestrator.prior import fitted_prior
from mcp_router.session import VERIFIER_FNR, VERIFIER_FPR
from mcp_router.types import Candidate, Orchestrator

Builder = Callable[[str], Orchestrator]
"""Makes an untaught policy; the text seeds what it draws beside its contexts' draws."""


def policies(
    candidates: tuple[Candidate, ...], *, price_of_usd: float, prior: bool, fpr: float, fnr: float
) -> dict[str, Builder]:
    """Every policy on a table with these candidates.

    price_of_usd: lambda. prior: start from the prior that the product ships, else flat. fpr, fnr: the verifier's
    error rates, which the product's policy is told; rates-unknown goes by the product's own estimate of them, and
    explore-off never leads with another than the best.
    """
    beliefs = fitted_prior(candidates) if prior else {}
    acrouter = partial(
        AcrouterPolicy,
        prices=candidate_prices(candidates),
        prior=beliefs,
        price_of_usd=price_of_usd,
        explore=Config().explore,
        fpr=fpr,
        fnr=fnr,
    )
    return {
        "acrouter": lambda _: acrouter(),
        "acrouter:memory-off": lambda _: MemoryOff(acrouter),
        "acrouter:memory-shuffled": lambda seed: MemoryShuffled(acrouter(), candidates, seed),
        "acrouter:explore-off": lambda _: acrouter(explore=0.0),
        "acrouter:rates-unknown": lambda _: acrouter(fpr=VERIFIER_FPR, fnr=VERIFIER_FNR),
        "dimension-best": lambda _: DimensionBest(candidates, beliefs),
        "linucb": lambda _: LinUcb(candidates, price_of_usd),
        "lints": lambda _: LinTs(candidates, price_of_usd),
        "knn": lambda _: Knn(candidates, price_of_usd),
        "cheap-first": lambda _: CheapFirst(candidates),
        "random": lambda _: RandomOrder(),
        **{f"always:{c.id}": chain(f"always:{c.id}", (c.id,)) for c in candidates},
    }


def chain(name: str, candidates: tuple[str, ...]) -> Builder:
    """Builds a fixed chain."""
    return lambda _: FixedChain(name, candidates)
