"""Delegated runs: the chain, the diff that is handed back, caps that hold, and the user's repository untouched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcp_router.views import DATA_MARK

from .scene import RIGHT, SHOP, SLOW_TASK, TASK, Scene, attempt_usd, git, state_of
from .speaking import is_one_sentence, until


def models(row: dict[str, Any]) -> list[str]:
    return [attempt["model"] for attempt in row["attempts"]]


def make_untidy(root: Path) -> None:
    """Staged, unstaged, untracked, ignored and stashed work."""
    (root / "shop.py").write_text(SHOP + "# stashed\n")
    git(root, "stash")
    (root / ".gitignore").write_text("*.log\n")
    (root / "staged.txt").write_text("staged\n")
    git(root, "add", "staged.txt")
    (root / "staged.txt").write_text("staged, then changed\n")
    (root / "debug.log").write_text("ignored\n")
    (root / "untracked ü.txt").write_text("untracked\n")


def test_the_first_candidate_passes_and_nothing_of_the_users_changes(scene: Scene) -> None:
    make_untidy(scene.root)
    before = state_of(scene.root)
    with scene.here() as connection:
        row = connection.delegate(TASK, candidates=["right"])
        diff = connection.call("query_memory", view="run", id=row["decision_id"], part="diff")
    assert state_of(scene.root) == before
    assert row["status"] == "done"
    (attempt,) = row["attempts"]
    assert (attempt["verdict"], attempt["score"], attempt["source"]) == ("pass", 1.0, "verified")
    assert attempt["cost_usd"] == pytest.approx(attempt_usd("right"))
    assert attempt["tokens"] == {"input": 1000, "cache_read": 0, "cache_write": 0, "output": 100}
    assert "+    return sum(prices) - discount" in diff["diff"]
    assert "staged" not in diff["diff"]
    assert "untracked" not in diff["diff"]
    assert diff["note"] == DATA_MARK.strip()
    assert "not applied" in row["next"]


def test_what_failed_is_told_to_the_next_candidate_whose_result_is_handed_back(scene: Scene) -> None:
    assert scene.provider is not None
    with scene.here() as connection:
        row = connection.delegate(TASK, candidates=["wrong", "right"])
    assert row["status"] == "done"
    assert models(row) == ["wrong", "right"]
    assert [attempt["verdict"] for attempt in row["attempts"]] == ["fail", "pass"]
    assert row["cost_usd"] == pytest.approx(attempt_usd("wrong") + attempt_usd("right"))
    assert row["result"] == row["attempts"][1]["result"]
    opening = next(str(r.body) for r in scene.provider.requests if r.body["model"] == "right")
    assert "test_discount" in opening.partition("<feedback>")[2]


def test_when_all_fail_the_run_says_so_and_the_diffs_stay(scene: Scene) -> None:
    with scene.here() as connection:
        row = connection.delegate(TASK, candidates=["wrong"])
        assert row["status"] == "failed"
        assert row["note"] == "no candidate passed the checks"
        diff = connection.call("query_memory", view="run", id=row["decision_id"], part="diff")
    assert "2 * discount" in diff["diff"]
    assert (scene.root / "shop.py").read_text() == SHOP


def test_a_long_diff_comes_in_parts(scene: Scene) -> None:
    with scene.here() as connection:
        row = connection.delegate(TASK, candidates=["other"])
        parts, offset = [], 0
        while offset is not None:
            part = connection.call("query_memory", view="run", id=row["decision_id"], part="diff", offset=offset)
            parts.append(part["diff"])
            offset = part["next_offset"]
        assert len(parts) > 2
    assert "".join(parts) == scene.command("diff", row["decision_id"]).stdout


def test_the_same_call_again_finds_the_same_run(scene: Scene) -> None:
    assert scene.provider is not None
    with scene.here() as connection, scene.here() as other:
        first = connection.call("route_task", task=TASK, mode="delegate", candidates=["right"])
        meanwhile = other.call("route_task", task=TASK, mode="delegate", candidates=["right"])
        row = connection.ended(first["decision_id"])
        count = len(scene.provider.requests)
        later = connection.call("route_task", task=TASK, mode="delegate", candidates=["right"])
        assert {first["decision_id"], meanwhile["decision_id"], later["decision_id"]} == {row["decision_id"]}
        assert later["status"] == "done"
        different = connection.call("route_task", task=TASK, mode="delegate", candidates=["other"])
        assert different["decision_id"] != row["decision_id"]
        connection.ended(different["decision_id"])
    assert len(scene.memory().attempts(row["decision_id"])) == 1
    assert len([r for r in scene.provider.requests if r.body["model"] == "right"]) == count


def test_a_result_is_listed_shown_applied_and_discarded_by_commands(scene: Scene) -> None:
    with scene.here() as connection:
        decision_id = connection.delegate(TASK, candidates=["right"])["decision_id"]
    (listed,) = scene.json("runs")
    assert (listed["decision_id"], listed["status"], listed["verdict"]) == (decision_id, "done", "pass")
    assert listed["cost_usd"] == pytest.approx(attempt_usd("right"))
    assert "- discount" in scene.json("diff", decision_id)["diff"]
    index = (scene.root / ".git" / "index").read_bytes()
    (scene.root / "shop.py").write_text("# rewritten meanwhile\n")
    refused = scene.command("apply", decision_id, code=1)
    assert "does not apply" in refused.stderr
    assert is_one_sentence(refused.stderr)
    assert (scene.root / "shop.py").read_text() == "# rewritten meanwhile\n"
    (scene.root / "shop.py").write_text(SHOP)
    assert scene.json("apply", decision_id)["applied_to"] == str(scene.root)
    assert (scene.root / "shop.py").read_text() == RIGHT
    assert (scene.root / ".git" / "index").read_bytes() == index
    assert scene.json("gc", "--days", "0") == {"would_drop": [f"{scene.root}: runs/{decision_id}/1"]}
    assert "refs/acrouter/" in git(scene.root, "for-each-ref")
    assert scene.json("discard", decision_id)["refs_dropped"] == 1
    assert "refs/acrouter/" not in git(scene.root, "for-each-ref")
    assert "discarded" in scene.command("diff", decision_id, code=2).stderr
    assert scene.json("gc", "--days", "0", "--yes") == {"dropped": []}
    assert "d_unknown" in scene.command("diff", "d_unknown", code=2).stderr


def test_a_cap_for_one_task_holds_over_all_its_attempts(scene: Scene) -> None:
    with scene.here() as connection:
        row = connection.delegate(TASK, candidates=["wrong", "right"], max_cost_usd=0.1)
        assert models(row) == ["wrong", "right"]
        assert row["status"] == "done"
        assert row["cost_usd"] <= 0.1


@pytest.mark.parametrize(("cap_usd", "details"), [(0.0001, 0), (0.08, 7000)], ids=["tiny cap", "long task"])
def test_a_cap_that_is_too_low_for_a_call_is_named_and_not_held_against_the_model(
    scene: Scene, cap_usd: float, details: int
) -> None:
    assert scene.provider is not None
    with scene.here() as connection:
        task = SLOW_TASK + " Mind the details." * details
        row = connection.delegate(task, candidates=["right"], max_cost_usd=cap_usd)
    assert not scene.provider.requests
    assert row["status"] == "failed"
    assert "max_cost_usd" in row["note"]
    assert is_one_sentence(row["note"])
    observed = [o for o in scene.memory().observations() if o.task_id == row["decision_id"]]
    assert {observation.score for observation in observed} <= {None}


def test_a_cap_for_the_day_holds_over_two_servers_at_once(scene: Scene) -> None:
    assert scene.provider is not None
    scene.configure("[budget]\nday_usd = 0.5")
    scene.provider.fail("right", "silence", times=1)
    with scene.client() as first, scene.here() as second:
        waiting = first.call("route_task", task=TASK, mode="delegate", candidates=["right"])
        until(lambda: scene.provider.requests, "the first server's request")
        # The silent call may yet cost what is set aside for it, so another one of that size does not fit.
        refused = second.delegate(SLOW_TASK, candidates=["right"])
        assert refused["status"] == "failed"
        assert "budget.day_usd is $0.5" in refused["note"]
        assert len(scene.provider.requests) == 1
        assert scene.memory().reserved_usd() <= 0.5
        assert waiting["status"] == "running"


def test_an_unknown_price_under_a_cap_is_refused(scene: Scene) -> None:
    assert scene.provider is not None
    scene.configure(price="{}")
    with scene.here() as connection:
        row = connection.delegate(TASK, candidates=["right"], max_cost_usd=1)
        assert row["status"] == "failed"
        assert "price is unknown" in row["note"]
        assert is_one_sentence(row["note"])
        assert not scene.provider.requests
        free = connection.delegate(TASK, candidates=["right"])
    assert free["status"] == "done"
    assert "cost_usd" not in free
    assert free["attempts"][0]["cost_source"] == "unknown"


def test_a_substitute_is_shown_and_credited_itself(scene: Scene) -> None:
    assert scene.provider is not None
    scene.provider.fail("right", "substitute:cheaper-one")
    with scene.here() as connection:
        row = connection.delegate(TASK, candidates=["right"])
        rows = connection.call("query_memory", view="models")["rows"]
    (attempt,) = row["attempts"]
    assert (attempt["model"], attempt["served"], attempt["verdict"]) == ("right", "cheaper-one", "pass")
    assert {row["candidate"]: row["judged"] for row in rows} == {"cheaper-one": 1}


def test_delegation_without_a_model_says_how_to_name_one(plain: Scene) -> None:
    with plain.here() as connection:
        assert "[models." in connection.refusal("route_task", task=TASK, mode="delegate")


def test_delegation_outside_a_repository_is_refused(scene: Scene, tmp_path: Path) -> None:
    with scene.here() as connection:
        assert "repo:" in connection.refusal("route_task", task=TASK, mode="delegate", repo=str(tmp_path))
