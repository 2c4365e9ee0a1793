"""Subagents are followed, their work is told apart and judged, and the router learns, all by hooks alone."""

from __future__ import annotations

from tests.server.scene import RIGHT, SHOP, WRONG

from .scene import Claude, git


def test_a_subagent_that_solves_its_task_teaches_a_verified_pass(claude: Claude) -> None:
    call, said = claude.start(model="opus")
    assert (said.code, said.stdout) == (0, b"")
    claude.has_base()
    claude.edits(call, "shop.py", RIGHT)
    assert claude.stops(call).stdout == b""
    (outcome, *_), (attempt,), (decision,) = claude.outcomes(), claude.attempts(), claude.decisions()
    assert (outcome.verdict, outcome.source, outcome.candidate) == ("pass", "verified", "haiku")
    assert (decision.mode, decision.client, decision.dimension) == ("advise", "claude-code", "bug_fixing")
    assert decision.chain
    assert (attempt.candidate, attempt.model_served) == ("haiku", "claude-haiku-5-5")
    # Two lines of one message repeat its usage: it counts once.
    tokens = attempt.tokens
    assert (tokens.input, tokens.cache_read, tokens.cache_write, tokens.output) == (100, 1000, 50, 10)
    assert attempt.cost_usd is not None
    assert round(attempt.cost_usd, 9) == round((100 * 0.1 + 1000 * 0.01 + 50 * 0.125 + 10 * 0.5) / 1e6, 9)
    assert attempt.cost_source == "computed"
    assert git(claude.root, "status", "--porcelain").split() == ["M", "shop.py"]


def test_a_failure_is_the_failure_of_the_model_that_answered_not_of_the_one_asked_for(claude: Claude) -> None:
    call, _ = claude.start(model="opus")
    claude.has_base()
    claude.says(call, {"type": "text", "text": "Let me see."}, model="claude-haiku-5-5", asked="claude-opus-5-5")
    claude.edits(call, "shop.py", WRONG)
    claude.stops(call)
    (outcome, *_), (attempt,) = claude.outcomes(), claude.attempts()
    assert (outcome.verdict, outcome.candidate) == ("fail", "haiku")
    assert attempt.model_served == "claude-haiku-5-5"


def test_uncommitted_work_of_the_user_is_no_part_of_the_patch(claude: Claude) -> None:
    (claude.root / "notes.txt").write_text("mine\n")
    call, _ = claude.start()
    claude.has_base()
    claude.edits(call, "shop.py", RIGHT)
    claude.stops(call)
    claude.outcomes()
    (attempt,) = claude.attempts()
    assert attempt.result is not None
    base = claude.decisions()[0].base
    assert base is not None
    assert git(claude.root, "diff", "--name-only", base.commit, attempt.result).split() == ["shop.py"]
    assert SHOP in git(claude.root, "show", f"{base.commit}:shop.py")
