"""What the commands print for people."""

from __future__ import annotations

from typing import Any

from mcp_router.runs import Run


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


def _text(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return str(value)
