"""All runners by name, in the order in which a command line is offered to them."""

from __future__ import annotations

import functools
import importlib
from typing import cast

from mcp_router.verifier.runners import Runner

NAMES = ("pytest", "unittest", "vitest", "jest", "mocha", "node", "cargo", "nextest", "go", "tap", "junit", "exit_code")
"""Each is a module of this package; exit_code takes whatever the others do not know."""
PLAIN = "exit_code"
WHOLE_COMMAND = ("tap", "junit", PLAIN)
"""Those that run a command as it is typed."""


@functools.cache
def find_runner(name: str) -> Runner:
    """The runner of a name, loaded when it is first asked for."""
    return cast("Runner", importlib.import_module(f"mcp_router.verifier.runners.{name}"))


def known_runner(words: list[str]) -> tuple[str, list[str]] | None:
    """The runner that a command line only runs, and its arguments; None where all that is known is the exit code."""
    for name in NAMES[: NAMES.index(PLAIN)]:
        arguments = find_runner(name).arguments(words)
        if arguments is not None:
            return name, arguments
    return None
