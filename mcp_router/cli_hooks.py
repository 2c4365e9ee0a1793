"""`acrouter hook EVENT`, for the help; the launcher runs hooks without the rest of the command line."""

from __future__ import annotations

import click


@click.command()
@click.argument("event")
def hook(event: str) -> None:
    """What clients call at EVENT, such as PreToolUse: reads JSON, answers with JSON or nothing, never fails."""
    from mcp_router.hooks.entry import main

    main(event)
