"""Comments by which a source file switches a checker off: for the whole file, or for a line."""

from __future__ import annotations

import re
from collections import Counter

PYTHON, SCRIPT = {"py", "pyi"}, {"js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte"}
WHOLE: tuple[tuple[set[str], re.Pattern[str]], ...] = (
    (
        PYTHON,
        re.compile(r"^\s*#\s*mypy:.*\b(ignore-errors(?!\s*=\s*[Ff]alse)|follow-imports\s*=\s*skip)", re.MULTILINE),
    ),
    (PYTHON, re.compile(r"^\s*#\s*(?:ruff|flake8)[:=]\s*noqa\s*$", re.MULTILINE)),
    (PYTHON, re.compile(r"^\s*#\s*pylint:\s*(?:skip-file|disable-all|disable\s*=\s*all)\b", re.MULTILINE)),
    (
        PYTHON,
        re.compile(
            r"^\s*#\s*(?:based)?pyright:\s*(?:basic|off|standard|\w+\s*=\s*(?:false|none)|ignore)\s*$", re.MULTILINE
        ),
    ),
    (PYTHON, re.compile(r"\A(?:\s*#[^\n]*\n)*\s*#\s*type:\s*ignore\b(?!\[)[^\n]*")),
    (PYTHON, re.compile(r"^\s*#\s*(?:bandit|nosec):?\s*(?:skip|file)", re.MULTILINE)),
    (PYTHON, re.compile(r"^\s*@(?:typing\.)?no_type_check\b", re.MULTILINE)),
    (SCRIPT, re.compile(r"(?://|/\*+)\s*@ts-nocheck\b")),
    (SCRIPT, re.compile(r"/\*+\s*(?:eslint|oxlint|tslint)[-:]disable\s*(?:--[^*]*)?\*/")),
    (SCRIPT, re.compile(r"//\s*tslint:disable\s*$|biome-ignore-all\b|@noflow\b", re.MULTILINE)),
    (SCRIPT, re.compile(r"(?:istanbul|c8|v8) ignore file\b")),
    ({"rs"}, re.compile(r"#!\[allow\([^)]*\b(?:warnings|unused|clippy::(?:all|correctness|pedantic|suspicious))\b")),
    (
        {"go"},
        re.compile(r"^//\s*(?:go:build|\+build)\s+(?:ignore|never)\b|^//nolint(?::all)?\s*\npackage\b", re.MULTILINE),
    ),
    ({"rb"}, re.compile(r"rubocop:(?:disable|todo)\s+all\b")),
    ({"php"}, re.compile(r"@phpstan-ignore-file|phpcs:ignoreFile|@psalm-suppress\s+all")),
)
LINE: tuple[tuple[set[str], re.Pattern[str]], ...] = (
    (
        PYTHON,
        re.compile(
            r"#\s*type:\s*ignore\b(?!\[)|#\s*noqa\b(?!\s*:)|#\s*pyright:\s*ignore\b(?!\[)|#\s*nosec\s*$", re.MULTILINE
        ),
    ),
    (SCRIPT, re.compile(r"@ts-(?:ignore|expect-error)\b|eslint-disable-(?:next-)?line\s*(?:\*/|$)", re.MULTILINE)),
    ({"go"}, re.compile(r"\S\s*//nolint\s*$", re.MULTILINE)),
)


def switched_off(path: str, old: str | None, new: str) -> list[str]:
    """What the new version of a file switches off that the old one did not: one comment each, as it stands there."""
    suffix = path.rpartition(".")[2].lower()
    return list(_found(WHOLE, suffix, new) - _found(WHOLE, suffix, old or ""))


def silenced_lines(path: str, old: str | None, new: str) -> int:
    """How many lines the new version silences for whatever a checker may say of them, and the old one did not."""
    suffix = path.rpartition(".")[2].lower()
    fresh = _found(LINE, suffix, new) - _found(LINE, suffix, old or "")
    return fresh.total()


def _found(rows: tuple[tuple[set[str], re.Pattern[str]], ...], suffix: str, text: str) -> Counter[str]:
    return Counter(
        match[0].strip().splitlines()[-1].strip()
        for suffixes, pattern in rows
        if suffix in suffixes
        for match in pattern.finditer(text)
    )
