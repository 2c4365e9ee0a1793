"""Comments and attributes that silence a checker: one that a patch adds counts as a finding of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from mcp_router.verifier.diagnostics.finding import Finding

CODE = "suppressed"
PYTHON = re.compile(
    r"#\s*(?:type:\s*ignore|noqa|flake8:\s*noqa|ruff:\s*(?:noqa|ignore|disable)|pylint:\s*(?:disable|skip-file)|"
    r"pyright:\s*(?:ignore|basic)|ty:\s*ignore|mypy:)[^#]*"
)
SCRIPT = re.compile(
    r"(?:eslint-disable(?:-next-line|-line)?|@ts-(?:ignore|expect-error|nocheck)|biome-ignore(?:-all|-start)?)\b[^*]*"
)
RUST = re.compile(r"#!?\[(?:cfg_attr\([^\]]*,\s*)?(?:allow|expect)\([^\]]*\]")
GO = re.compile(r"//\s*(?:nolint\b|lint:(?:file-)?ignore\b).*")
PATTERNS = (
    ((".py", ".pyi"), PYTHON),
    ((".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte"), SCRIPT),
    ((".rs",), RUST),
    ((".go",), GO),
)


def suppressions(texts: Mapping[str, str]) -> Counter[Finding]:
    """Every suppression in the files, each as a finding with its own text as the message.

    >>> sorted(suppressions({"a.py": "x = f()  # type: ignore[arg-type]"}))
    [Finding(path='a.py', code='suppressed', message='# type: ignore[arg-type]', line=1)]
    """
    found: Counter[Finding] = Counter()
    for path, text in texts.items():
        pattern = next((pattern for suffixes, pattern in PATTERNS if path.endswith(suffixes)), None)
        if pattern is None:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if match := pattern.search(line):
                found[Finding(path, CODE, " ".join(match[0].split()), number)] += 1
    return found
