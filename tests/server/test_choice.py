"""What a choice holds to: one decision a subtask, an effort that goes all the way, providers that are up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from memory_store.records import Attempt, Choice, Decision, Outcome, stamp

from .scene import RIGHT, TASK, WRONG, Scene
from .speaking import Connection

MODELS = ["wrong", "right", "other"]
OTHER = "Let total() in shop.py take prices as strings too."


def ask(connection: Connection, task: str = TASK, **arguments: Any) -> dict[str, Any]:
    return connection.call("route_task", task=task, **arguments)


def teach(scene: Scene, candidate: str, score: float, times: int = 12) -> None:
    """Let another process learn of a candidate."""
    records: list[Decision | Attempt | Outcome] = []
    at = stamp(datetime.now(UTC))
    for n in range(times):
        key = f"{candidate}-{score}-{n}"
        choice = Choice(candidate=candidate, model=candidate, p_success=0.5, low=0.4, high=0.6, cost_usd=0.01)
        records += [
            Decision(
                decision_id=key, at=at, repo=None, title="", chain=(choice,), propensity=1.0, policy="", reason=""
            ),
            Attempt(attempt_id=key, decision_id=key, at=at, candidate=candidate, model_asked=candidate, cost_usd=0.01),
            Outcome(
                outcome_id=key,
                attempt_id=key,
                decision_id=key,
                at=at,
                candidate=candidate,
                verdict="pass" if score else "fail",
                score=score,
                source="verified",
                strength=1.0,
            ),
        ]
    scene.memory().append(*records)


def fail(scene: Scene, model: str, fault: str) -> None:
    """Let another process meet a provider's fault."""
    at = stamp(datetime.now(UTC))
    attempt = Attempt(
        attempt_id=at, decision_id="d", at=at, candidate=model, model_asked=model, fault=fault, cost_usd=0.0
    )
    scene.memory().append(attempt)


def test_the_same_words_keep_their_model_though_the_memory_moved(scene: Scene) -> None:
    for model in MODELS:
        teach(scene, model, 1.0, 3)
    with scene.here() as connection:
        kept = ask(connection, candidates=MODELS)
        keyed = ask(connection, OTHER, idempotency_key="mine", candidates=MODELS)
        assert kept["model"] == keyed["model"] == "wrong"
        teach(scene, "wrong", 0.0)
        assert ask(connection, "Let total() in shop.py round to the cent.", candidates=MODELS)["model"] != "wrong"
        again = ask(connection, candidates=MODELS)
        by_key = ask(connection, OTHER, idempotency_key="mine", candidates=MODELS)
        assert (again["decision_id"], again["model"]) == (kept["decision_id"], "wrong")
        assert (by_key["decision_id"], by_key["model"]) == (keyed["decision_id"], "wrong")
        assert ask(connection, candidates=["right"])["model"] == "right"
    with scene.here() as another:
        assert ask(another, candidates=MODELS)["model"] != "wrong"


def test_the_same_words_keep_their_model_though_the_draw_differs(scene: Scene) -> None:
    scene.configure()
    path = scene.home / "config.toml"
    path.write_text(path.read_text().replace("explore = 0.0", "explore = 0.5"))
    for model in MODELS:
        teach(scene, model, 1.0, 3)
    with scene.here() as connection:
        tasks = [f"Let total() in shop.py round to {n} places." for n in range(12)]
        drawn = {ask(connection, task, candidates=MODELS)["model"] for task in tasks}
        kept = {ask(connection, candidates=MODELS)["model"] for _ in range(12)}
    assert len(drawn) > 1
    assert len(kept) == 1


