"""A memory as it is after months of work, and how long a decision takes on it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from mcp_router.config import Config
from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
from mcp_router.orchestrator.task import make_task
from mcp_router.session import VERIFIER_FNR, VERIFIER_FPR
from mcp_router.types import DIMENSIONS, Candidate, Context, Price, Task
from memory_store.observations import Observation

TASKS, ATTEMPTS = 5_000, 2
"""Tasks in the memory, and outcomes of each."""
REPOSITORIES = 6
NOUNS = """parser cart invoice router cache session token money header queue worker index journal filter report model
schema chart column user order stock basket price tax refund email login upload search"""
VERBS = "fix add rename refactor document test port split merge validate retry cache log remove extract"
STATES = "empty wrong slow missing stale duplicate negative late nested large partial locked expired"


def filled(count: int, seed: int = 7) -> tuple[AcrouterPolicy, tuple[Candidate, ...]]:
    """A policy as the product builds it that has learned 10,000 outcomes of `count` candidates."""
    dice = random.Random(seed)
    prices = (0.1 * 1.5 ** (n % 8) for n in range(count))
    candidates = tuple(Candidate(f"m{n}", f"m{n}", price=Price(usd, 5 * usd)) for n, usd in enumerate(prices))
    policy = AcrouterPolicy(
        prices=candidate_prices(candidates), explore=Config().explore, fpr=VERIFIER_FPR, fnr=VERIFIER_FNR
    )
    for n, task in enumerate(_tasks(dice, TASKS)):
        for candidate in dice.sample(candidates, ATTEMPTS):
            policy.learn(
                Observation(
                    task_id=f"t{n}",
                    at=f"2026-{1 + n // 500:02}-{1 + n % 28:02}T00:00:00.000Z",
                    candidate=candidate.id,
                    score=float(dice.random() < 0.5),
                    cost_usd=dice.uniform(0.02, 0.12),
                    repo=task.repo,
                    dimension=task.dimension,
                    features=task.features,
                )
            )
    return policy, candidates


def contexts(candidates: Sequence[Candidate], number: int, seed: int = 8) -> list[Context]:
    """Tasks to be decided, with as many attempts as the product plans."""
    most = Config().max_attempts
    tasks = _tasks(random.Random(seed), number)
    return [Context(task, tuple(candidates), most, task_id="new", draw=str(n)) for n, task in enumerate(tasks)]


def decision_ms(policy: AcrouterPolicy, asked: Sequence[Context]) -> list[float]:
    """Milliseconds of the processor for each decision: others at work on the machine do not count."""
    times = []
    for context in asked:
        started = time.process_time()
        policy.choose(context)
        times.append(1000 * (time.process_time() - started))
    return times


def share(times: Sequence[float], part: float) -> float:
    """The time within which that part of decisions is made."""
    return sorted(times)[int(part * len(times))]


def _tasks(dice: random.Random, number: int) -> Iterator[Task]:
    for _ in range(number):
        repo = f"repo{dice.randrange(REPOSITORIES)}"
        yield make_task(_text(dice), repo=repo, dimension=dice.choice(DIMENSIONS))


def _text(dice: random.Random) -> str:
    """Some forty words with names of code and of files, as agents write them."""
    name, (a, b, c, d, e) = "_".join(dice.sample(NOUNS.split(), 2)), dice.choices(NOUNS.split(), k=5)
    verb, (bad, worse, when) = dice.choice(VERBS.split()), dice.sample(STATES.split(), 3)
    return (
        f"{verb} the {bad} {a} in {b}/{name}.py: `{name}()` gives a {worse} {c} when the {d} is {when}, "
        f"so that {c}_{e} and tests/test_{b}.py::test_{name} fail. Leave the {e} of the {a} as it is, and let the {d} "
        f"say what was {bad} about it."
    )
