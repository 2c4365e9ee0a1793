"""The command `acrouter`. Each command has --json; exit code 0 is done, 1 the answer is no, 2 bad use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from mcp_router.cli_checks import checks, trust
from mcp_router.cli_common import a_repo, as_json, opened_session, show
from mcp_router.cli_config import config
from mcp_router.cli_doctor import doctor
from mcp_router.cli_hooks import hook
from mcp_router.cli_install import install
from mcp_router.cli_memory import memory
from mcp_router.cli_runs import COMMANDS
from mcp_router.cli_verify import verify

SENTENCE_CHARACTERS = 2_000


class _Group(click.Group):
    """Turns what is raised on purpose into one sentence and exit code 2, or 1 where the use was right."""

    def invoke(self, ctx: click.Context) -> Any:
        from mcp_router.errors import AcrouterError, PatchRefused
        from memory_store.journal import JournalError

        try:
            return super().invoke(ctx)
        except PatchRefused as error:
            _fail(str(error), code=1)
        except (AcrouterError, JournalError) as error:
            _fail(str(error))
        except OSError as error:
            _fail(f"{error.filename or 'the system'}: {error.strerror or error}; free space or fix its permissions.")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acrouter", prog_name="acrouter")
def cli() -> None:
    """Routes a coding agent's subtasks to models, verifies the results, and learns from them."""


@cli.command()
@click.option("--http", "port", type=click.IntRange(0, 65535), help="Serve HTTP on this port of 127.0.0.1.")
def serve(port: int | None) -> None:
    """Run the MCP server: on standard input and output, or over HTTP."""
    from mcp_router.serving import serve as run

    run(port)


@cli.command()
@as_json
@click.option("--seed", type=int, default=7, show_default=True, help="Repeats a run.")
def demo(as_json: bool, seed: int) -> None:
    """Watch the whole loop on a sample repository, with recorded answers and no key."""
    from mcp_router.demo.show import run_demo

    sys.exit(run_demo(seed=seed, as_json=as_json))


@cli.command()
@click.argument("task")
@a_repo
@click.option("--file", "files", multiple=True, help="A file that the task is about; repeatable.")
@click.option("--dimension", help="The kind of task; inferred otherwise.")
@click.option("--mode", type=click.Choice(["advise", "delegate"]), default="advise", show_default=True)
@click.option("--candidate", "candidates", multiple=True, help="Choose among these models only; repeatable.")
@click.option("--force-model", help="Use this model.")
@click.option("--max-cost-usd", type=click.FloatRange(min=0), help="Hard cap for all attempts.")
@click.option("--max-attempts", type=click.IntRange(1, 10))
@click.option("--checks", help="The command that verifies the result.")
@click.option("--dry-run", is_flag=True, help="Decide, record nothing.")
@as_json
def route(task: str, repo: Path | None, files: tuple[str, ...], candidates: tuple[str, ...], **given: Any) -> None:
    """Which model should do TASK? In delegate mode: have it done, and wait for the verified result."""
    from mcp_router.intake import Request
    from tools.route_task import describe, route_and_wait

    want_json = given.pop("as_json")
    request = Request(task=task, repo=str(repo) if repo else None, files=files, candidates=candidates or None, **given)
    with opened_session() as session:
        result = route_and_wait(session, request, client="cli")
    show(describe(result), want_json)
    sys.exit(1 if result.status in ("failed", "cancelled", "interrupted") else 0)


@cli.command()
@click.argument("decision_id")
@click.option("--model", help="The model that did it, if not the first choice.")
@click.option("--success/--failure", default=None, help="What you say of it.")
@click.option("--score", type=float, help="What you say of it, from 0 to 1.")
@click.option("--verify/--no-verify", default=True, show_default=True)
@click.option("--worktree", help="Where the work is, if not in the repository's folder.")
@click.option("--cost-usd", type=float)
@click.option("--input-tokens", type=int)
@click.option("--output-tokens", type=int)
@click.option("--latency-ms", type=float)
@click.option("--note")
@click.option("--cancel", is_flag=True, help="Stop the run of this decision.")
@as_json
def report(as_json: bool, **given: Any) -> None:
    """Say what became of DECISION_ID; the repository's checks have the last word."""
    from mcp_router.views import compact
    from tools.report_outcome import Report, report_and_wait

    with opened_session() as session:
        result = report_and_wait(session, Report(**given))
    show(compact(**result.model_dump()), as_json)
    sys.exit(0 if result.verdict in (None, "pass") else 1)


@cli.command("eval")
@click.option("--bench", type=click.Choice(["id", "ood176"]), help="A bench of CodeRouterBench.")
@click.option("--data", type=click.Path(path_type=Path), help="Its folder; $ACROUTER_BENCH otherwise.")
@click.option("--results", type=click.Path(path_type=Path), help="A table of real runs of your own.")
@click.option("--memory", is_flag=True, help="Your own memory: would routing have paid?")
@click.option("--policy", help="The policies to play, with commas between; all otherwise.")
@click.option("--protocol", type=click.Choice(["single", "cascade"]), default="single", show_default=True)
@click.option("--prior", type=click.Choice(["fitted", "none"]), help="fitted unless --results is given.")
@click.option("--orders", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Shuffles; 1: none.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--lambda", "price_of_usd", type=click.FloatRange(min=0), help="Reward a dollar costs; 0.1 otherwise.")
@click.option("--verifier-fpr", "fpr", type=click.FloatRange(0, 1), default=0.0, help="How often a failure passes.")
@click.option("--verifier-fnr", "fnr", type=click.FloatRange(0, 1), default=0.0, help="How often a success fails.")
@click.option("--stop-signal", type=click.Choice(["resolved", "apply_ok"]), default="resolved", show_default=True)
@click.option("--figures", type=click.Path(path_type=Path, file_okay=False), help="Draw figures into this folder.")
@as_json
def evaluate(as_json: bool, **given: Any) -> None:
    """Play policies on a table of real runs: performance, regret and cost, memory on, off and shuffled."""
    from mcp_router.evaluation.command import Options, run
    from mcp_router.evaluation.show import show_evaluation, show_own_memory

    found = run(Options(**given))
    if as_json:
        show(found, True)
    elif given["memory"]:
        show_own_memory(found)
    else:
        show_evaluation(found)


for command in (memory, verify, checks, trust, install, config, doctor, hook, *COMMANDS):
    cli.add_command(command)


def _fail(sentence: str, code: int = 2) -> NoReturn:
    from mcp_router.verifier.text import one_line

    # A sentence may quote what stands in a file of somebody else's.
    click.echo(f"acrouter: {one_line(sentence, SENTENCE_CHARACTERS)}", err=True)
    sys.exit(code)


def main() -> None:
    """Run the command line."""
    cli(prog_name="acrouter")
