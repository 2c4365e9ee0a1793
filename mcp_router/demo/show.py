"""`acrouter demo`: the whole loop on a sample repository, shown to a person or as JSON."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from mcp_router.demo import figures
from mcp_router.demo.agent import work
from mcp_router.demo.provider import RecordedProvider
from mcp_router.demo.reference import fill_reference
from mcp_router.demo.stage import (
    CHEAPEST,
    DEAREST,
    MODELS,
    Cast,
    Step,
    cast,
    isolation_here,
    plain_path,
    stream,
    write_config,
)
from mcp_router.demo.subtasks import Answer, Subtask, load_subtasks, make_repository
from mcp_router.demo.where import history_file, subtasks_folder
from memory_store.store import MemoryStore

if TYPE_CHECKING:
    from rich.console import Console

PER_DIMENSION = 3
COLOURS = {"pass": "green", "fail": "red", "tampered": "magenta", "refused": "yellow", "suspect": "magenta"}


def run_demo(*, seed: int, as_json: bool) -> int:
    """Run the demo; 0 if the second showing was better or cheaper than the first, else 1."""
    from rich.console import Console

    console = Console(stderr=as_json, highlight=False)
    os.environ["PATH"] = plain_path()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="acrouter-demo-") as folder:
        found = play(Path(folder), seed, console, quiet=as_json)
    found = {"seed": seed, **found, "seconds": round(time.monotonic() - started, 1)}
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        summarise(found, console)
    first, second = found["first_half"], found["second_half"]
    return 0 if second["cum_regret"] < first["cum_regret"] else 1


def play(folder: Path, seed: int, console: Console, *, quiet: bool) -> dict[str, Any]:
    """Run the stream in `folder`; the figures. quiet: no rows, only the bar."""
    subtasks, actors = load_subtasks(subtasks_folder()), cast(seed)
    steps = stream(subtasks, seed, PER_DIMENSION)
    subtasks = tuple(step.subtask for step in steps if step.half == 0)
    home, repo, copy = folder / "home", folder / "shop", folder / "reference" / "shop"
    copy.parent.mkdir()
    for place in (repo, copy):
        make_repository(history_file(), place)
    with RecordedProvider([s.phrasing for s in steps], _recorded(steps, actors)) as provider:
        isolation, why = isolation_here()
        write_config(home, provider.base_url, seed, isolation)
        if not quiet:
            _opening(console, subtasks, steps, why)
        # From the other end: the two share the verdicts in the cache, and must not work on one at the same time.
        reference = threading.Thread(
            target=fill_reference, args=(subtasks[::-1], actors, copy, home, folder / "reference" / "memory")
        )
        reference.start()
        with _Progress(console, len(steps), home, quiet) as progress:
            decisions = anyio.run(work, steps, repo, home, provider, progress.shown)
        reference.join()
    return figures.report(MemoryStore(home), MemoryStore(folder / "reference" / "memory"), steps, decisions)


def _recorded(steps: tuple[Step, ...], actors: Cast) -> Any:
    by_text = {step.phrasing: step.subtask for step in steps}

    def recorded(model: str, task: str, attempt: int) -> Answer | None:
        return actors.answer(model, by_text[task], attempt)

    return recorded


class _Progress:
    """A bar, and one row a subtask above it, read from the memory as it ends."""

    def __init__(self, console: Console, total: int, home: Path, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task("subtasks", total=total)
        self._store, self._quiet, self._half = MemoryStore(home), quiet, -1

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def shown(self, step: Step, decision_id: str) -> None:
        """Print what became of a step."""
        self._store.refresh()
        decision = self._store.decision(decision_id)
        if decision is not None and not self._quiet:
            if step.half != self._half:
                words = ("First showing", "Second showing, freshly worded")[step.half]
                self._bar.console.print(f"\n[bold]{words}[/bold]")
                self._half = step.half
            for line in row_lines(figures.row(self._store, decision, step.half)):
                self._bar.console.print(line, no_wrap=True, overflow="ellipsis")
        self._bar.advance(self._task)


def row_lines(row: dict[str, Any]) -> list[str]:
    """One subtask in two lines: what was tried with which verdicts, and why that was decided."""
    mark = "[green]✓[/]" if row["outcome"] == "resolved" else "[red]✗[/]"
    tried = " → ".join(
        f"{a['model']} [{COLOURS.get(a['verdict'], 'white')}]{a['verdict']}[/] ${a['cost_usd']:.4f}"
        for a in row["attempts"]
    )
    head = f"{mark} [bold]{row['dimension'].replace('_', ' '):18}[/bold] {row['mode']:9} {tried or 'no attempt'}"
    return [head, f"  [dim]{row['reason']}[/dim]"]


def _opening(console: Console, subtasks: tuple[Subtask, ...], steps: tuple[Step, ...], why: str) -> None:
    kinds = len({s.dimension for s in subtasks})
    console.print(
        f"[bold]ACRouter[/bold]: {len(subtasks)} subtasks of {kinds} kinds, shown twice ({len(steps)} in all), on a "
        f"copy of examples/shop; three recorded models at made-up prices: {', '.join(MODELS)}."
    )
    console.print(f"[dim]{why} No key, no network.[/dim]")


def summarise(found: dict[str, Any], console: Console) -> None:
    """The table of totals, and what was learned."""
    from rich.table import Table

    table = Table("", "subtasks", "resolved", "USD", "cumulative regret", box=None, title="\nOn the same answers")
    names = ("acrouter", f"always:{DEAREST}", f"always:{CHEAPEST}", "first_half", "second_half")
    labels = ("ACRouter", f"always {DEAREST}", f"always {CHEAPEST}", "  first showing", "  second showing")
    for name, label in zip(names, labels, strict=True):
        t = found[name]
        regret = f"{t['cum_regret']:.2f}"
        table.add_row(label, str(t["subtasks"]), str(t["resolved"]), f"{t['cost_usd']:.3f}", regret)
    console.print(table)
    moved = found["learned"]
    if moved:
        console.print(f"\n[bold]Learned[/bold], for example on {moved['dimension'].replace('_', ' ')}:")
        for when in ("before", "after"):
            console.print(f"  {when}: {moved[when]['reason']}")
    console.print(f"\n[dim]seed {found['seed']}, {found['seconds']} s; --json gives the same.[/dim]")
