"""Transcripts of Claude Code in their odder shapes."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mcp_router.hooks.calls import decision_id_of
from memory_store.records import Attempt, Decision, Outcome
from memory_store.similarity import features
from memory_store.store import MemoryStore
from tests.imports.history import HAIKU, OPUS, SESSION, Claude, learn
from tests.imports.make_traces import make_repository
from tests.memory.builders import attempt, decision

RED, GREEN = "1 failed in 0.1s", "1 passed in 0.1s"
TASK = "Fix the total of the cart."


@pytest.fixture
def main(tmp_path: Path) -> Claude:
    repo = tmp_path / "r"
    repo.mkdir()
    return Claude(tmp_path, repo)


def learned(tmp_path: Path) -> list[tuple[Decision, Attempt, Outcome | None]]:
    learn(tmp_path / "home", "claude-code", tmp_path / "projects")
    store = MemoryStore(tmp_path / "home")
    attempts = [(one, attempt) for one in store.decisions() for attempt in store.attempts(one.decision_id)]
    return [(one, attempt, store.effective_outcome(attempt.attempt_id)) for one, attempt in attempts]


def mend(main: Claude, **fields: Any) -> None:
    main.bash("pytest", RED, 1, **fields)
    main.edit("shop/cart.py", **fields)
    main.bash("pytest", GREEN, **fields)


def test_usage_counts_once_a_message_though_each_block_repeats_it(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    blocks = [{"type": "thinking", "thinking": ""}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    main.answer(*blocks, cache_read_input_tokens=500, cache_creation_input_tokens=200, output_tokens=777)
    [(_, attempt, _)] = learned(tmp_path)
    tokens = attempt.tokens
    assert (tokens.input, tokens.cache_read, tokens.cache_write, tokens.output) == (1000, 500, 200, 777)
    assert attempt.turns == 1


def test_each_human_turn_is_a_subtask_and_what_the_harness_says_is_none(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.answer()
    main.human(
        "<task-notification>done</task-notification>", origin={"kind": "task-notification"}, promptSource="system"
    )
    main.human("Caveat: local", isMeta=True)
    main.human("the story so far", isCompactSummary=True)
    main.answer()
    main.human("No, in the checkout too.", promptSource="sdk")
    main.answer()
    main.human("<command-name>/clear</command-name>")
    assert [(one.title, attempt.turns) for one, attempt, _ in learned(tmp_path)] == [
        (TASK, 2),
        ("No, in the checkout too.", 1),
    ]


def test_an_interrupt_and_a_failure_of_the_provider_are_faults_and_teach_nothing(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    mend(main)
    main.human("[Request interrupted by user for tool use]", rowSource="harness")
    main.human("Go on.")
    main.answer()
    error = {
        "role": "assistant",
        "model": "<synthetic>",
        "content": [],
        "usage": {"input_tokens": 9, "output_tokens": 9},
    }
    main.write(type="assistant", message=error, isApiErrorMessage=True, apiErrorStatus=529)
    found = learned(tmp_path)
    assert [(attempt.fault, outcome) for _, attempt, outcome in found] == [
        ("interrupted by the user", None),
        ("api error 529", None),
    ]
    assert [attempt.tokens.input for _, attempt, _ in found] == [3000, 1000]


def test_a_denied_edit_is_no_edit(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.bash("pytest", RED, 1)
    main.use("Edit", {"file_path": f"{main.cwd}/a.py"}, "denied", is_error=True, toolDenialKind="user-rejected")
    main.bash("pytest", GREEN)
    [(_, _, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert outcome.verdict == "no_signal"


def test_a_long_success_is_read_to_its_end_from_the_sessions_own_file(tmp_path: Path, main: Claude) -> None:
    folder = main.file.with_suffix("") / "tool-results"
    folder.mkdir(parents=True)
    (folder / "long.txt").write_text("x\n" * 200_000 + RED, encoding="utf-8")
    (tmp_path / "other.txt").write_text(GREEN, encoding="utf-8")
    main.human(TASK)
    main.bash("pytest", RED, 1)
    main.edit("shop/cart.py")
    persisted = {"stdout": "x", "persistedOutputPath": "/elsewhere/long.txt"}
    main.bash("pytest; true", "<persisted-output>", toolUseResult=persisted)
    [(_, _, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert outcome.verdict == "fail"


def test_a_run_in_the_background_says_nothing(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.bash("pytest", RED, 1)
    main.edit("shop/cart.py")
    main.bash("pytest", GREEN, toolUseResult={"stdout": "", "backgroundTaskId": "b1"})
    [(_, _, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert outcome.verdict == "no_signal"


def test_what_a_shell_command_changed_counts_as_its_edit(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.bash("pytest", RED, 1)
    main.bash("python fix.py", "ok", toolUseResult={"bashEditDiff": {"changedFiles": [f"{main.cwd}/tests/test_a.py"]}})
    main.edit("shop/cart.py")
    main.bash("pytest", GREEN)
    [(_, _, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert outcome.verdict == "no_signal"


def test_the_model_that_served_is_the_one_that_counts(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.bash("pytest", RED, 1, model=HAIKU)
    main.edit("shop/cart.py", model=OPUS)
    main.bash("pytest", GREEN, model=OPUS)
    found = {attempt.candidate: outcome for _, attempt, outcome in learned(tmp_path)}
    assert {name: outcome and outcome.verdict for name, outcome in found.items()} == {
        "haiku": "no_signal",
        "opus": "pass",
    }


def test_an_effort_that_the_call_asked_for_is_part_of_the_candidate(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.answer()
    agent = Claude(tmp_path, Path(main.cwd), agent="a1")
    agent.human("Round it.")
    agent.answer(model=HAIKU)
    agent.file.with_suffix(".meta.json").write_text('{"effort": "low"}', encoding="utf-8")
    assert {attempt.candidate for _, attempt, _ in learned(tmp_path)} == {"opus", "haiku@low"}


def test_a_subagent_that_hooks_saw_is_not_counted_twice(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.answer()
    agent = Claude(tmp_path, Path(main.cwd), agent="a1")
    agent.human("Round it.")
    agent.answer(model=HAIKU)
    agent.file.with_suffix(".meta.json").write_text('{"toolUseId": "toolu_7"}', encoding="utf-8")
    MemoryStore(tmp_path / "home").append(decision(decision_id_of(SESSION, "toolu_7"), chain=()))
    assert [attempt.candidate for _, attempt, _ in learned(tmp_path)] == ["opus"]


def test_a_subagent_whose_task_the_agent_had_routed_is_not_counted_twice(tmp_path: Path, main: Claude) -> None:
    asked, elsewhere = "Round it in shop/cart.py.", "Write the changelog."
    store = MemoryStore(tmp_path / "home")
    for key, minute, text, attempts in (
        ("now", 539, asked, 1),
        ("unused", 539, elsewhere, 0),
        ("earlier", 479, elsewhere, 1),
    ):
        store.append(decision(key, minute, repo=None, title=text, features=features(text), chain=()))
        store.append(*(attempt(f"{key}.1", minute, decision_id=key) for _ in range(attempts)))
    main.human(asked)
    main.answer()
    for name, text in (("a1", f"{asked} Then run all tests."), ("a2", elsewhere)):
        agent = Claude(tmp_path, Path(main.cwd), agent=name)
        agent.human(text)
        agent.answer(model=HAIKU)
    imported = [(one.title, found.candidate) for one, found, _ in learned(tmp_path) if one.mode == "import"]
    assert sorted(imported) == [(asked, "opus"), (elsewhere, "haiku")]


def test_what_is_written_to_the_one_hour_cache_costs_twice_the_input(tmp_path: Path, main: Claude) -> None:
    kept = {"ephemeral_1h_input_tokens": 400_000, "ephemeral_5m_input_tokens": 600_000}
    main.human(TASK)
    main.answer(model="claude-haiku-4-5", cache_creation_input_tokens=1_000_000, cache_creation=kept)
    [(_, attempt, _)] = learned(tmp_path)
    assert attempt.tokens.cache_write == 1_000_000
    # 1,000 tokens in and 100 out at $1 and $5 a million; of the cache 0.6 million at $1.25 and 0.4 million at $2.
    assert attempt.cost_usd == pytest.approx(0.001 + 0.0005 + 0.75 + 0.8)


def test_an_older_model_is_not_taken_for_the_one_that_bears_its_short_name_now(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.answer(model="claude-opus-4-5-20251101")
    main.human("Again.")
    main.answer(model="something-new")
    found = {attempt.candidate: attempt.cost_source for _, attempt, _ in learned(tmp_path)}
    assert found == {"claude-opus-4-5": "computed", "something-new": "unknown"}


def test_a_subagent_and_its_parent_in_one_tree_cannot_both_be_credited(tmp_path: Path, main: Claude) -> None:
    agent = Claude(tmp_path, Path(main.cwd), agent="a1")
    main.human(TASK)
    agent.human("Round it.")
    for one in (main, agent):
        one.bash("pytest", RED, 1)
        one.edit("shop/cart.py")
    main.bash("pytest", GREEN)
    assert {outcome and outcome.verdict for _, _, outcome in learned(tmp_path)} == {"no_signal"}


def test_a_worktree_that_is_gone_stands_for_its_repository(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "repo")
    main = Claude(tmp_path, repo)
    main.human(TASK)
    main.answer()
    agent = Claude(tmp_path, repo / ".claude" / "worktrees" / "agent-a1", agent="a1")
    agent.human("Round it.")
    agent.answer(model=HAIKU)
    assert len({one.repo for one, _, _ in learned(tmp_path)}) == 1
    assert None not in {one.repo for one, _, _ in learned(tmp_path)}


def test_a_repository_that_goes_later_stays_known(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "repo")
    main = Claude(tmp_path, repo)
    main.human(TASK)
    main.answer()
    [(before, _, _)] = learned(tmp_path)
    shutil.rmtree(repo)
    main.human("And then?")
    main.answer()
    [(first, _, _), (second, _, _)] = learned(tmp_path)
    assert first.repo == before.repo
    assert before.repo is not None
    assert second.title == "And then?"


def test_a_session_that_grew_is_judged_anew(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    mend(main)
    [(_, first, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert (outcome.verdict, first.turns) == ("pass", 3)
    main.edit("shop/cart.py")
    [(_, later, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert (outcome.verdict, later.turns) == ("no_signal", 4)
    observations = MemoryStore(tmp_path / "home").observations()
    assert [(one.score, one.imported) for one in observations] == [(None, True)]


def test_lines_that_cannot_be_read_are_counted_and_do_no_harm(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    mend(main)
    with main.file.open("a", encoding="utf-8") as file:
        file.write('{"type":"user", broken\n["type":"assistant"]\n{"type":"user","message":7}\n')
        file.write('{"type":"assistant","message":{"content":[1,null,{"type":"tool_use"}],"usage":[]}}\n')
        file.write('{"type":"fold","x":{"type":"user"}}\n{"type":"user","message":{"content":"half')
    told = learn(tmp_path / "home", "claude-code", tmp_path / "projects")
    assert told["not_read"]["broken_lines"] == 2
    assert told["not_read"]["unknown"] == {"assistant without a model": 1, "fold": 1}
    assert told["total"]["pass"] == 1


def test_values_of_another_type_than_today_are_no_obstacle(tmp_path: Path, main: Claude) -> None:
    main.human(TASK, timestamp="yesterday", cwd=7)
    main.answer()
    main.human("Again.", timestamp=None, cwd=None)
    main.bash("pytest", RED, 1, toolUseResult=["x"], cwd={"a": 1})
    main.write(type="assistant", timestamp=12, effort=3, message={"model": OPUS, "id": 5, "usage": 7, "content": "x"})
    found = learned(tmp_path)
    assert all(datetime.fromisoformat(at).year >= 2026 for one, attempt, _ in found for at in (one.at, attempt.at))
    assert {one.title: attempt.tokens.input for one, attempt, _ in found} == {TASK: 1000, "Again.": None}


def test_keys_in_a_prompt_are_not_kept(tmp_path: Path, main: Claude) -> None:
    key = "sk-ant-" + "x" * 40
    main.human(f"Use {key} to fix it.")
    main.answer()
    learned(tmp_path)
    assert key not in (tmp_path / "home" / "journal.jsonl").read_text(encoding="utf-8")
    assert all("[redacted]" in one.title for one in MemoryStore(tmp_path / "home").decisions())


def test_a_file_of_one_session_can_be_named(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.answer()
    assert learn(tmp_path / "home", "claude-code", main.file)["total"]["subtasks"] == 1
    assert json.loads((tmp_path / "home" / "imports.json").read_text())["sessions"]["claude-code"]


def test_a_message_that_was_written_while_it_streamed_counts_by_its_last_line(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    for tokens in (1, 1, 812):
        main.calls = 0
        main.answer(output_tokens=tokens)
    [(_, attempt, _)] = learned(tmp_path)
    assert (attempt.tokens.output, attempt.turns) == (812, 1)


def test_odd_files_stop_nothing_and_are_read_once_they_are_right(tmp_path: Path, main: Claude) -> None:
    folder = main.file.parent
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "nowhere.jsonl").symlink_to(tmp_path / "nowhere")
    main.human(TASK)
    main.use("Bash", {"command": "ls"}, toolUseResult={"bashEditDiff": {"changedFiles": 5}})
    assert learned(tmp_path) == []
    main.file.write_text(main.file.read_text().replace('"changedFiles":5', '"changedFiles":[]'))
    assert [attempt.candidate for _, attempt, _ in learned(tmp_path)] == ["opus"]


def test_a_key_is_not_kept_among_the_names_of_a_task(tmp_path: Path, main: Claude) -> None:
    main.human("Fix app.py for postgres://u:uY2L56tpvgIN@db.example/x, with Authorization: Bearer LZMfQllaaaabbbbcccc1")
    main.answer()
    learned(tmp_path)
    journal = (tmp_path / "home" / "journal.jsonl").read_text()
    assert "app.py" in journal
    assert "uY2L56tpvgIN" not in journal
    assert "LZMfQll" not in journal


def test_a_tool_of_another_server_that_edits_makes_no_pass(tmp_path: Path, main: Claude) -> None:
    main.human(TASK)
    main.bash("pytest", RED, 1)
    main.edit("shop/cart.py")
    main.use("mcp__filesystem__edit_file", {"path": "tests/test_cart.py"})
    main.bash("pytest", GREEN)
    assert {outcome and outcome.verdict for _, _, outcome in learned(tmp_path)} == {"no_signal"}
