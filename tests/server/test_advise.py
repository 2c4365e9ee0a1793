"""Advice: a model is named, the agent does the work, and the repository's own checks say what became of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_router.demo.provider import RecordedProvider
from mcp_router.types import HOST

from .scene import LONG_FILE, RIGHT, SHOP, TASK, TESTS, WRONG, Scene, git, make_repository, recorded, state_of
from .speaking import Connection

VIEWS = ("summary", "models", "neighbours", "outcomes", "decision", "run", "regret")


@pytest.fixture
def connection(scene: Scene) -> Iterator[Connection]:
    with scene.here() as opened:
        yield opened
    assert not list((scene.home / "worktrees").glob("*"))


def route(connection: Connection, task: str = TASK, **arguments: object) -> str:
    return str(connection.call("route_task", task=task, **arguments)["decision_id"])


def change(root: Path, text: str) -> None:
    (root / "shop.py").write_text(text, encoding="utf-8")


def test_work_that_passes_is_verified_and_taught(scene: Scene, connection: Connection) -> None:
    decision_id = route(connection)
    change(scene.root, RIGHT)
    before = state_of(scene.root)
    result = connection.report(decision_id, model="right", success=True, cost_usd=0.01)
    assert state_of(scene.root) == before
    assert (result["verdict"], result["score"], result["source"]) == ("pass", 1.0, "verified")
    assert result["next"] is None
    assert "right on bug fixing like this: " in result["learned"]
    earlier, later = result["learned"].partition(": ")[2].split(" -> ")
    assert int(later.rstrip("%")) > int(earlier.rstrip("%"))
    (row,) = connection.call("query_memory", view="models")["rows"]
    assert (row["candidate"], row["verified"], row["cost_usd"]) == ("right", 1, 0.01)


LYING = (
    RIGHT
    + """

class Always(int):
    def __eq__(self, other):
        return isinstance(other, int) or super().__eq__(other)

    __hash__ = int.__hash__


honest = total


def total(*args, **options):
    return Always(honest(*args, **options) + 1)
