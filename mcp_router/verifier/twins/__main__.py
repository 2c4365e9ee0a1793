"""`python -m mcp_router.verifier.twins REPO`: how much the tests of a repository bind, and the twins' false alarms."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mcp_router.errors import AcrouterError
from mcp_router.verifier.twins.measure import Measured, measure


def main() -> int:
    """Measure the repository that the command line names; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mcp_router.verifier.twins", description=__doc__)
    parser.add_argument("repo", type=Path, help="a repository whose tests pass; they run as you, over a copy")
    parser.add_argument("--checks", metavar="COMMAND", help="the command that runs its tests, if not the usual one")
    parser.add_argument("--python", type=Path, help="the interpreter that has what its tests need")
    parser.add_argument("--verbose", action="store_true", help="name every twin that lives and every test without one")
    asked = parser.parse_args()
    try:
        found = measure(asked.repo, asked.checks, asked.python)
    except AcrouterError as error:
        print(error, file=sys.stderr)
        return 2
    print(_shown(found, asked.verbose))
    return 0


def _shown(found: Measured, verbose: bool) -> str:
    share = found.binding()
    rows = [
        f"tests that pass       {len(found.tests)}",
        f"with a twin           {len(found.twinned)}",
        f"twins that live       {len(found.alive)} of {len(found.twinned)} (false alarms, if the code is honest)",
        f"tests that bind       {'-' if share is None else f'{share:.1%}'} (n = {len(found.tests)})",
        f"seconds, real run     {found.real_seconds:.1f}",
        f"seconds, twins        {found.twin_seconds:.1f}",
    ]
    if verbose:
        rows += [f"lives: {test}" for test in found.alive]
        rows += [f"without a twin: {test}" for test in sorted(found.tests - found.twinned)]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
