"""The command `acrouter verify`: judge a patch now, or look back at what became of earlier work."""

from __future__ import annotations

import functools
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcp_router.cli_common import a_repo, as_json, opened_session, show

if TYPE_CHECKING:
    from mcp_router.types import VerificationRequest

HOURS = {"h": 1, "d": 24, "w": 24 * 7}


@click.command()
@a_repo
@click.option("--patch", type=click.Path(path_type=Path), help="A unified diff to judge.")
@click.option("--checks", help="The command that checks the repository; found otherwise.")
@click.option("--hidden", type=click.Path(path_type=Path), help="A test file that the repository does not have.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), help="Seconds for each run.")
@click.option("--task", help="What was asked for; without it, changing tests is never legitimate.")
@click.option("--base", help="The commit that the patch is for; the tree as it is otherwise.")
@click.option("--history", "look_back", is_flag=True, help="Lower verdicts on work reverted or corrected since.")
@click.option("--since", default="90d", show_default=True, help="With --history: how far back; 12h, 90d, 4w or a date.")
@click.option("--dry-run", is_flag=True, help="With --history: show what it would lower, write nothing.")
@as_json
def verify(
    repo: Path | None,
    patch: Path | None,
    checks: str | None,
    hidden: Path | None,
    timeout_s: float | None,
    task: str | None,
    base: str | None,
    look_back: bool,
    since: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Judge a patch by the repository's own checks; the working tree is not touched."""
    from mcp_router.config import load_config
    from mcp_router.errors import BadInput
    from mcp_router.types import VerificationRequest

    folder = (repo or Path.cwd()).absolute()
    if look_back:
        _look_back(folder, _moment(since), dry_run, as_json)
        return
    if patch is None:
        raise BadInput("--patch is missing; name a file with a unified diff, or use --history.")
    try:
        content = patch.read_bytes()
    except OSError as error:
        raise BadInput(f"--patch: {patch} cannot be read ({error.strerror}); name a readable file.") from None
    if hidden is not None and not hidden.is_file():
        raise BadInput(f"--hidden: {hidden} is not a file; name a test file.")
    limit_s = timeout_s or load_config().checks.timeout_s
    _judge(VerificationRequest(folder, content, base, task, checks, hidden, limit_s), as_json)


def _judge(request: VerificationRequest, as_json: bool) -> None:
    from mcp_router.config import load_config, state_home
    from mcp_router.tables import show_verification
    from mcp_router.types import Verdict
    from mcp_router.verifier.report import verification_json
    from mcp_router.verifier.verifier import CheckVerifier

    verification = CheckVerifier(state_home(), load_config()).judge(request)
    if as_json:
        show(verification_json(verification), True)
    else:
        show_verification(verification)
    sys.exit(0 if verification.verdict == Verdict.PASS else 1)


def _look_back(folder: Path, since: datetime, dry_run: bool, as_json: bool) -> None:
    from mcp_router.tables import show_retrospect
    from mcp_router.verifier.corrections import shown_by_tests
    from mcp_router.verifier.history import look_back
    from mcp_router.verifier.workspace import open_repository

    repo = open_repository(folder)
    with opened_session() as session:
        proves = functools.partial(shown_by_tests, session.verifier, repo.root)
        found = look_back(session.store, repo, since, proves=proves, dry_run=dry_run)
    if as_json:
        show(found.as_json() | {"dry_run": dry_run}, True)
    else:
        show_retrospect(found, dry_run)


def _moment(since: str) -> datetime:
    """The moment that `--since` means: so long ago, or the start of a day in UTC."""
    from mcp_router.errors import BadInput

    if match := re.fullmatch(r"(\d{1,5})([hdw])", since.strip()):
        return datetime.now(UTC) - timedelta(hours=int(match[1]) * HOURS[match[2]])
    try:
        found = datetime.fromisoformat(since.strip())
    except ValueError:
        raise BadInput(f"--since: {since[:40]!r} is no span or date; write 12h, 90d, 4w or 2026-11-24.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
