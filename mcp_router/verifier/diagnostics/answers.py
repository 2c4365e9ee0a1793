"""Reads what linters and type checkers print; standard output and error come mixed."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mcp_router.verifier.diagnostics.finding import Checker, Finding
from mcp_router.verifier.sandboxes.process import KEPT_BYTES
from mcp_router.verifier.text import one_line

LINES = {
    "flake8": r"(?P<path>[^:]+):(?P<line>\d+):\d+: (?P<code>[A-Z]+\d+) (?P<message>.*)",
    "mypy": r"(?P<path>.+?):(?P<line>\d+)(?::\d+)*: (?:error|warning): (?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?",
    "ty": r"(?P<path>.+?):(?P<line>\d+):\d+: (?:error|warning)\[(?P<code>[\w-]+)\] (?P<message>.*)",
    "tsc": r"(?P<path>.+?)\((?P<line>\d+),\d+\): error (?P<code>TS\d+): (?P<message>.*)",
    "biome": r"::(?:error|warning) title=(?P<code>[^,]*),file=(?P<path>.*?),line=(?P<line>\d+),.*?::(?P<message>.*)",
    "go vet": r"(?:vet: )?(?P<path>[^:\s]+\.go):(?P<line>\d+)(?::\d+)?: (?P<message>.*)",
}
"""One finding a line."""
ANSWERS = {"tsc": (0, 1, 2), "mypy": (0, 1, 2), "pylint": tuple(range(0, 32, 2)), "clippy": (0, 101)}
"""Exit codes of a checker that did its work, where they are not 0 and 1. Of pylint each bit is a kind of message, 1 a
fault of its own; mypy gives 2 for a syntax error too."""
CRASHED = "INTERNAL ERROR"
CHANGING = ((re.compile(r"\bline \d+"), "line N"), (re.compile(r" ?\(\d+ ?[/>] ?\d+\)"), ""))
"""Parts of a message that change with other code: "defined on line 12", "too complex (11 > 10)"."""


def read(checker: Checker, exit_code: int, output: str, root: Path) -> Counter[Finding] | None:
    """What a checker found; None when it says nothing: it could not run, broke off, or printed more than is kept.

    Args:
        output: all that it printed.
        root: where the checker saw the tree; paths are made relative to it.
    """
    tool = checker.name.partition(" ")[0] if checker.name.startswith("tsc ") else checker.name
    cut = len(output.encode("utf-8", "replace")) >= KEPT_BYTES
    if cut or exit_code not in ANSWERS.get(tool, (0, 1)) or CRASHED in output:
        return None
    for place in {str(root), os.path.realpath(root)}:
        output = output.replace(f"{place}/", "")
    try:
        found = list(DOCUMENTS[tool](output)) if tool in DOCUMENTS else list(_lines(tool, output))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    # A checker that says no and names nothing has failed in some way of its own.
    return None if exit_code and not found else Counter(found)


def _lines(tool: str, output: str) -> Iterator[Finding]:
    for match in re.finditer(rf"^{LINES[tool]}$", output, re.MULTILINE):
        said = match.groupdict()
        yield _finding(said["path"], said.get("code"), said["message"], int(said["line"]))


def _finding(path: str, code: str | None, message: str, line: int | None) -> Finding:
    text = one_line(message, 300)
    for pattern, instead in CHANGING:
        text = pattern.sub(instead, text)
    return Finding(path.removeprefix("./"), code or "error", text, line)


def _document(output: str, kind: type) -> Any:
    """The JSON value of a kind that begins a line, whatever is printed around it.

    Raises:
        ValueError: there is none.
    """
    for match in re.finditer(r"^[\[{]", output, re.MULTILINE):
        try:
            found, _ = json.JSONDecoder().raw_decode(output, match.start())
        except ValueError:
            continue
        if isinstance(found, kind):
            return found
    raise ValueError("no such document")


def _ruff(output: str) -> Iterator[Finding]:
    for item in _document(output, list):
        yield _finding(item["filename"], item["code"], item["message"], item["location"]["row"])


def _pylint(output: str) -> Iterator[Finding]:
    for item in _document(output, list):
        yield _finding(item["path"], item["symbol"], item["message"], item["line"])


def _eslint(output: str) -> Iterator[Finding]:
    for file in _document(output, list):
        for item in file["messages"]:
            # Without a rule it is a syntax error, or only tells that the file is ignored.
            if item["ruleId"] or item.get("fatal"):
                yield _finding(file["filePath"], item["ruleId"], item["message"], item.get("line"))


def _pyright(output: str) -> Iterator[Finding]:
    for item in _document(output, dict)["generalDiagnostics"]:
        if item["severity"] in ("error", "warning"):
            yield _finding(item["file"], item.get("rule"), item["message"], item["range"]["start"]["line"] + 1)


def _clippy(output: str) -> Iterator[Finding]:
    """One JSON object a line; the last one says that the build has ended."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"reason"')]
    if not any(line["reason"] == "build-finished" for line in lines):
        raise ValueError("the build did not end")
    seen = set()
    for line in lines:
        said = line.get("message", {})
        for span in said.get("spans", ()):
            # The library is checked for itself and once more for its tests.
            place = (span["file_name"], span["line_start"], span["column_start"], said["message"])
            if span["is_primary"] and place not in seen:
                seen.add(place)
                code = (said["code"] or {}).get("code")
                yield _finding(span["file_name"], code, said["message"], span["line_start"])


DOCUMENTS: dict[str, Callable[[str], Iterator[Finding]]] = {
    "ruff": _ruff,
    "pylint": _pylint,
    "eslint": _eslint,
    "pyright": _pyright,
    "basedpyright": _pyright,
    "clippy": _clippy,
}
