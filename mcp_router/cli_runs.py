"""The commands for people on what delegated runs left behind."""

from __future__ import annotations

import click

from mcp_router.cli_common import as_json, opened_session, show


@click.command()
@as_json
def runs(as_json: bool) -> None:
    """List delegated runs, the newest first."""
    from mcp_router.runs import list_runs
    from mcp_router.tables import run_row, show_runs

    with opened_session() as session:
        found = list_runs(session)
    if as_json:
        show([run_row(run) for run in found], True)
    else:
        show_runs(found)


@click.command()
@click.argument("decision_id", metavar="ID")
@as_json
def diff(decision_id: str, as_json: bool) -> None:
    """Print the result of run ID as a patch."""
    from mcp_router.runs import diff_of, find_run

    with opened_session() as session:
        patch = diff_of(find_run(session, decision_id))
    if as_json:
        show({"decision_id": decision_id, "diff": patch.decode("utf-8", "replace")}, True)
    else:
        click.echo(patch, nl=False)


@click.command()
@click.argument("decision_id", metavar="ID")
@as_json
def apply(decision_id: str, as_json: bool) -> None:
    """Apply the result of run ID to the working tree."""
    from mcp_router.runs import apply as apply_run
    from mcp_router.runs import find_run

    with opened_session() as session:
        run = find_run(session, decision_id)
        apply_run(run)
    show({"decision_id": decision_id, "applied_to": run.decision.path}, as_json)


@click.command()
@click.argument("decision_id", metavar="ID")
@as_json
def discard(decision_id: str, as_json: bool) -> None:
    """Forget the result of run ID; what was learned from it stays."""
    from mcp_router.runs import discard as discard_run
    from mcp_router.runs import find_run

    with opened_session() as session:
        count = discard_run(find_run(session, decision_id))
    show({"decision_id": decision_id, "refs_dropped": count}, as_json)


@click.command()
@click.option("--days", type=click.IntRange(min=0), default=14, show_default=True, help="Older than this.")
@click.option("--yes", is_flag=True, help="Drop them; otherwise they are only listed.")
@as_json
def gc(days: int, yes: bool, as_json: bool) -> None:
    """List the results of old runs, or drop them."""
    from mcp_router.runs import collect

    with opened_session() as session:
        found = collect(session, days=days, dry_run=not yes)
    show({"dropped" if yes else "would_drop": found}, as_json)


COMMANDS = (runs, diff, apply, discard, gc)
