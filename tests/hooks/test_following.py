"""Whose work it was: parallel and background subagents, worktrees, faults, and workers that die."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psutil

from memory_store.records import stamp
from tests.server.scene import RIGHT, SHOP

from .scene import Claude, agent_of, git, until


def only_reason(claude: Claude) -> str:
    """Of the one outcome, which has no verdict."""
    (outcome,) = claude.outcomes()
    assert (outcome.verdict, outcome.score, outcome.strength) == ("no_signal", None, 0.0)
    return outcome.reasons[0]


def patched(claude: Claude, task: str) -> list[str]:
    """The files in the patch of the attempt on a task."""
    decision = next(d for d in claude.memory().decisions() if d.title == task)
    (attempt,) = claude.memory().attempts(decision.decision_id)
    assert decision.base is not None
    assert attempt.result is not None
    return git(claude.root, "diff", "--name-only", decision.base.commit, attempt.result).split()


def test_parallel_subagents_each_answer_for_their_own_files(claude: Claude) -> None:
    first, _ = claude.start("Fix total() in shop.py.", run_in_background=True)
    second, _ = claude.start("Write notes.", run_in_background=True)
    claude.has_base(2)
    claude.edits(first, "shop.py", RIGHT)
    claude.edits(second, "notes.txt", "a note\n")
    claude.stops(second)
    claude.stops(first)
    claude.judged(2)
    assert patched(claude, "Fix total() in shop.py.") == ["shop.py"]
    assert patched(claude, "Write notes.") == ["notes.txt"]


def test_a_file_that_two_edited_at_once_has_no_verdict(claude: Claude) -> None:
    first, _ = claude.start("Fix total().")
    second, _ = claude.start("Fix total() too.")
    claude.has_base(2)
    claude.edits(first, "shop.py", SHOP + "\n")
    claude.edits(second, "shop.py", RIGHT)
    claude.stops(first)
    claude.stops(second)
    claude.judged(2)
    assert {o.verdict for o in claude.outcomes(2)} == {"no_signal"}
    assert all("others edited the same files at the same time: shop.py" in o.reasons[0] for o in claude.outcomes(2))


def test_what_a_command_changed_beside_others_is_nobody_s(claude: Claude) -> None:
    first, _ = claude.start("Format everything.", run_in_background=True)
    claude.has_base()
    claude.runs(first, "echo '# formatted' >> shop.py")
    claude.stops(first)
    assert "who changed shop.py cannot be told" in only_reason(claude)


def test_work_that_began_before_the_state_was_recorded_has_no_verdict(claude: Claude) -> None:
    before = stamp(datetime.now(UTC))
    call, _ = claude.start()
    claude.has_base()
    claude.edits(call, "shop.py", RIGHT, at=before)
    claude.stops(call)
    assert "begun to change files before" in only_reason(claude)


def test_two_models_in_one_subagent_have_no_verdict(claude: Claude) -> None:
    call, _ = claude.start()
    claude.has_base()
    claude.edits(call, "shop.py", SHOP + "\n")
    claude.edits(call, "shop.py", RIGHT, model="claude-opus-5-5")
    claude.stops(call)
    assert "two models edited" in only_reason(claude)


def test_a_worktree_of_the_client_is_compared_with_head_not_with_the_user_s_tree(claude: Claude) -> None:
    (claude.root / "shop.py").write_text(SHOP + "# mine, not committed\n")
    call, _ = claude.start(isolation="worktree")
    claude.has_base()
    tree = claude.root / ".claude" / "worktrees" / f"agent-{agent_of(call)}"
    git(claude.root, "worktree", "add", "-q", str(tree), "-b", "worktree-agent", "HEAD")
    claude.edits(call, "shop.py", RIGHT, root=tree)
    claude.note(call, worktreePath=str(tree))
    claude.stops(call)
    outcome = claude.outcomes()[0]
    assert (outcome.verdict, outcome.candidate) == ("pass", "haiku")
    assert (claude.root / "shop.py").read_text() == SHOP + "# mine, not committed\n"


def test_a_subagent_that_changes_nothing_has_no_verdict_and_its_cost_counts(claude: Claude) -> None:
    call, _ = claude.start("Where is total() defined?")
    claude.has_base()
    claude.says(call, {"type": "text", "text": "In shop.py."})
    claude.stops(call)
    assert "nothing changed" in only_reason(claude)
    assert claude.attempts()[0].cost_usd


def test_an_error_of_the_api_is_not_the_model_s_failure(claude: Claude) -> None:
    call, _ = claude.start()
    claude.has_base()
    claude.edits(call, "shop.py", SHOP + "\n")
    claude.note(call)
    claude.hook("StopFailure", agent_id=agent_of(call), error="overloaded_error")
    (attempt,) = claude.attempts()
    assert attempt.fault == "the API failed: overloaded_error"
    assert (attempt.tokens.output, attempt.candidate) == (10, "haiku")
    claude.judged()
    assert claude.memory().outcomes() == []


def test_what_was_interrupted_or_denied_is_settled_when_the_session_ends(claude: Claude) -> None:
    interrupted, _ = claude.start("Fix total() in shop.py.")
    claude.start("Denied before it began.")
    claude.has_base(2)
    claude.edits(interrupted, "shop.py", RIGHT)
    claude.hook("SessionEnd", reason="other")
    attempts = claude.attempts(2)
    assert {(attempt.fault or "").partition(":")[0] for attempt in attempts} == {"interrupted"}
    claude.judged(2)
    assert claude.memory().outcomes() == []


def test_a_session_whose_client_died_is_settled_by_the_next_one(claude: Claude) -> None:
    import subprocess

    client = subprocess.Popen(["sleep", "600"])
    claude.extra["CLAUDE_PID"] = str(client.pid)
    claude.start()
    claude.has_base()
    client.kill()
    client.wait()
    other = Claude(claude.root, claude.folder, session="s-2")
    other.hook("SessionStart", source="startup")
    assert (claude.attempts()[0].fault or "").startswith("interrupted")


def test_a_killed_worker_loses_nothing(claude: Claude) -> None:
    call, _ = claude.start()
    claude.has_base()
    claude.edits(call, "shop.py", RIGHT)
    claude.end_workers()
    claude.stops(call)
    until(lambda: any(c["status"] == "ended" for c in claude.calls()), "the end of the subagent")
    claude.end_workers()
    claude.hook("SessionStart", source="startup")
    assert claude.outcomes()[0].verdict == "pass"
    assert len(claude.decisions()) == len(claude.attempts()) == 1


def test_the_worker_gets_no_secret_and_leaves_when_it_is_told(claude: Claude) -> None:
    claude.start()
    claude.has_base()
    (worker,) = claude.workers()
    assert not any("CLAUDE" in name or "TOKEN" in name for name in worker.environ())
    assert worker.cwd() == "/"
    journal = (claude.home / "journal.jsonl").read_text()
    assert "token-that-nobody-may-keep" not in journal
    assert Path(worker.exe()).name.startswith("python")
    worker.terminate()
    psutil.wait_procs([worker], timeout=5)
    assert not claude.workers()
