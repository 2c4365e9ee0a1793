"""Which failures of the baseline a task is about: those count, the other old ones are only reported.

Counting all of them would damn good work for what was broken before; counting none would let a patch pass that
fixed nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.reach import reached

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")
CALL = re.compile(r"([A-Za-z_]\w+)\s?\(")
CODE = re.compile(r"`([A-Za-z_][\w.]*)`")
MISSING = re.compile(r"No module named '([\w.]+)'")
OUTSIDE = re.compile(
    r"ConnectionRefusedError|Connection refused|Network is unreachable|Name or service not known|gaierror|"
    r"Temporary failure in name resolution|ConnectionError|fixture '[^']*' not found|failed on (?:setup|teardown) with|"
    r"Read-only file system|command not found"
)


def of_environment(message: str, names: Collection[str]) -> bool:
    """Whether a failure comes from the machine rather than the code: a missing third-party module, no network.

    Args:
        names: paths of the repository; a module that one of them provides is not third-party.
    """
    missing = MISSING.search(message)
    if missing:
        top = missing[1].partition(".")[0]
        return not any(top in (PurePosixPath(name).stem, *PurePosixPath(name).parts[:-1]) for name in names)
    return OUTSIDE.search(message) is not None


def find_targets(
    failures: Mapping[str, str],
    fixed: Collection[str],
    task: str | None,
    tree: Tree,
    changed: Collection[str],
) -> set[str]:
    """The baseline's failures that the patch is to fix.

    Args:
        failures: the baseline's failures that are not flaky, each with the first line of its message.
        fixed: those of them that pass now.
        task: what was asked, if known.
        tree: the tree that was judged.
        changed: the paths that the patch changes.
    """
    if not task:
        names = tree.names()
        ours = {test for test, message in failures.items() if test in fixed or not of_environment(message, names)}
        return (set(fixed) | _reaching(ours, tree, changed)) if fixed else ours
    named = {test for test in failures if _names(task, test)}
    return named or _reaching(failures, tree, changed) | _mentioning(failures, task, tree)


def _names(task: str, test: str) -> bool:
    """Whether a text names a test by its id, its function or its file."""
    file, _, inner = test.partition("::")
    function = re.sub(r"\[.*", "", inner).rpartition("::")[2]
    words = {test, file, PurePosixPath(file).name, function} - {""}
    return any(re.search(rf"(?<![\w/.]){re.escape(word)}(?![\w/])", task) for word in words)


def _reaching(tests: Collection[str], tree: Tree, changed: Collection[str]) -> set[str]:
    """The tests whose file comes to load a changed file; all of them where imports cannot be followed."""
    files = {test.partition("::")[0] for test in tests}
    loads = {file: not file.endswith(".py") or bool(reached(tree, file) & set(changed)) for file in files}
    return {test for test in tests if loads[test.partition("::")[0]]}


def _mentioning(tests: Collection[str], task: str, tree: Tree) -> set[str]:
    """The tests whose source mentions an identifier of the task's text."""
    words = identifiers(task)
    texts = tree.texts(sorted({test.partition("::")[0] for test in tests}))
    return {test for test in tests if words & set(re.findall(r"\w+", _source(test, texts)))}


def identifiers(task: str) -> set[str]:
    """Words of a text that are names of code: with an underscore, in CamelCase, called, or in backquotes.

    >>> sorted(identifiers("Make parse_row keep blanks; see `Table.rows` and load()"))
    ['Table', 'load', 'parse_row', 'rows']
    """
    words = {word for word in WORD.findall(task) if "_" in word.strip("_") or re.search(r"[a-z][A-Z]", word)}
    quoted = {part for name in CODE.findall(task) for part in name.split(".")}
    return {word for word in words | set(CALL.findall(task)) | quoted if len(word) >= 4}


def _source(test: str, texts: Mapping[str, str]) -> str:
    """The source of one test function, or of the whole file when it has no such function."""
    file, _, inner = test.partition("::")
    text = texts.get(file, "")
    function = re.sub(r"\[.*", "", inner).rpartition("::")[2]
    try:
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    except (SyntaxError, ValueError, RecursionError):
        return text
    bodies = [ast.get_source_segment(text, node) or "" for node in nodes if node.name == function]
    return "\n".join(bodies) or text
