"""What edits and runs of tests amount to: who is credited, who is blamed, and when nothing is said."""

from __future__ import annotations

import pytest

from mcp_router.imports.session import Author, Session
from mcp_router.imports.verdict import BROKEN, LEFT_RED, PASSED, Verdict, judge
from mcp_router.outcomes import CLAIM_STRENGTH

ROOT = "/r"
RED, GREEN = "1 failed in 0.1s", "1 passed in 0.1s"
SMALL, LARGE = Author("t1", "small"), Author("t1", "large")
NEXT = Author("t2", "small")
Step = tuple[Author, str, str]


def told(*steps: Step, cwd: str = ROOT) -> dict[Author, Verdict]:
    """The verdicts on a session of steps (author, "edit" and a path or a command, and its output)."""
    session = Session()
    session.begin("t1", "task", "", ROOT)
    for n, (author, what, output) in enumerate(steps):
        at = f"2026-11-24T09:30:{n:02}.000Z"
        if what.startswith("edit "):
            session.edited(author, at, what.removeprefix("edit ") if what != "edit ?" else None, cwd)
        else:
            session.ran(author, at, what, cwd, int(output == RED), output)
    return judge(session.events)


def verdict(*steps: Step, of: Author = SMALL) -> tuple[str, float]:
    found = told(*steps)[of]
    return found.verdict, found.strength


def red(by: Author = SMALL, command: str = "pytest") -> Step:
    return (by, command, RED)


def green(by: Author = SMALL, command: str = "pytest") -> Step:
    return (by, command, GREEN)


def edit(by: Author = SMALL, path: str = "shop/cart.py") -> Step:
    return (by, f"edit {path}", "")


NO_SIGNAL = ("no_signal", 0.0)


def test_an_edit_that_turns_a_failing_command_green_passes() -> None:
    assert verdict(red(), edit(), green()) == ("pass", PASSED)


def test_a_later_run_by_somebody_else_counts_too() -> None:
    assert verdict(red(), edit(), green(by=NEXT)) == ("pass", PASSED)


def test_green_again_after_another_edit_of_its_own_is_still_a_pass() -> None:
    assert verdict(red(), edit(), green(), edit(), green()) == ("pass", PASSED)


def test_a_command_that_was_green_and_turns_red_is_a_failure() -> None:
    assert verdict(green(), edit(), red()) == ("fail", BROKEN)


def test_a_turn_that_ends_red_is_a_weaker_failure() -> None:
    assert verdict(red(), edit(), red()) == ("fail", LEFT_RED)
    assert verdict(edit(), red()) == ("fail", LEFT_RED)


@pytest.mark.parametrize(
    "steps",
    [
        (edit(), green()),
        (green(), edit(), green()),
        (red(), edit(), green(command="pytest tests/test_a.py")),
        (red(), edit(path="tests/test_cart.py"), green()),
        (red(), edit(), edit(path="conftest.py"), green()),
        (red(), edit(), edit(path="?"), green()),
        (red(), edit(), green(), edit()),
        (red(), edit(), edit(by=LARGE), green()),
        (red(), edit(), edit(by=NEXT), green()),
        (red(), edit(), edit(by=Author("gone", "")), green()),
        (red(), edit(), green(), red(command="pytest --all")),
        (red(), edit(), (SMALL, "pytest | grep -c passed", "1")),
    ],
    ids=[
        "no failure before",
        "green all along",
        "another command",
        "a test was edited",
        "a test's harness was edited",
        "unknown files were edited",
        "an edit after the last run",
        "two models",
        "two subtasks",
        "a subagent that left no file",
        "runs that disagree",
        "neither summary nor exit code",
    ],
)
def test_anything_else_is_no_signal(steps: tuple[Step, ...]) -> None:
    assert verdict(*steps) == NO_SIGNAL


def test_a_flaky_test_credits_nobody() -> None:
    assert told(red(), green()) == {}


def test_what_another_one_begins_with_is_not_blamed_on_who_worked_before() -> None:
    found = told(red(), edit(), green(), red(by=NEXT, command="pytest tests/test_slug.py"))
    assert found[SMALL].verdict == "pass"


def test_a_worktree_of_its_own_has_its_own_before() -> None:
    """A subagent's worktree is made from HEAD: what fails or passes there says nothing of the tree above."""
    session = Session()
    session.begin("t1", "task", "", ROOT)
    inside = "/r/.claude/worktrees/agent-1"
    for n, (cwd, output) in enumerate(((ROOT, RED), (inside, GREEN))):
        session.edited(SMALL, f"2026-11-24T09:3{n}:00.000Z", f"{inside}/cart.py", inside)
        session.ran(SMALL, f"2026-11-24T09:3{n}:01.000Z", "pytest", cwd, n - 1, output)
    assert judge(session.events)[SMALL].verdict == "no_signal"


def test_imported_evidence_weighs_less_than_half_of_a_run_of_our_own_checks() -> None:
    assert max(PASSED, BROKEN, LEFT_RED) < 0.5
    assert LEFT_RED < CLAIM_STRENGTH
