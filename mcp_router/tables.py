"""What the commands print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_router.runs import Run
from mcp_router.verifier.report import message_lines
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from mcp_router.types import Verification
    from mcp_router.verifier.history import Retrospect

TESTS = {
    "lost": "passed before, not now",
    "still_failing": "still failing",
    "fixed": "failed before, passes now",
    "old_failures": "failed before, not this task's",
    "flaky": "flaky without the patch",
    "added_tests": "added by the patch, set aside",
}
"""The lists of tests in a verification, the most telling first."""
NO_LIMIT = 10_000


def run_row(run: Run) -> dict[str, Any]:
    """One delegated run, as `acrouter runs --json` gives it."""
    return {
        "decision_id": run.decision.decision_id,
        "at": run.decision.at,
        "task": run.decision.title,
        "repo": run.decision.repo,
        "status": run.status,
        "verdict": run.verdict,
        "cost_usd": run.cost_usd,
        "result": run.result,
        "note": run.note,
    }


def show_runs(runs: list[Run]) -> None:
    """A table of delegated runs."""
    from rich.console import Console
    from rich.table import Table

    table = Table("run", "at", "task", "status", "verdict", "USD", box=None)
    for run in runs:
        cost = "unknown" if run.cost_usd is None else f"{run.cost_usd:.4f}"
        at = run.decision.at[:16].replace("T", " ")
        table.add_row(run.decision.decision_id, at, run.decision.title, run.status, run.verdict or "-", cost)
    Console().print(table if runs else "no delegated run yet")


def show_verification(verification: Verification) -> None:
    """The whole of a verification: verdict and why, then tests, paths, isolation, evidence and times."""
    console, checks = _console(), verification.checks
    score = "" if verification.score is None else f", score {verification.score:.4g}"
    _line(console, f"{verification.verdict}{score}, strength {verification.strength:.4g}")
    for reason in verification.reasons:
        _line(console, f"- {one_line(reason, NO_LIMIT)}")
    if verification.cached:
        _line(console, "from the cache of verdicts: same base, patch, task, checks and environment as before")
    tests = [(str(test), kind) for kind in TESTS for test in checks.get(kind) or ()]
    _table(console, ("test", "is", "message"), [_test_row(checks, test, kind) for test, kind in tests])
    paths = sorted(verification.paths.items(), key=lambda pair: (pair[1], pair[0]))
    _table(console, ("path", "class"), [(one_line(path, NO_LIMIT), kind) for path, kind in paths])
    rest = {key: value for key, value in checks.items() if key not in (*TESTS, "messages")}
    parts = {"checks": rest, "isolation": verification.isolation, "evidence": verification.evidence}
    rows = [(name, key, _fact(value)) for name, part in parts.items() for key, value in part.items()]
    rows += [("time", key.removesuffix("_ms"), f"{value:.1f} ms") for key, value in verification.timings.items()]
    _table(console, ("part", "what", "value"), rows)


def show_retrospect(found: Retrospect, dry_run: bool) -> None:
    """What became of earlier work, a row for each verdict that changed."""
    console = _console()
    rows = [
        (
            later.decision.decision_id,
            one_line(later.decision.title, NO_LIMIT),
            later.outcome.candidate,
            f"{_score(later.before.score)} -> {_score(later.outcome.score)}",
            later.outcome.reasons[0],
        )
        for later in found.changed
    ]
    _table(console, ("decision", "task", "model", "score", "why"), rows)
    would = "would change" if dry_run else "changed"
    _line(console, f"{found.passes} attempts had passed; {found.landed} are in the history; {len(rows)} {would}")
    if found.not_kept:
        _line(console, f"{found.not_kept} cannot be followed: their work was not kept, or has no lines")


def show_memory(summary: dict[str, Any]) -> None:
    """Tables of what was learned, one for each list in the summary, and its single figures."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, value in summary.items():
        if not isinstance(value, list):
            console.print(f"{name.replace('_', ' ')}: {'none' if value is None else _text(value)}", highlight=False)
            continue
        columns = list(dict.fromkeys(key for row in value for key in row))
        table = Table(*columns, title=name.replace("_", " "), title_justify="left", box=None)
        for row in value:
            table.add_row(*(_text(row.get(column)) for column in columns))
        console.print(table)


def print_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A table in full, its words taken as they are; nothing where it has no row."""
    _table(_console(), columns, rows)


def _text(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return str(value)


def _console() -> Console:
    """A console whose lines are broken only where a person's terminal is."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=NO_LIMIT)


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True)


def _table(console: Console, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A table in full, words as they are; nothing where it has no row."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if not table.row_count:
        return
    with console.capture() as printed:
        console.print(table)
    # Cells are padded to the longest of their column: nobody needs that at a line's end.
    lines = [line.rstrip() for line in printed.get().splitlines()]
    console.file.write("\n".join(["", *lines, ""]))


def _test_row(checks: dict[str, Any], test: str, kind: str) -> tuple[str, str, str]:
    said = message_lines(checks, test, most=5, chars=500) if kind in ("lost", "still_failing") else []
    return one_line(test, NO_LIMIT), TESTS[kind], "\n".join(said)


def _fact(value: Any) -> str:
    """A value of an open table on one line."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {_fact(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(_fact, value)) or "-"
    return "-" if value is None else one_line(str(value), NO_LIMIT)


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.2f}"
