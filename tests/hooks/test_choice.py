"""The hook chooses as route_task does, from the memory's snapshot, and puts the choice into the call."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pytest

from mcp_router.errors import AcrouterError
from mcp_router.hooks.keep import Keeper
from mcp_router.hooks.rewrite import advice
from mcp_router.intake import Request, new_decision_id, prepare
from mcp_router.orchestrator.task import make_task
from mcp_router.session import Session
from mcp_router.types import Candidate, Choice, Plan
from memory_store.records import Attempt, Decision, Outcome, now

from .scene import TASK, UNHURRIED, Claude, make_repository, until

MODELS = ("haiku", "sonnet", "opus", "fable")
VERBS = ("Fix the crash in", "Add a flag to", "Write tests for", "Refactor", "Explain", "Speed up")
THINGS = (
    "parse_header()",
    "cart.total",
    "the CSV reader",
    "src/main.rs",
    "the login form",
    "payment/refund.py",
    "cache",
)
CHOOSE = """
import json, sys
from mcp_router.hooks.snapshot import open_snapshot
snapshot = open_snapshot(sys.argv[1], "claude-code")
from mcp_router.hooks import decide
for text in json.load(sys.stdin):
    try:
        plan, candidates = decide.choose(snapshot, text, sys.argv[2])
    except decide.AcrouterError:
        print("null")
        continue
    chain = [vars(one) for one in plan.chain]
    print(json.dumps([chain, plan.propensity, plan.reason, [c.id for c in candidates]]))
