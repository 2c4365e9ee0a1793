"""Prints what was evaluated, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

COLUMNS = {"avg_perf": ("perf %", ".1f"), "cum_regret": ("regret", ".1f"), "cost_usd": ("USD", ".4g")}
"""Heading of each figure, and the form of its mean and range."""
OWN_COLUMNS = ("policy", "resolved %", "USD a task", "effective size", "model-based")


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on standard error while work lasts; what it gives is called with a name after each of `total` steps."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        work = bar.add_task("reading", total=total)
        yield lambda name: bar.update(work, advance=1, description=name)


def show_evaluation(found: dict[str, Any]) -> None:
    """A table of `run.evaluate`'s rows, with what they rest on below."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    shuffled = found["orders"] > 1
    table = Table("policy", box=None)
    for heading, _ in COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for heading, _ in COLUMNS.values() if shuffled else ():
        table.add_column(f"{heading}: mean \\[min, max]", justify="right", no_wrap=True)
    for row in found["rows"]:
        given = [format(row["given_order"][figure], ".2f") for figure in COLUMNS]
        means = [_range(row[figure], form) for figure, (_, form) in COLUMNS.items()] if shuffled else []
        table.add_row(escape(_name(row)), *given, *means)
    console.print(f"{_title(found)}\n", highlight=False, markup=False)
    _print_whole(console, table)
    for line in _notes(found):
        console.print(line, highlight=False)


def show_own_memory(found: dict[str, Any]) -> None:
    """The tables of `own_memory.judge_memory`: the verdict first, imported history by itself."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from mcp_router.evaluation.show_imports import show_imports

    console = Console()
    console.print(f"{found['verdict']}.\n", highlight=False)
    if found["imported"]:
        show_imports(found["imported"])
        if not found["n"]:
            return
    table = Table(*(Column(name, no_wrap=True) for name in OWN_COLUMNS), box=None)
    if found["logged"]:
        table.add_row("as it was", *(f"{found['logged'][key]:.4g}" for key in ("resolved", "cost_usd")), "", "")
    for row in found["rows"]:
        told = [_estimates(row[key]) for key in ("resolved", "cost_usd")]
        model = row["model"] and f"{row['model']['resolved']:.3g} %, ${row['model']['cost_usd']:.3g}"
        size = _cell(row["effective_size"]) if row["effective_size"] is not None else ""
        table.add_row(row["policy"], *told, size, model or "")
    _print_whole(console, table)
    console.print()
    for row in found["rows"]:
        if row["reason"]:
            console.print(f"{row['policy']}: {row['reason']}.", highlight=False)
    for gain in found["gains"]:
        line = "Reward a task beyond that of {against}: {value:+.3f} [{low:+.3f}, {high:+.3f}].".format(**gain)
        console.print(line, highlight=False, markup=False)
    console.print(
        f"{found['n']} decisions with an outcome: {found['drawn']} drawn, {found['not_followed']} not followed, "
        f"{found['unknown_costs']} of unknown cost; {found['verified']} verified outcomes; lambda {found['lambda']:g}.",
        highlight=False,
    )
    console.print(f"{found['kind']}.\n", highlight=False)
    if found["candidates"]:
        table = Table(*(Column(name, no_wrap=True) for name in found["candidates"][0]), box=None)
        for row in found["candidates"]:
            table.add_row(*(escape(_cell(value)) for value in row.values()))
        _print_whole(console, table)


def _print_whole(console: Any, table: Any) -> None:
    """As wide as its figures: a cut figure would be worse than a long line."""
    width = console.width
    console.width = max(width, console.measure(table, options=console.options.update(max_width=500)).maximum)
    console.print(table)
    console.width = width


def _estimates(found: dict[str, dict[str, float]] | None) -> str:
    if found is None:
        return "not told"
    return "\n".join(f"{name} {_interval(one)}" for name, one in found.items())


def _interval(found: dict[str, float]) -> str:
    return f"{found['value']:.3g} \\[{found['low']:.3g}, {found['high']:.3g}]"


def price_of_exploring(found: dict[str, Any]) -> float | None:
    """Mean regret of the policy as shipped less that of the same policy without its exploration floor."""
    means = {row["policy"]: row["cum_regret"]["mean"] for row in found["rows"]}
    return (
        means["acrouter"] - means["acrouter:explore-off"]
        if {"acrouter", "acrouter:explore-off"} <= means.keys()
        else None
    )


def _title(found: dict[str, Any]) -> str:
    title = (
        f"{found['bench']}, {found['protocol']}, {found['n']} tasks, lambda {found['lambda']:g}, prior {found['prior']}"
    )
    if found["stop_signal"] != "resolved":
        title += f", stop signal {found['stop_signal']}"
    if any(found["verifier"].values()):
        title += ", verifier errs: fpr {fpr:g}, fnr {fnr:g}".format(**found["verifier"])
    return title


def _notes(found: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield "First columns: the order of the file. Regret: the best single model's reward on a task, less what was got."
    price = price_of_exploring(found)
    if price is not None:
        yield f"Exploring costs {price:+.2f} regret: acrouter less acrouter:explore-off."
    if found["orders"] > 1:
        yield f"Means over {found['orders']} shuffles of seed {found['seed']}."
    unknown = {row["policy"]: row["unknown_costs"] for row in found["rows"] if row["unknown_costs"]}
    if unknown:
        counts = ", ".join(f"{name} {count}" for name, count in unknown.items())
        yield f"Attempts of unknown cost, charged at the model's mean so far: {counts}."


def _name(row: dict[str, Any]) -> str:
    return f"{row['policy']} (in hindsight)" if row["hindsight"] else str(row["policy"])


def _range(found: dict[str, float], form: str) -> str:
    return f"{found['mean']:{form}} [{found['min']:{form}}, {found['max']:{form}}]"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_cell, value)) + "]"
    return "unknown" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
