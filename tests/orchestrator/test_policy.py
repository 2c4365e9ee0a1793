"""The policy learns, plans, explores and explains; the same memory gives the same decision."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from mcp_router.orchestrator.explore import hope, hopeful
from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
from mcp_router.types import HOST, Candidate, Context, Price, Task
from memory_store.observations import Observation
from memory_store.similarity import features

SMALL = Candidate("small", "small", price=Price(0.25, 1.25))
MEDIUM = Candidate("medium", "medium", price=Price(1.5, 7.5))
LARGE = Candidate("large", "large", price=Price(5.0, 25.0))
ALL = (SMALL, MEDIUM, LARGE)


def policy(explore: float = 0.0, **given: float) -> AcrouterPolicy:
    return AcrouterPolicy(prices=candidate_prices(ALL), explore=explore, **given)


def context(text: str = "fix the parser", dimension: str = "bug_fixing", **given: object) -> Context:
    task = Task(text, repo="shop", dimension=dimension, features=features(text))
    return replace(Context(task, ALL, max_attempts=2), **given)  # type: ignore[arg-type]


def seen(candidate: str, score: float | None, n: int, text: str = "", **given: object) -> Observation:
    base = Observation(
        task_id=f"t{n}",
        at="",
        candidate=candidate,
        score=score,
        cost_usd=0.05,
        repo="shop",
        dimension="bug_fixing",
        features=features(text),
    )
    return replace(base, **given)  # type: ignore[arg-type]


def taught(learner: AcrouterPolicy, scores: dict[str, float], tasks: int, **given: object) -> AcrouterPolicy:
    for n in range(tasks):
        for candidate, score in scores.items():
            learner.learn(seen(candidate, score, n, **given))
    return learner


def test_a_model_without_history_leads_once_the_cheapest_first() -> None:
    learner = policy()
    led = []
    for n in range(3):
        first = learner.choose(context()).chain[0].candidate
        led.append(first)
        learner.learn(seen(first, 1.0, n))
    assert led == ["small", "medium", "large"]


def test_it_starts_flat_and_says_that_it_has_no_evidence() -> None:
    plan = policy().choose(context())
    assert abs(plan.chain[0].p_success - 0.5) < 0.01
    assert plan.chain[0].outcomes == 0
    assert "no evidence" in plan.reason


def test_verified_outcomes_change_who_leads() -> None:
    learner = taught(policy(), {"small": 0.0, "medium": 1.0, "large": 0.0}, 5)
    plan = learner.choose(context())
    assert plan.chain[0].candidate == "medium"
    assert plan.chain[0].verified == 5
    assert "medium" in plan.reason


def test_what_is_learned_in_one_dimension_counts_less_in_another() -> None:
    learner = taught(policy(), {"small": 0.0, "medium": 1.0, "large": 1.0}, 6)
    here = learner.choose(context(max_attempts=1)).chain[0]
    there = learner.choose(context(dimension="algorithm", max_attempts=1)).chain[0]
    assert here.candidate == there.candidate == "medium"
    assert here.p_success > there.p_success > 0.5


def test_weak_evidence_teaches_less() -> None:
    strong = taught(policy(), {"small": 0.0}, 1).choose(context(candidates=(SMALL,))).chain[0]
    weak = taught(policy(), {"small": 0.0}, 1, weight=0.25).choose(context(candidates=(SMALL,))).chain[0]
    assert strong.p_success < weak.p_success < 0.5


def test_no_signal_teaches_nothing_but_its_cost_counts() -> None:
    learner = policy()
    for n in range(20):
        learner.learn(seen("small", None, n, cost_usd=1.0))
    first = learner.choose(context(candidates=(SMALL,))).chain[0]
    assert abs(first.p_success - 0.5) < 0.01
    assert first.cost_usd is not None
    assert first.cost_usd > 0.3


def test_a_similar_task_moves_the_estimate_more_than_an_unlike_one() -> None:
    learner = taught(policy(), {"small": 0.5, "medium": 0.5, "large": 0.5}, 3, text="unrelated words entirely")
    learner.learn(seen("large", 1.0, 90, "repair rounding in shop/money.py allocate", dimension="unknown", repo=None))
    learner.learn(seen("small", 0.0, 90, "repair rounding in shop/money.py allocate", dimension="unknown", repo=None))
    like = learner.choose(context("allocate in shop/money.py loses cents when rounding", max_attempts=1)).chain[0]
    unlike = learner.choose(context("draw a plot of monthly visitors", max_attempts=1)).chain[0]
    assert like.candidate == "large"
    assert like.neighbours == ("t90",)
    assert unlike.neighbours == ()


def test_a_failure_on_this_task_lowers_the_others_too() -> None:
    learner = taught(policy(), {"small": 0.5, "medium": 0.5, "large": 0.5}, 4)
    fresh = {c.candidate: c.p_success for c in learner.choose(context(max_attempts=3)).chain}
    after = learner.choose(context(max_attempts=3, tried=("small",))).chain
    assert after
    assert all(choice.p_success < fresh[choice.candidate] for choice in after)
    assert all(choice.candidate != "small" for choice in after)


def test_a_hard_task_is_not_held_against_those_who_all_failed_on_it() -> None:
    def behind(learner: AcrouterPolicy) -> float:
        """How far small is thought to be behind large, which nobody tried."""
        chain = learner.choose(context(candidates=(SMALL, LARGE), max_attempts=2)).chain
        chance = {choice.candidate: choice.p_success for choice in chain}
        return chance["large"] - chance["small"]

    alone = taught(policy(), {"small": 0.0}, 1)
    together = taught(policy(), {"medium": 0.0, "small": 0.0}, 1)
    assert 0.0 < behind(together) < behind(alone)


def test_where_everybody_fails_less_is_expected_of_a_model_that_nobody_tried() -> None:
    learner = taught(policy(), {"small": 0.0, "medium": 0.0}, 6)
    here = learner.choose(context(candidates=(LARGE,))).chain[0].p_success
    elsewhere = learner.choose(context(candidates=(LARGE,), task=Task("write it", repo="other"))).chain[0].p_success
    assert here < elsewhere < 0.5


def test_the_chain_is_no_longer_than_the_attempts_and_keeps_to_the_budget() -> None:
    learner = taught(policy(), {"small": 0.5, "medium": 0.5, "large": 0.5}, 4)
    assert len(learner.choose(context(max_attempts=2)).chain) == 2
    capped = learner.choose(context(max_attempts=3, max_cost_usd=0.07)).chain
    assert sum(choice.cost_usd or 0.0 for choice in capped) <= 0.07


def test_nothing_is_tried_when_nothing_is_worth_its_cost() -> None:
    learner = taught(policy(price_of_usd=1000.0), {"small": 0.0, "medium": 0.0, "large": 0.0}, 8)
    plan = learner.choose(context())
    assert plan.chain == ()
    assert "worth its cost" in plan.reason


def test_a_chore_is_not_worth_handing_over() -> None:
    host = Candidate(HOST, HOST)
    learner = taught(policy(), {"small": 0.5, "medium": 0.5, "large": 0.5}, 4)
    big = learner.choose(context(candidates=(LARGE, host), max_attempts=1)).chain[0]
    small = context(candidates=(LARGE, host), max_attempts=1)
    chore = learner.choose(replace(small, task=replace(small.task, size=0.1))).chain[0]
    assert chore.candidate == HOST
    assert big.cost_usd is not None
    assert chore.cost_usd is not None
    assert chore.cost_usd < big.cost_usd


def test_the_host_learns_from_its_own_outcomes() -> None:
    host = Candidate(HOST, HOST)
    learner = taught(policy(), {HOST: 0.0, "small": 1.0, "medium": 0.0, "large": 0.0}, 6)
    assert learner.choose(context(candidates=(SMALL, host))).chain[0].candidate == "small"


def test_the_same_memory_task_and_draw_give_the_same_decision() -> None:
    scores = {"small": 0.4, "medium": 0.6, "large": 0.7}
    first, second = taught(policy(explore=0.5), scores, 3), taught(policy(explore=0.5), scores, 3)
    for n in range(20):
        assert first.choose(context(draw=str(n))) == second.choose(context(draw=str(n)))


def test_choosing_changes_nothing() -> None:
    learner = taught(policy(explore=0.5), {"small": 0.4, "medium": 0.6, "large": 0.7}, 3)
    before = learner.choose(context(draw="x"))
    for n in range(10):
        learner.choose(context("something else", draw=str(n)))
    assert learner.choose(context(draw="x")) == before


def test_the_logged_propensity_is_the_share_with_which_it_leads() -> None:
    learner = taught(policy(explore=0.3), {"small": 0.5, "medium": 0.5, "large": 0.5}, 2)
    n = 4000
    plans = [learner.choose(context(draw=str(i))) for i in range(n)]
    led = Counter(plan.chain[0].candidate for plan in plans)
    logged = {plan.chain[0].candidate: plan.propensity for plan in plans}
    assert len(led) == 3
    for candidate, count in led.items():
        assert abs(count / n - logged[candidate]) < 0.03
    assert abs(sum(logged.values()) - 1.0) < 1e-9


def test_an_unknown_price_is_unknown_and_not_free() -> None:
    nameless = Candidate("mystery", "mystery")
    learner = AcrouterPolicy(prices=candidate_prices((*ALL, nameless)), explore=0.0)
    chain = learner.choose(context(candidates=(*ALL, nameless), max_attempts=4)).chain
    assert next(c for c in chain if c.candidate == "mystery").cost_usd is None
    assert chain[0].candidate == "small"


def test_a_verifier_that_errs_is_believed_less() -> None:
    sure = taught(policy(), {"small": 1.0}, 4).choose(context(candidates=(SMALL,))).chain[0]
    unsure = taught(policy(fpr=0.3, fnr=0.1), {"small": 1.0}, 4).choose(context(candidates=(SMALL,))).chain[0]
    assert unsure.p_success < sure.p_success


def test_old_knowledge_widens_with_time() -> None:
    def width(days_apart: str) -> float:
        learner = policy()
        for n in range(6):
            learner.learn(seen("small", 1.0, n, at="2026-01-01T00:00:00.000Z"))
        learner.learn(seen("small", 1.0, 7, at=days_apart))
        learner.learn(seen("large", 1.0, 8, at=days_apart))
        choice = learner.choose(context(candidates=(SMALL,))).chain[0]
        return choice.high - choice.low

    assert width("2026-11-01T00:00:00.000Z") > width("2026-01-01T00:00:01.000Z")


def test_a_doubtful_model_leads_a_cascade_before_a_known_one_that_is_a_little_better() -> None:
    twin = Candidate("twin", "twin", price=SMALL.price)
    learner = AcrouterPolicy(prices=candidate_prices((SMALL, twin)), explore=0.0)
    for n in range(60):
        learner.learn(seen("small", float(n % 3 > 0), n))
    for n in range(60, 63):
        learner.learn(seen("twin", float(n % 2 == 0), n))
    first, second = learner.choose(context(candidates=(SMALL, twin))).chain
    assert (first.candidate, second.candidate) == ("twin", "small")
    assert first.p_success < second.p_success


def test_a_little_of_the_doubt_counts_in_a_models_favour() -> None:
    assert hope(0) == 0.0
    view = taught(policy(), {"small": 1.0}, 3)._view(context(), ["small"])
    plain, hoped = (hopeful(view.estimates["small"], view.ease, reach) for reach in (0.0, hope(3)))
    assert all(more > less for more, less in zip(hoped, plain, strict=True))