def test_after_a_verified_failure_the_same_words_move_on_and_after_a_pass_they_are_a_new_task(scene: Scene) -> None:
    with scene.here() as connection:
        first = ask(connection, candidates=["wrong", "right"])
        assert first["model"] == "wrong"
        (scene.root / "shop.py").write_text(WRONG, encoding="utf-8")
        failed = connection.report(first["decision_id"], model="wrong", success=True)
        assert (failed["verdict"], failed["source"]) == ("fail", "verified")
        second = ask(connection, candidates=["wrong", "right"])
        assert (second["decision_id"], second["model"]) == (first["decision_id"], "right")
        assert second["model"] == failed["next_model"]
        assert second["reason"].startswith("wrong failed on this very task")
        assert [choice["model"] for choice in second["chain"]] == ["right"]
        (scene.root / "shop.py").write_text(RIGHT, encoding="utf-8")
        assert connection.report(first["decision_id"], model="right")["verdict"] == "pass"
        assert ask(connection, candidates=["wrong", "right"])["decision_id"] != first["decision_id"]
        assert len(scene.memory().decisions()) == 2


def test_a_claim_of_nothing_leaves_a_decision_as_it_is(scene: Scene) -> None:
    with scene.here() as connection:
        first = ask(connection)
        assert connection.report(first["decision_id"], model="wrong")["verdict"] == "no_signal"
        assert ask(connection)["model"] == first["model"]


def test_a_provider_that_failed_in_another_process_stands_aside_here(scene: Scene) -> None:
    with scene.here() as connection:
        assert ask(connection)["model"] == "wrong"
        fail(scene, "wrong", "server: wrong failed: HTTP 503; try again later.")
        result = ask(connection, OTHER)
        assert result["model"] == "right"
        (note,) = result["notes"]
        assert note.startswith("wrong stands aside until ")
        assert "wrong" not in {choice["model"] for choice in result["chain"]}
        assert ask(connection, OTHER, force_model="wrong")["model"] == "wrong"


def test_a_delegated_run_passes_a_provider_over_that_failed_in_the_run_before(scene: Scene) -> None:
    assert scene.provider is not None
    scene.provider.fail("wrong", "500")
    with scene.here() as connection:
        first = connection.delegate(TASK)
        second = connection.delegate(TASK, idempotency_key="again")
    assert first["attempts"][0]["model"] == "wrong"
    assert first["attempts"][0]["fault"].startswith("server: ")
    assert "wrong" not in {attempt["model"] for attempt in second["attempts"]}


@pytest.mark.parametrize(
    ("client", "names", "words"),
    [
        ("claude-code", ["opus@low", "opus@high"], 'Call Agent with model "opus", effort "high"'),
        ("codex-mcp-client", ["gpt-6-luna@low", "gpt-6-luna@high"], 'model "gpt-6-luna", reasoning_effort "high"'),
    ],
)
def test_the_chosen_effort_reaches_the_advised_action_and_the_record(
    plain: Scene, client: str, names: list[str], words: str
) -> None:
    low, high = names
    plain.configure(f"candidates = {names}", models=())
    teach(plain, low, 0.0)
    teach(plain, high, 1.0)
    with plain.here(client) as connection:
        result = ask(connection)
        assert result["model"] == high
        assert words in result["action"]
        connection.call(
            "report_outcome",
            decision_id=result["decision_id"],
            model=high.partition("@")[0],
            success=True,
            verify=False,
        )
    memory = plain.memory()
    decision = memory.decision(result["decision_id"])
    assert decision is not None
    assert (decision.chain[0].candidate, decision.chain[0].effort) == (high, "high")
    (attempt,) = memory.attempts(result["decision_id"])
    assert attempt.candidate == high


def test_two_efforts_of_a_model_are_learned_apart_and_the_chosen_one_goes_out(scene: Scene) -> None:
    assert scene.provider is not None
    scene.configure('candidates = ["right@low", "right@high"]')
    teach(scene, "right@low", 1.0, 3)
    teach(scene, "right@high", 1.0, 3)
    with scene.here() as connection:
        before = ask(connection, mode="delegate", dry_run=True)["model"]
        teach(scene, before, 0.0)
        run = connection.delegate(TASK)
    chosen = run["attempts"][0]["model"]
    assert {before, chosen} == {"right@low", "right@high"}
    assert {request.body["reasoning_effort"] for request in scene.provider.requests} == {chosen.partition("@")[2]}
