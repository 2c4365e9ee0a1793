"""Who may be asked: each filter turns a decision that would fall otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mcp_router.config import Config, ModelConfig, RepositoryConfig
from mcp_router.errors import BadInput
from mcp_router.orchestrator.filters import Wishes, eligible
from mcp_router.orchestrator.outages import standing_aside
from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
from mcp_router.orchestrator.task import make_task
from mcp_router.types import HOST, Attempt, Candidate, Context, Price, Task
from memory_store.observations import Observation
from memory_store.records import stamp

CHEAP = Candidate("cheap", "cheap", price=Price(0.25, 1.25), context_tokens=32_000)
MIDDLE = Candidate("middle", "middle", price=Price(1.5, 7.5), context_tokens=200_000)
DEAR = Candidate("dear", "dear", price=Price(5.0, 25.0), context_tokens=200_000)
ALL = (CHEAP, MIDDLE, DEAR)
CLIENT = (*ALL, Candidate(HOST, HOST))
TEXT = "Make the parser of the order file skip empty lines, and say so in its tests."
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def task(text: str = TEXT, *files: str) -> Task:
    return make_task(text, repo="shop", files=files, dimension="bug_fixing")


def leads(
    candidates: tuple[Candidate, ...], about: Task, max_cost_usd: float | None = None, draws: int = 1
) -> set[str]:
    """Who is chosen first, in any of some draws, when cheap has been good enough so far and nobody better."""
    scores = {"cheap": 0.9, "middle": 0.88, "dear": 0.86, HOST: 0.85}
    policy = AcrouterPolicy(prices=candidate_prices(CLIENT), explore=0.0 if draws == 1 else 0.5)
    for n in range(30):
        for name, score in scores.items():
            policy.learn(
                Observation(task_id=f"t{n}", at="", candidate=name, score=score, repo="shop", dimension="bug_fixing")
            )
    contexts = (Context(about, candidates, 3, max_cost_usd, draw=str(n)) for n in range(draws))
    return {plan.chain[0].candidate for plan in map(policy.choose, contexts)}


def first(
    about: Task,
    config: Config | None = None,
    repository: RepositoryConfig | None = None,
    wishes: Wishes | None = None,
    known: tuple[Candidate, ...] = ALL,
    aside: dict[str, str] | None = None,
) -> tuple[str, str]:
    """Who leads after the filters, and the notes."""
    left, notes = eligible(
        about, known, config or Config(), repository or RepositoryConfig(), wishes or Wishes(), aside
    )
    (name,) = leads(left, about)
    return name, "; ".join(notes)


def test_without_any_filter_the_cheap_one_leads_and_nothing_is_said() -> None:
    assert first(task()) == ("cheap", "")


def test_what_cannot_hold_the_task_is_not_asked() -> None:
    name, notes = first(task(TEXT + " order" * 10_000))
    assert name == "middle"
    assert "cheap cannot hold a task of about 35," in notes


def test_a_repository_narrows_and_never_widens() -> None:
    assert first(task(), repository=RepositoryConfig(candidates=("dear", "unheard-of")))[0] == "dear"
    with pytest.raises(BadInput, match="allows"):
        first(task(), repository=RepositoryConfig(candidates=("dear",)), wishes=Wishes(force_model="cheap"))
    with pytest.raises(BadInput, match="candidates"):
        first(task(), repository=RepositoryConfig(candidates=("dear",)), wishes=Wishes(candidates=("cheap",)))


def test_the_caller_chooses_among_some_or_forces_one() -> None:
    assert first(task(), wishes=Wishes(candidates=("dear", "middle")))[0] == "middle"
    assert first(task(), wishes=Wishes(force_model="dear"))[0] == "dear"


def test_a_cap_on_costs_holds_for_the_chosen_and_for_what_is_drawn() -> None:
    about = task()
    pair = (MIDDLE, DEAR)
    assert leads(pair, about, draws=60) == {"middle", "dear"}
    assert leads(pair, about, max_cost_usd=0.08, draws=60) == {"middle"}
    assert leads((DEAR, CHEAP), about, max_cost_usd=0.02) == {"cheap"}


@pytest.mark.parametrize(
    ("floor", "about"),
    [
        ("payment", task("Round the payments of an order down to the cent.")),
        ("migrations/*", task("Add a column.", "shop/migrations/0007_cents.py")),
        ("migrations/*", task("Add a column in migrations/0007_cents.py, please.")),
        ("**/auth/**", task("Let a session end after a day.", "auth/session.py")),
        ("*.SQL", task("Drop what is unused.", "db/tables.sql")),
    ],
)
def test_risky_work_stays_above_the_floor_by_a_word_or_a_path(floor: str, about: Task) -> None:
    assert first(about)[0] == "cheap"
    name, notes = first(about, Config(floor={floor: "middle"}))
    assert name == "middle"
    assert "nothing below middle" in notes


def test_a_floor_leaves_other_work_alone_and_of_several_the_highest_holds() -> None:
    config = Config(floor={"payment": "middle", "*.sql": "dear"})
    assert first(task("Name the columns of the report.", "report.py"), config) == ("cheap", "")
    assert first(task("Store the payment.", "db/tables.sql"), config)[0] == "dear"


def test_a_floor_holds_against_the_callers_wishes() -> None:
    config, about = Config(floor={"payment": "middle"}), task("Store the payment.")
    assert first(about, config, wishes=Wishes(force_model="dear"))[0] == "dear"
    with pytest.raises(BadInput, match=r"force_model: 'cheap' is too weak .* nothing below middle"):
        first(about, config, wishes=Wishes(force_model="cheap"))
    with pytest.raises(BadInput, match="nothing below middle"):
        first(about, config, wishes=Wishes(candidates=("cheap",)))


def test_a_floor_that_is_no_candidate_is_taken_from_the_catalogue() -> None:
    about = task("Store the payment.")
    assert first(about, Config(floor={"payment": "claude-haiku-4-5"}))[0] == "middle"
    with pytest.raises(BadInput, match="floor: 'unheard-of'"):
        first(about, Config(floor={"payment": "unheard-of"}))


def test_of_the_floors_own_model_no_lower_effort_will_do() -> None:
    efforts = tuple(replace(DEAR, id=f"dear@{effort}", effort=effort) for effort in ("low", "high"))
    about = task("Store the payment.")

    def left(floor: str) -> list[str]:
        config = Config(floor={"payment": floor})
        return [c.id for c in eligible(about, (*ALL, *efforts), config, RepositoryConfig(), Wishes())[0]]

    assert left("dear@high") == ["dear@high"]
    assert left("dear@low") == ["dear", "dear@low", "dear@high"]
    assert left("dear") == ["dear", "dear@low", "dear@high"]


def test_a_chore_stays_with_the_host_and_a_task_that_is_worth_it_does_not() -> None:
    chore = task("Fix a typo in the README.")
    name, notes = first(chore, known=CLIENT)
    assert (name, notes) == (HOST, "a chore: handing it over would cost more than doing it")
    assert first(task(), known=CLIENT)[0] == "cheap"
    assert first(chore)[0] == "cheap"
    assert first(chore, known=CLIENT, wishes=Wishes(candidates=("cheap", "middle")))[0] == "cheap"


def tried(minutes_ago: float, fault: str | None, model: str = "cheap") -> Attempt:
    at = stamp(NOON - timedelta(minutes=minutes_ago))
    return Attempt(attempt_id=f"{model} {at}", decision_id="d", at=at, candidate=model, model_asked=model, fault=fault)


def aside(*attempts: Attempt, after_s: float = 0.0, models: dict[str, ModelConfig] | None = None) -> dict[str, str]:
    return standing_aside(CLIENT, attempts, models or {}, NOON + timedelta(seconds=after_s))


def test_a_provider_that_failed_stands_aside_and_comes_back() -> None:
    attempts = (tried(0, "server: cheap failed: HTTP 503; try again later."),)
    name, notes = first(task(), aside=aside(*attempts))
    assert name == "middle"
    assert notes == "cheap stands aside until 12:01:00 UTC: its provider failed lately (server)"
    assert first(task(), aside=aside(*attempts, after_s=61)) == ("cheap", "")


@pytest.mark.parametrize("kind", ["auth", "rate_limit", "server", "timeout", "garbage", "unreachable", "refused"])
def test_every_fault_of_a_provider_counts(kind: str) -> None:
    assert set(aside(tried(0, f"{kind}: it failed."))) == {"cheap"}


@pytest.mark.parametrize("kind", ["budget", "limit", "cancelled", "interrupted", "error"])
def test_what_is_no_fault_of_a_provider_does_not_count(kind: str) -> None:
    assert aside(tried(0, f"{kind}: it ended.")) == {}


def test_the_wait_doubles_with_each_failure_in_a_row_up_to_an_hour_and_an_answer_ends_the_row() -> None:
    down = "server: it failed."
    assert aside(tried(3, down), tried(0, down), after_s=110)
    assert not aside(tried(3, down), tried(0, down), after_s=130)
    many = [tried(n, down) for n in range(60, -1, -5)]
    assert aside(*many, after_s=3_500)
    assert not aside(*many, after_s=3_700)
    assert not aside(*many[:-1], tried(1, None), tried(0, down), after_s=70)


def test_a_bad_key_or_a_dead_address_concerns_all_models_behind_it() -> None:
    shared = ModelConfig(provider="openai", base_url="http://127.0.0.1:9/v1", key_env="KEY")
    models = {"cheap": shared, "middle": shared, "dear": ModelConfig(provider="anthropic")}
    assert set(aside(tried(0, "auth: no."), models=models)) == {"cheap", "middle"}
    assert set(aside(tried(0, "unreachable: no."), models=models)) == {"cheap", "middle"}
    assert set(aside(tried(0, "server: no."), models=models)) == {"cheap"}
    assert first(task(), aside=aside(tried(0, "auth: no."), models=models))[0] == "dear"


def test_who_is_forced_or_alone_is_asked_all_the_same() -> None:
    down = aside(*(tried(0, "server: no.", model) for model in ("cheap", "middle", "dear")))
    assert set(down) == {"cheap", "middle", "dear"}
    assert first(task(), wishes=Wishes(force_model="cheap"), aside=down)[0] == "cheap"
    name, notes = first(task(), aside=down)
    assert (name, notes) == ("cheap", "every provider failed lately; they are asked all the same")
    assert first(task(), known=CLIENT, aside=down)[0] == HOST
