"""`acrouter memory`: what was learned, and how to begin with a memory that is full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mcp_router.cli_common import as_json, opened_session, show


@click.group()
def memory() -> None:
    """What was learned."""


@memory.command("show")
@as_json
def memory_show(as_json: bool) -> None:
    """What the memory holds: by model, by kind of task, by repository; writes memory.json anew."""
    from mcp_router.tables import show_memory
    from memory_store.statistics import summary

    with opened_session() as session:
        session.store.refresh()
        found = summary(session.store)
    if as_json:
        show(found, True)
    else:
        show_memory(found)


@memory.command("import")
@click.option(
    "--from",
    "client",
    type=click.Choice(["claude-code", "codex", "opencode", "mini-swe-agent"]),
    required=True,
    help="Whose sessions these are.",
)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--dry-run", is_flag=True, help="Say what would be learned, write nothing.")
@as_json
def memory_import(client: str, path: Path | None, dry_run: bool, as_json: bool) -> None:
    """Learn from past sessions of a coding agent: those at PATH, or where the agent keeps them.

    Its files are only read, and what was read before is not read again.
    """
    from mcp_router.imports.run import import_history
    from mcp_router.imports.table import show_learned

    with opened_session() as session, _bar() as progress:
        found = import_history(session, client, path, dry_run=dry_run, progress=progress)
    if as_json:
        show(found, True)
    else:
        show_learned(found)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while something is read, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        work = bar.add_task("reading", total=None)
        yield lambda done, total: bar.update(work, completed=done, total=total)
