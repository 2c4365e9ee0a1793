"""What the commands share: options, a session, and how values are printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mcp_router.session import Session

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
a_repo = click.option("--repo", type=click.Path(path_type=Path), help="The repository; the current folder otherwise.")


@contextmanager
def opened_session() -> Iterator[Session]:
    """A session, closed at the end; hooks choose by what it learned."""
    from mcp_router.hooks.wake import wake
    from mcp_router.session import Session

    session = Session()
    try:
        yield session
    finally:
        session.close()
        wake(session)


def show(value: Any, as_json: bool) -> None:
    """Print a value: as JSON, or a line for each of its fields."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, indent=1))
        return
    for key, item in value.items():
        text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        click.echo(f"{key}: {text}")
