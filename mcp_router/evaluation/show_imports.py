"""Prints what imported history cost, for people."""

from __future__ import annotations

from typing import Any

SPENT = ("model", "dimension", "attempts", "pass", "fail", "no_signal", "fault", "USD", "tokens")
MODELLED = ("policy", "same choice", "resolved %", "USD", "saved USD")


def show_imports(found: dict[str, Any]) -> None:
    """Two tables of `own_imports.judge_imports`: what was spent on what, and what a model says of other choices."""
    from rich.console import Console
    from rich.table import Column, Table

    console = Console(highlight=False, markup=False)
    total, model = found["total"], found["model"]
    console.print("Imported history: what was spent, and on what.\n")
    spent = Table(
        *(Column(name, no_wrap=True, justify="left" if n < 2 else "right") for n, name in enumerate(SPENT)), box=None
    )
    for row in (*found["rows"], {"model": "all", "dimension": "", **total}):
        counts = [str(row[name]) for name in SPENT[2:7]]
        spent.add_row(row["model"], row["dimension"], *counts, _usd(row["spent_usd"]), _tokens(row["tokens"]))
    table = Table(
        *(Column(name, no_wrap=True, justify="right" if n else "left") for n, name in enumerate(MODELLED)), box=None
    )
    for row in model["rows"]:
        resolved = "unknown" if row["resolved"] is None else f"{row['resolved']:.1f}"
        table.add_row(row["policy"], str(row["same_choice"]), resolved, _usd(row["cost_usd"]), _usd(row["saved_usd"]))
    for one in (spent, table):
        console.width = max(console.width, console.measure(one, options=console.options.update(max_width=400)).maximum)
    console.print(spent)
    if total["unknown_costs"]:
        console.print(f"{total['unknown_costs']} attempts are of unknown cost.", soft_wrap=True)
    console.print()
    console.print(table)
    console.print(
        f"On {model['subtasks']} subtasks; {model['left_out']} are left out because a cost is unknown. "
        f"{model['judged']} verdicts, all imported.",
        soft_wrap=True,
    )
    console.print(f"{model['kind'][0].upper()}{model['kind'][1:]}.\n", soft_wrap=True)


def _usd(amount: float | None) -> str:
    return "unknown" if amount is None else f"{amount:.4f}"


def _tokens(counts: dict[str, int | None]) -> str:
    known = [count for count in counts.values() if count is not None]
    return f"{sum(known):,}" if known else "unknown"