"""


def remember(session: Session, tasks: int, seed: int = 1) -> None:
    """A memory of attempts on made-up tasks, in two repositories."""
    dice, records = Random(seed), list[Decision | Attempt | Outcome]()
    for number in range(tasks):
        text = f"{dice.choice(VERBS)} {dice.choice(THINGS)} when item_{dice.randrange(40)} is empty"
        task = make_task(text)
        name, repo = dice.choice(MODELS), dice.choice(("repo-aaaaaaaa", "other-bbbbbbbb"))
        records += outcome_on(
            f"d_{seed}_{number}", name, float(dice.random() < 0.6), repo, task.features, task.dimension
        )
    session.store.append(*records)


def outcome_on(
    key: str, name: str, score: float, repo: str | None, features: tuple[int, ...], dimension: str
) -> tuple[Decision, Attempt, Outcome]:
    decision = Decision(
        decision_id=key,
        at=now(),
        repo=repo,
        title="",
        features=features,
        dimension=dimension,
        chain=(),
        propensity=1.0,
        policy="test",
        reason="",
    )
    attempt = Attempt(
        attempt_id=f"{key}.1", decision_id=key, at=now(), candidate=name, model_asked=name, cost_usd=0.01 + score / 50
    )
    outcome = Outcome(
        outcome_id=f"{key}.o",
        attempt_id=f"{key}.1",
        decision_id=key,
        at=now(),
        candidate=name,
        verdict="pass" if score else "fail",
        score=score,
        source="verified",
        strength=0.8,
    )
    return decision, attempt, outcome


def chosen_by_route_task(session: Session, root: Path, text: str) -> object:
    """As route_task decides, in the words of `CHOOSE`."""
    request = Request(task=text, repo=str(root), dry_run=True)
    try:
        prepared = prepare(session, request, "claude-code", new_decision_id())
    except AcrouterError:
        return None
    decision = session.router.route(prepared.ask, keep=False)
    chain = [asdict(choice) for choice in decision.chain]
    return json.loads(json.dumps([chain, decision.propensity, decision.reason, decision.eligible]))


@pytest.mark.parametrize(
    ("tasks", "config", "own"),
    [
        (0, "", None),
        (1, "explore = 0.5", None),
        (300, "explore = 0.5\nseed = 3\nmax_attempts = 1", None),
        (300, 'max_attempts = 2\n[floor]\n"payment" = "opus"', 'candidates = ["haiku", "claude-opus-5-5"]'),
        (40, 'candidates = ["claude-haiku-4-5", "opus@high", "opus@low"]', "[budget]\nrun_usd = 0.02"),
    ],
    ids=["empty", "one", "many", "narrowed", "configured"],
)
def test_the_hook_chooses_as_route_task_does(tmp_path: Path, tasks: int, config: str, own: str | None) -> None:
    root, home = make_repository(tmp_path / "repo"), tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(f'route = "set"\n{config}\n')
    if own is not None:
        (root / ".acrouter.toml").write_text(own)
    session = Session(home, root)
    remember(session, tasks)
    if tasks == 300:
        _, attempt, _ = outcome_on("d_down", "sonnet", 0.0, None, (), "unknown")
        session.store.append(replace(attempt, fault="the API failed: 529", model_asked="claude-sonnet-5-5"))
    assert Keeper(session).keep("claude-code", root)
    texts = [f"{verb} {thing} when item_{n} is empty" for n in range(3) for verb in VERBS for thing in THINGS]
    texts += ["", "Fix a typo in the README", "x" * 300_000, "Fix it. " * 5_000]
    argv = [sys.executable, "-I", "-c", CHOOSE, str(home), str(root)]
    done = subprocess.run(argv, input=json.dumps(texts), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    for text, line in zip(texts, done.stdout.splitlines(), strict=True):
        assert json.loads(line) == chosen_by_route_task(session, root, text), text[:80]
    chains = [json.loads(line)[0] for line in done.stdout.splitlines() if line != "null"]
    firsts = {chain[0]["candidate"] for chain in chains if chain}
    assert len(firsts) > 1 or tasks < 300
    session.close()


def answered(claude: Claude, task: str = TASK, **given: object) -> dict[str, object]:
    """What the hook answers to a call, once there is a snapshot."""
    claude.hook("SessionStart", source="startup")
    until(lambda: (claude.home / "hooks" / "snapshot-claude-code").exists(), "the snapshot")
    _, ran = claude.start(task, UNHURRIED, **given)
    assert ran.answer is not None
    return ran.answer


def test_the_chosen_model_is_put_into_the_whole_call(claude: Claude) -> None:
    claude.configure(route="set")
    answer = answered(claude, model="opus")
    assert answer["hookEventName"] == "PreToolUse"
    assert "permissionDecision" not in answer
    expected = {"description": "a subtask", "prompt": TASK, "subagent_type": "general-purpose"}
    assert answer["updatedInput"] == {**expected, "run_in_background": False, "model": "haiku"}
    until(lambda: any(d.chain[0].candidate == "haiku" for d in claude.decisions()), "its decision")


@pytest.mark.parametrize("best", [(), (("host", 1.0),)], ids=["", "though the host would do it best"])
def test_after_enough_outcomes_another_model_is_put_in(claude: Claude, best: tuple[tuple[str, float], ...]) -> None:
    claude.configure(route="set")
    session, task = Session(claude.home, claude.root), make_task(TASK)
    repo = prepare(session, Request(task=TASK), "claude-code", "d_x").repository
    assert repo is not None
    for n in range(8):
        for name, score in (("haiku", 0.0), ("sonnet", 1.0), ("opus", 0.0), ("fable", 0.0), *best):
            records = outcome_on(f"d_{n}{name}", name, score, repo.identity, task.features, task.dimension)
            session.store.append(*records)
    session.close()
    answer = answered(claude)
    assert answer["updatedInput"]["model"] == "sonnet"  # type: ignore[index]


def test_advice_is_one_short_sentence_and_changes_nothing(claude: Claude) -> None:
    claude.configure(route="advise")
    answer = answered(claude)
    assert set(answer) == {"hookEventName", "additionalContext"}
    said = str(answer["additionalContext"])
    assert "claude-haiku-5-5" in said
    longest = Choice(candidate="m" * 200, model="m" * 200, p_success=0.5, low=0, high=1, cost_usd=1234.5)
    candidate = Candidate("m" * 200, "m" * 200, effort="medium")
    for text in (
        said,
        advice(candidate, Plan((longest,), 1.0, "")),
        advice(Candidate("host", "host"), Plan((), 1.0, "")),
    ):
        assert len(text) / 2 <= 100, "two characters a token is more than any tokenizer needs"


def test_a_model_that_the_field_does_not_take_is_reached_by_a_kind_of_subagent(claude: Claude) -> None:
    claude.configure('candidates = ["claude-haiku-4-5"]', route="set")
    folder = claude.root / ".claude" / "agents"
    folder.mkdir(parents=True)
    (folder / "small.md").write_text("---\nname: small\nmodel: claude-haiku-4-5\n---\nDo it.\n")
    (folder / "mine.md").write_text("---\nname: mine\nmodel: opus\n---\nDo it.\n")
    answer = answered(claude)
    assert answer["updatedInput"]["subagent_type"] == "small"  # type: ignore[index]
    assert "model" not in answer["updatedInput"]  # type: ignore[operator]
    for kind in ("mine", "Explore"):
        assert claude.start(argv=UNHURRIED, subagent_type=kind)[1].stdout == b""


def test_an_impossible_choice_leaves_the_call_as_it_was(claude: Claude) -> None:
    claude.configure('candidates = ["some-model-of-mine"]', route="set")
    claude.hook("SessionStart", source="startup")
    until(lambda: (claude.home / "hooks" / "snapshot-claude-code").exists(), "the snapshot")
    for _ in range(3):
        assert claude.start(argv=UNHURRIED)[1].stdout == b""


def test_what_a_command_or_server_learned_reaches_the_next_hook(claude: Claude) -> None:
    claude.configure(route="set")
    argv = [sys.executable, "-I", "-m", "mcp_router", "route", TASK]
    subprocess.run(argv, cwd=claude.root, env=claude.env(), check=True, capture_output=True, timeout=60)
    until(lambda: (claude.home / "hooks" / "snapshot-claude-code").exists(), "the snapshot")
    assert claude.start(argv=UNHURRIED)[1].answer is not None
