"""pytest, with our own options and a plugin that tells over the channel what was collected and what came of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import CheckRun
from mcp_router.verifier.runners.channel import read_channel
from mcp_router.verifier.runners.launchers import python_module
from mcp_router.verifier.runners.program import inside, program

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

OPTIONS = ("-q", "--tb=short", "--color=no", "--maxfail=0", "--continue-on-collection-errors", "-p", "no:randomly")
TAKES_VALUE = {
    *("-k", "-m", "-p", "-o", "-c", "-n", "-W", "--cov", "--rootdir", "--confcutdir", "--tb", "--durations"),
    *("--ignore", "--ignore-glob", "--deselect"),
}


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for pytest when a command line only runs pytest."""
    rest = python_module(words)
    return rest[1:] if rest[:1] in (["pytest"], ["py.test"]) else None


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
    """pytest behind our program; `only` names the files to run instead of what the command names."""
    # The cache of the last run lies in a fresh folder: --lf and --ff of the project then change nothing.
    # pytest puts variables into the path of its root: a relative one holds none of a folder called "$HOME".
    own = ["-o", f"cache_dir={place}/cache", f"--rootdir={os.path.relpath(root, root / checks.folder)}"]
    named = [*_options_of(checks.argv), *inside(only, checks.folder)] if only else checks.argv
    parallel = "-" if checks.parallel is None else str(checks.parallel)
    return [*program("bootstrap_pytest.py", checks, root), parallel, *named, *OPTIONS, *own]


def _options_of(argv: Sequence[str]) -> list[str]:
    """The command's arguments without the paths that it names, for a run of other ones."""
    return [word for at, word in enumerate(argv) if word.startswith("-") or (at and argv[at - 1] in TAKES_VALUE)]


def read(ran: Ran, place: Path) -> CheckRun:  # noqa: ARG001
    """A run from what came over the channel."""
    return read_channel(ran)
