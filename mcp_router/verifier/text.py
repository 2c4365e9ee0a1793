"""Words that come from a patch, a repository or a run of its checks, made fit for a sentence of ours."""

from __future__ import annotations

import re


def one_line(text: str, most: int = 80) -> str:
    """The text on one line, without control characters, at most `most` characters."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    short = re.sub(r"\s+", " ", clean).strip()
    return short if len(short) <= most else short[: most - 1] + "…"


def some(names: list[str], most: int = 3, chars: int = 80) -> str:
    """A list for a sentence: the first few, each cut to so many characters, and how many more."""
    shown = ", ".join(one_line(name, chars) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