"""
)


@pytest.mark.parametrize(("text", "verdict", "strength"), [(RIGHT, "pass", 1.0), (LYING, "suspect", 0.5)])
def test_the_verdict_comes_first_and_twins_raise_or_lower_it_later(
    scene: Scene, connection: Connection, text: str, verdict: str, strength: float
) -> None:
    decision_id = route(connection)
    change(scene.root, text)
    first = connection.report(decision_id, model="right")
    assert (first["verdict"], first["strength"]) == ("pass", 0.8)
    deadline = time.monotonic() + 60
    while (last := scene.memory().outcomes(decision_id)[-1]).strength == 0.8:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (last.verdict, last.strength) == (verdict, strength)
    held = scene.memory().effective_outcome(last.attempt_id)
    assert held is not None
    assert held.outcome_id == last.outcome_id


def test_a_score_that_checkers_lower_is_written_down_though_the_strength_stays(
    scene: Scene, connection: Connection
) -> None:
    change(scene.root, RIGHT)
    git(scene.root, "commit", "-qam", "count the discount")
    decision_id = route(connection, "Add the constant LIMIT, 3, to shop.py.")
    change(scene.root, RIGHT + "\n\nLIMIT = 3  # noqa\n")
    first = connection.report(decision_id, model="right")
    assert (first["verdict"], first["strength"]) == ("pass", 0.48)
    deadline = time.monotonic() + 60
    while (last := scene.memory().outcomes(decision_id)[-1]).score == first["score"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (last.verdict, last.strength) == ("pass", 0.48)
    assert last.score is not None
    assert last.score < first["score"]


def test_the_checks_outrank_the_claim_and_say_who_is_next(scene: Scene, connection: Connection) -> None:
    decision_id = route(connection, candidates=["wrong", "right"])
    change(scene.root, WRONG)
    result = connection.report(decision_id, model="wrong", success=True)
    assert (result["verdict"], result["source"]) == ("fail", "verified")
    assert any("test_discount" in reason for reason in result["reasons"])
    assert result["next_model"] == "right"
    assert result["next"].startswith("Undo the change, then: ")
    change(scene.root, RIGHT)
    assert connection.report(decision_id, model="right")["verdict"] == "pass"
    memory = scene.memory()
    first, second = memory.attempts(decision_id)
    outcomes = [memory.effective_outcome(attempt.attempt_id) for attempt in (first, second)]
    assert [(o.candidate, o.score, o.source) for o in outcomes if o] == [
        ("wrong", 0.0, "verified"),
        ("right", 1.0, "verified"),
    ]
    assert sum(o.source == "reported" for o in memory.outcomes(decision_id)) == 1


def test_a_claim_alone_is_weak_evidence(scene: Scene, connection: Connection) -> None:
    decision_id = route(connection)
    result = connection.call("report_outcome", decision_id=decision_id, model="right", score=0.75, verify=False)
    assert (result["verdict"], result["source"], result["score"]) == ("pass", "reported", 0.75)
    assert result["strength"] < 0.5
    (observation,) = scene.memory().observations()
    assert not observation.verified


def test_reporting_twice_is_one_attempt_and_one_answer(scene: Scene, connection: Connection) -> None:
    decision_id = route(connection)
    change(scene.root, RIGHT)
    first = connection.report(decision_id, model="right", success=True, note="done")
    records = len(scene.memory().outcomes()), len(scene.memory().attempts())
    second = connection.report(decision_id, model="right", success=True, note="done")
    assert (len(scene.memory().outcomes()), len(scene.memory().attempts())) == records
    assert first == second
    polled = connection.call("query_memory", view="run", id=decision_id)["rows"][0]
    assert (polled["status"], polled["attempts"][0]["verdict"]) == ("done", "pass")
    assert "report_outcome again" in polled["next"]


def test_nothing_changed_is_no_verdict(connection: Connection) -> None:
    decision_id = route(connection)
    result = connection.report(decision_id, model="right")
    assert result["verdict"] == "no_signal"
    assert "worktree" in " ".join(result["reasons"])


def test_work_in_a_worktree_of_the_agent_is_judged_there(scene: Scene, connection: Connection, tmp_path: Path) -> None:
    (scene.root / "draft.txt").write_text("the user's own uncommitted work\n")
    decision_id = route(connection)
    tree = tmp_path / "agent's tree"
    git(scene.root, "worktree", "add", "-q", "--detach", str(tree))
    change(tree, RIGHT)
    result = connection.report(decision_id, model="right", worktree=str(tree))
    assert (result["verdict"], result["source"]) == ("pass", "verified")
    (attempt,) = scene.memory().attempts(decision_id)
    assert attempt.patch_sha256 is not None
    other = make_repository(tmp_path / "other")
    git(other, "commit", "-q", "--allow-empty", "--amend", "-m", "of another history")
    refused = connection.refusal("report_outcome", decision_id=decision_id, worktree=str(other))
    assert "another repository" in refused
    refused = connection.refusal("report_outcome", decision_id=decision_id, worktree=str(tmp_path / "nowhere"))
    assert "worktree" in refused


def test_bad_reports_are_refused_in_one_sentence(scene: Scene, connection: Connection) -> None:
    decision_id = route(connection)
    assert "score is 7" in connection.refusal("report_outcome", decision_id=decision_id, score=7)
    assert "cost_usd" in connection.refusal("report_outcome", decision_id=decision_id, cost_usd=-1)
    assert "decision_id" in connection.refusal("report_outcome", decision_id="d_nothing", success=True)
    assert "decision_id" in connection.refusal("report_outcome", decision_id="", success=True)
    assert not scene.memory().attempts()


def test_bad_tasks_are_refused_in_one_sentence(connection: Connection) -> None:
    assert "task" in connection.refusal("route_task", task="")
    assert "task" in connection.refusal("route_task", task="  \n ")
    assert "dimension" in connection.refusal("route_task", task=TASK, dimension="bugfixing")
    assert "force_model" in connection.refusal("route_task", task=TASK, force_model="gpt-0")
    assert "candidates" in connection.refusal("route_task", task=TASK, candidates=["gpt-0"])
    assert "repo" in connection.refusal("route_task", task=TASK, repo="/no/such/folder")


def test_a_task_of_a_megabyte_is_refused_and_a_long_one_routed_at_once(scene: Scene, connection: Connection) -> None:
    refused = connection.refusal("route_task", task="All of it. " * 95_000)
    assert refused.startswith("task has 1,045,000 characters")
    assert connection.call("route_task", task=TASK + "\n" + "All of it. " * 18_000)["status"] == "advised"
    assert max(connection.seconds) < 2.0
    assert (scene.home / "journal.jsonl").stat().st_size < 50_000


def test_a_dry_run_leaves_no_trace(scene: Scene, connection: Connection) -> None:
    assert connection.call("route_task", task=TASK, dry_run=True)["model"]
    assert not scene.memory().decisions()
    assert not git(scene.root, "for-each-ref", "refs/acrouter")


def test_an_idempotency_key_finds_the_decision_again(connection: Connection) -> None:
    assert route(connection, idempotency_key="k") == route(connection, idempotency_key="k")
    assert route(connection, idempotency_key="other") != route(connection, idempotency_key="k")


def test_no_repository_and_a_bare_one_get_advice_without_checks(
    scene: Scene, connection: Connection, tmp_path: Path
) -> None:
    bare, folder = tmp_path / "bare.git", tmp_path / "folder"
    folder.mkdir()
    git(tmp_path, "init", "-q", "--bare", str(bare))
    for place, word in ((folder, "git init"), (bare, "bare")):
        result = connection.call("route_task", task=TASK, repo=str(place))
        assert result["status"] == "advised"
        assert word in " ".join(result["notes"])
        assert result["checks"] is None
        reported = connection.report(result["decision_id"], model="right", success=True)
        assert reported["source"] == "reported"
    assert len(scene.memory().decisions()) == 2


def test_a_repository_without_a_commit_is_advised_and_verified(connection: Connection, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "fresh", commit=False)
    result = connection.call("route_task", task=TASK, repo=str(root))
    assert "no commit yet" in " ".join(result["notes"])
    change(root, RIGHT)
    assert connection.report(result["decision_id"], model="right")["verdict"] == "pass"
    assert git(root, "for-each-ref", "refs/heads") == ""


def test_a_repository_in_the_middle_of_a_merge(scene: Scene, connection: Connection) -> None:
    git(scene.root, "checkout", "-qb", "side")
    change(scene.root, SHOP + "# side\n")
    git(scene.root, "commit", "-qam", "side")
    git(scene.root, "checkout", "-q", "main")
    change(scene.root, SHOP + "# main\n")
    git(scene.root, "commit", "-qam", "main")
    with pytest.raises(Exception, match="merge"):
        git(scene.root, "merge", "side")
    before = state_of(scene.root)
    result = connection.call("route_task", task=TASK)
    assert "merge is under way" in " ".join(result["notes"])
    assert "merge" in connection.refusal("route_task", task=TASK, mode="delegate")
    assert state_of(scene.root) == before
    change(scene.root, RIGHT)
    assert connection.report(result["decision_id"], model="right")["verdict"] in ("pass", "no_signal")


def test_a_path_with_spaces_and_letters_of_any_language(connection: Connection, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "räume und 空白 'q'", {"shop.py": SHOP, "tests/test_größe ß.py": TESTS})
    result = connection.call("route_task", task=TASK, repo=str(root))
    change(root, RIGHT)
    before = state_of(root)
    assert connection.report(result["decision_id"], model="right")["verdict"] == "pass"
    assert state_of(root) == before


def test_a_slip_in_the_repositorys_configuration_is_named(scene: Scene, connection: Connection) -> None:
    (scene.root / ".acrouter.toml").write_text("[check]\ncommand = 'pytest'\n")
    refused = connection.refusal("route_task", task=TASK)
    assert ".acrouter.toml" in refused
    assert "did you mean checks?" in refused
    (scene.root / ".acrouter.toml").write_text("[checks\n")
    assert ".acrouter.toml is not valid TOML" in connection.refusal("route_task", task=TASK)


@pytest.mark.parametrize(
    ("client", "expected", "word"),
    [
        ("claude-code", {"haiku", "sonnet", "opus", "fable"}, "Agent"),
        ("codex-mcp-client", {"gpt-6-luna", "gpt-6-astra"}, "spawn_agent"),
    ],
)
def test_an_empty_home_without_a_key_names_what_the_client_can_run(
    plain: Scene, client: str, expected: set[str], word: str
) -> None:
    for mode in ("auto", "legacy"):
        with plain.here(client=client, mode=mode) as connection:
            connection.call("route_task", task=TASK)
            forced = connection.call("route_task", task=TASK, force_model=sorted(expected)[0])
            assert word in forced["action"]
    for decision in plain.memory().decisions():
        assert set(decision.eligible) in ({*expected, HOST}, {sorted(expected)[0]})
        assert decision.client == client


def test_the_host_is_a_candidate(connection: Connection) -> None:
    result = connection.call("route_task", task=TASK, candidates=[HOST])
    assert result["model"] == HOST
    assert result["action"].startswith("Do it yourself")


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_every_view_answers(tmp_path: Path, filled: bool) -> None:
    with RecordedProvider([TASK], recorded) as provider:
        scene = Scene(make_repository(tmp_path / "repo"), tmp_path / "home", provider)
        scene.configure()
        with scene.here() as connection:
            if not filled:
                for view in ("summary", "models", "outcomes", "regret"):
                    result = connection.call("query_memory", view=view)
                    assert view == "summary" or (result["rows"] == [] and "nothing" in result["note"])
                assert connection.call("query_memory", view="neighbours", query=TASK)["rows"] == []
                assert "query" in connection.refusal("query_memory", view="neighbours")
                for view in ("decision", "run"):
                    assert "decision_id" in connection.refusal("query_memory", view=view)
                    assert "unknown" in connection.refusal("query_memory", view=view, id="d_nothing")
                return
            decision_id = route(connection)
            change(scene.root, RIGHT)
            connection.report(decision_id, model="right", success=True, cost_usd=0.01)
            arguments = {"neighbours": {"query": TASK}, "decision": {"id": decision_id}, "run": {"id": decision_id}}
            for view in VIEWS:
                result = connection.call("query_memory", view=view, **arguments.get(view, {}))
                assert len(result["rows"]) == 1, view
            likeness = connection.call("query_memory", view="neighbours", query=TASK)["rows"][0]
            assert likeness["similarity"] > 0.9
            assert likeness["attempts"][0]["verdict"] == "pass"
            for filters in ({"dimension": "bug_fixing"}, {"model": "right"}, {"repo": str(scene.root)}):
                assert len(connection.call("query_memory", view="outcomes", **filters)["rows"]) == 1, filters
            for filters in ({"dimension": "algorithm"}, {"model": "wrong"}, {"repo": "/elsewhere"}):
                assert connection.call("query_memory", view="outcomes", **filters)["rows"] == [], filters


def test_rows_that_do_not_fit_come_by_offset(connection: Connection) -> None:
    ids = [route(connection, f"Fix bug number {number} in shop.py. {LONG_FILE[:500]}") for number in range(30)]
    seen, offset = [], 0
    while offset is not None:
        page = connection.call("query_memory", view="outcomes", limit=50, offset=offset)
        seen += [row["decision_id"] for row in page["rows"]]
        offset = page["next_offset"]
    assert seen == ids[::-1]
