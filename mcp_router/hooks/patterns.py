"""Regular expressions that a choice needs, compiled ahead of time: in a hook's process that takes a third of it.

A snapshot is of one Python only, and so is the form in which its engine takes an expression. What is not among the
kept ones is compiled as ever.
"""

from __future__ import annotations

import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Kept = tuple[str, int, int, bytes, int, dict[str, int], tuple[Any, ...]]
    """Text, flags as given and as they hold, code, groups, names of groups both ways."""

MODULES = (
    "mcp_router.orchestrator.dimension",
    "mcp_router.orchestrator.signs",
    "mcp_router.orchestrator.task",
    "memory_store.similarity",
)


def keep() -> list[Kept]:
    """The expressions that the modules of a choice hold, in plain values."""
    from mcp_router.orchestrator.signs import _compiled

    cues, language = _compiled()
    found = [*cues.values(), language]
    for name in MODULES:
        __import__(name)
        found += [value for value in vars(sys.modules[name]).values() if isinstance(value, re.Pattern)]
    return [_kept(pattern) for pattern in found]


def preload(kept: list[Kept]) -> None:
    """Let `re` find these as if it had compiled them before."""
    engine: Any = __import__("_sre")
    for text, given, flags, code, groups, names, indices in kept:
        numbers = memoryview(code).cast("I").tolist()
        vars(re)["_cache"][str, text, given] = engine.compile(text, flags, numbers, groups, names, indices)


def _kept(pattern: re.Pattern[str]) -> Kept:
    from array import array

    inner = vars(re)
    parsed = inner["_parser"].parse(pattern.pattern, pattern.flags)
    code = inner["_compiler"]._code(parsed, pattern.flags)
    indices: list[str | None] = [None] * parsed.state.groups
    for name, index in parsed.state.groupdict.items():
        indices[index] = name
    given = pattern.flags & ~int(re.UNICODE)
    flags = int(pattern.flags) | int(parsed.state.flags)
    data = array("I", code).tobytes()
    return pattern.pattern, given, flags, data, parsed.state.groups - 1, dict(parsed.state.groupdict), tuple(indices)
