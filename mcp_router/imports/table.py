"""What an import taught, in rows by model and kind of task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING, Any

from mcp_router.imports.records import Imported
from mcp_router.imports.session import Reading
from mcp_router.types import Tokens

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS = ("model", "dimension", "subtasks", "pass", "fail", "no_signal", "fault", "USD", "unknown USD")
TOKENS = ("input", "cache_read", "cache_write", "output")


@dataclass(slots=True)
class _Row:
    """Attempts of one model on one kind of task."""

    verdicts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("pass", "fail", "no_signal", "fault"), 0))
    cost_usd: float | None = None
    unknown_costs: int = 0
    tokens: Tokens = field(default_factory=Tokens)


@dataclass(slots=True)
class Learned:
    """What is known of an import while it goes on; nothing of it grows with the history's length."""

    client: str
    path: str
    dry_run: bool
    sessions: int
    unchanged: int
    records: int = 0
    rows: dict[tuple[str, str], _Row] = field(default_factory=dict)

    def add(self, found: Iterable[Imported]) -> None:
        """Count the attempts of a session."""
        for one in found:
            row = self.rows.setdefault((one.attempt.candidate, one.decision.dimension), _Row())
            row.verdicts[one.outcome.verdict if one.outcome else "fault"] += 1
            row.tokens = _known_sum(row.tokens, one.attempt.tokens)
            if one.attempt.cost_usd is None:
                row.unknown_costs += 1
            else:
                row.cost_usd = fsum((row.cost_usd or 0.0, one.attempt.cost_usd))

    def told(self, reading: Reading) -> dict[str, Any]:
        """What `--json` prints. cost_usd adds up the known costs, unknown_costs counts the others; so do tokens."""
        rows = [
            {"model": model, "dimension": dimension, **_figures([row])}
            for (model, dimension), row in sorted(self.rows.items())
        ]
        return {
            "client": self.client,
            "path": self.path,
            "dry_run": self.dry_run,
            "sessions": self.sessions,
            "unchanged_sessions": self.unchanged,
            "new_records": self.records,
            "rows": rows,
            "total": _figures(list(self.rows.values())),
            "not_read": {
                "broken_lines": reading.broken,
                "long_lines": reading.too_long,
                "unreadable_files": reading.unreadable,
                "unknown": dict(reading.unknown),
            },
        }


def _known_sum(*tokens: Tokens) -> Tokens:
    """The sum of the counts that are known, None where none is."""
    known = {name: [count for one in tokens if (count := getattr(one, name)) is not None] for name in TOKENS}
    return Tokens(**{name: sum(counts) if counts else None for name, counts in known.items()})


def _figures(rows: Sequence[_Row]) -> dict[str, Any]:
    verdicts = {name: sum(row.verdicts[name] for row in rows) for name in ("pass", "fail", "no_signal", "fault")}
    tokens = _known_sum(*(row.tokens for row in rows))
    costs = [row.cost_usd for row in rows if row.cost_usd is not None]
    return {
        "subtasks": sum(verdicts.values()),
        **verdicts,
        "cost_usd": round(fsum(costs), 6) if costs else None,
        "unknown_costs": sum(row.unknown_costs for row in rows),
        "tokens": {name: getattr(tokens, name) for name in TOKENS},
    }


def show_learned(told: dict[str, Any]) -> None:
    """The table, its totals, and what could not be read."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if told["rows"]:
        _print_table(console, told)
    for sentence in _sentences(told):
        console.print(sentence, soft_wrap=True)


def _print_table(console: Console, told: dict[str, Any]) -> None:
    """As wide as its figures: a cut figure would be worse than a long line."""
    from rich.table import Table

    table = Table(*COLUMNS, *(name.replace("_", " ") for name in TOKENS), box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for row in told["rows"]:
        table.add_row(row["model"], row["dimension"], *_cells(row))
    table.add_row("all", "", *_cells(told["total"]))
    console.width = max(console.width, console.measure(table, options=console.options.update(max_width=400)).maximum)
    console.print(table)


def _cells(row: dict[str, Any]) -> list[str]:
    counts = [str(row[name]) for name in ("subtasks", "pass", "fail", "no_signal", "fault")]
    tokens = [row["tokens"][name] for name in TOKENS]
    return [
        *counts,
        _or_unknown(row["cost_usd"], ".4f"),
        str(row["unknown_costs"]),
        *(_or_unknown(count, ",") for count in tokens),
    ]


def _or_unknown(value: float | None, form: str) -> str:
    return "unknown" if value is None else format(value, form)


def _sentences(told: dict[str, Any]) -> Iterable[str]:
    would = "would be read; nothing was written" if told["dry_run"] else "were read"
    yield f"{told['sessions']} sessions of {told['client']} {would}; {told['unchanged_sessions']} are known already."
    if not told["dry_run"]:
        yield f"{told['new_records']} records are new; `acrouter eval --memory` says what was spent, and on what."
    not_read = {
        name.replace("_", " "): count for name, count in told["not_read"].items() if count and name != "unknown"
    }
    not_read |= told["not_read"]["unknown"]
    if not_read:
        yield "Not read: " + ", ".join(f"{count} {name}" for name, count in not_read.items()) + "."
