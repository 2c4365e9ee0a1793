"""The command that says what works here, and the exact fix for what does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcp_router.cli_common import a_repo, as_json, show

if TYPE_CHECKING:
    from mcp_router.doctor.findings import Finding


@click.command()
@a_repo
@click.option("--client", "only", multiple=True, help="Look at this client only; repeatable.")
@as_json
def doctor(repo: Path | None, only: tuple[str, ...], as_json: bool) -> None:
    """Say what works here, and the exact fix for what does not. Nothing is spent, and no call to a model is made."""
    from mcp_router.config import state_home
    from mcp_router.doctor.examine import examine, ground_of
    from mcp_router.doctor.findings import Status

    ground = ground_of(state_home(), (repo or Path.cwd()).absolute(), only)
    with _progress() as progress:
        found = list(examine(ground, progress))
    if as_json:
        show({"findings": [asdict(one) for one in found], "counts": _counts(found)}, True)
    else:
        _show(found)
    raise SystemExit(1 if any(one.status is Status.FAILURE for one in found) else 0)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Tells a person which check is under way; says nothing to a file."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("looking") as status:
        yield lambda name: status.update(f"looking at: {name}")


def _show(found: list[Finding]) -> None:
    from mcp_router.tables import print_table

    def cell(one: Finding) -> str:
        return one.says if one.fix is None else f"{one.says}\nfix: {one.fix}"

    print_table(("is", "check", "what was found"), [(one.status, one.check, cell(one)) for one in found])
    click.echo("\n" + ", ".join(f"{count} {name}" for name, count in _counts(found).items()))


def _counts(found: list[Finding]) -> dict[str, int]:
    from mcp_router.doctor.findings import Status

    counted = Counter(str(one.status) for one in found)
    return {str(status): counted[str(status)] for status in Status}
