"""Reads a file of JSON lines of any size in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcp_router.imports.session import Reading
from memory_store.records import stamp

LINE_BYTES = 16 * 2**20
"""A longer line is an embedded file, nothing that tells of work."""


MOST_TOKENS, MOST_USD = 10**12, 1e9
"""What no call comes to: a greater number is none."""


def regular(paths: Iterable[Path]) -> list[Path]:
    """Those that are files, in order; links that lead nowhere, pipes and devices are not."""
    return sorted(path for path in paths if path.is_file())


def json_lines(path: Path, reading: Reading, wanted: tuple[bytes, ...] = ()) -> Iterator[dict[str, Any]]:
    """The objects of a file, one a line; only lines that hold one of `wanted`, if any are named.

    Lines that hold no object are counted. A last line without an end is still being written, and left for next time.
    """
    try:
        with path.open("rb") as file:
            for raw in _bounded(file, reading):
                if not wanted or any(mark in raw for mark in wanted):
                    yield from _parsed(raw, reading)
    except OSError:
        reading.unreadable += 1


def _bounded(file: Any, reading: Reading) -> Iterator[bytes]:
    while raw := file.readline(LINE_BYTES):
        reading.advance(len(raw))
        if raw.endswith(b"\n"):
            yield raw
        elif len(raw) == LINE_BYTES:
            reading.too_long += 1
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LINE_BYTES)
                reading.advance(len(raw))


def _parsed(raw: bytes, reading: Reading) -> Iterator[dict[str, Any]]:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        line = None
    if isinstance(line, dict):
        yield line
    elif raw.strip():
        reading.broken += 1


def text_of(content: Any) -> str:
    """The words of a message's content: itself, or its parts that are text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part)


def moment(value: Any, otherwise: str = "") -> str:
    """A time as records write it, from ISO 8601 or from seconds since 1970; `otherwise` where it is neither."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return stamp(found if found.tzinfo else found.replace(tzinfo=UTC))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return stamp(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        pass
    return otherwise


def word(value: Any) -> str | None:
    """Itself where it is a text that says something."""
    return value if isinstance(value, str) and value else None


def count(value: Any) -> int | None:
    """A token count, None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else None


def usd(value: Any) -> float | None:
    """An amount, None where it is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= MOST_USD else None


def table(value: Any) -> dict[str, Any]:
    """Itself where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
