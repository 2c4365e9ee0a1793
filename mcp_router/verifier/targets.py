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
from mcp_router.verifier.reach import changed_definitions, comes_to, reached
from mcp_router.verifier.runners import file_of

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")
CALL = re.compile(r"([A-Za-z_]\w+)\s?\(")
CODE = re.compile(r"`([A-Za-z_][\w.]*)`")
WORDS = re.compile(r"\w+")
MENDS = re.compile(
    r"\b(?:fix|bug|fail|broken|breaks|wrong|crash|incorrect|error|regress|ignor|should|instead|repair|correct)", re.I
)
KEEPS = re.compile(
    r"^\W*(?:please\s+)?(?:refactor|renam|document|reformat|format|lint|annotate|tidy|clean|bump|upgrade|comment|"
    r"add (?:the |a |some )?(?:missing )?(?:docstring|comment|type|test|documentation))",
    re.I,
)
"""Tasks that leave what the code does as it is: no old failure is theirs to mend."""
ADDS = re.compile(
    r"^\W*(?:please\s+)?(?:add|implement|introduce|create|support|write|provide|allow|expose|extend)", re.I
)
COMMON = re.compile(
    r"tests?|testing|should|must|function|method|class|module|files?|makes?|when|with|without|that|this|returns?|values?|"
    r"code|pass|passes|fails?|failing|errors?|does|have|from|into|python|never|below|above|also|only|works?|existing|"
    r"given|them|they|which|cases?"
)
LACKS = re.compile(r"(?:module named|import name|attribute|argument|name) '(?:[\w.]*\.)?(\w+)'")
"""How a failure says which name it did not find."""
MISSING = re.compile(r"No module named '([\w.]+)'")
OUTSIDE = re.compile(
    r"ConnectionRefusedError|Connection refused|Network is unreachable|Name or service not known|gaierror|"
    r"Temporary failure in name resolution|ConnectionError|fixture '[^']*' not found|failed on (?:setup|teardown) with|"
    r"Read-only file system|command not found|git-lfs\.github\.com/spec"
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
    base: Tree,
) -> set[str]:
    """The baseline's failures that the patch is to fix; the first that finds any.

    Those that the task names; whose source or message mentions code that the task mentions; those fixed, with what
    still fails in the same files; and where nothing was fixed, those that a look at the task and the patch ties to
    both (`_tied`).

    Args:
        failures: the baseline's failures that are not flaky, each with the first line of its message.
        fixed: those of them that pass now.
        task: what was asked, if known.
        tree: the tree that was judged.
        changed: the paths that the patch changes.
        base: the tree before the patch; without it, what the patch changes is known by file only.
    """
    named = {test for test in failures if task and _names(task, test)}
    if named:
        return named
    keeps = task is not None and KEEPS.search(task) is not None and not MENDS.search(task)
    if task and not keeps and (mentioned := _mentioning(failures, task, tree)):
        return mentioned | set(fixed)
    files = {file_of(test) for test in fixed}
    if fixed or keeps:
        return {test for test in failures if test in fixed or (not keeps and file_of(test) in files)}
    names = tree.names()
    ours = {test: said for test, said in failures.items() if task or not of_environment(said, names)}
    return _tied(ours, task or "", tree, changed, base)


def _tied(failures: Mapping[str, str], task: str, tree: Tree, changed: Collection[str], base: Tree) -> set[str]:
    """Failures that come to code that the task is about, where nothing was fixed that would show which it is about.

    That code is what the task mentions, else what the patch defines otherwise, else the files that it changes. A task
    that adds something is about a failure only where their words agree too, or where the message asks for it.
    """
    aims = identifiers(task) or changed_definitions(base, tree, changed)
    near = _coming_to(failures, aims, tree, changed)
    if not aims or not (task or near):
        near |= _reaching(failures, tree, changed)
    alike = {test for test in failures if _alike(task, test)}
    if ADDS.search(task):
        wanted = aims | {PurePosixPath(path).stem for path in changed} | set(WORDS.findall(task))
        lacking = {test: LACKS.search(said) for test, said in failures.items()}
        return (near & alike) | {test for test, found in lacking.items() if found and found[1] in wanted}
    return near | (alike if MENDS.search(task) else set())


def _coming_to(tests: Collection[str], aims: set[str], tree: Tree, changed: Collection[str]) -> set[str]:
    """The tests that use one of these definitions, directly or not, or that name a changed file.

    All of them where names cannot be followed.
    """
    files = [PurePosixPath(path).name for path in changed]
    texts = tree.texts(sorted({file_of(test) for test in tests}))
    found = set()
    for test in tests:
        file = file_of(test)
        source = _source(test, texts)
        words = set(WORDS.findall(source))
        if not file.endswith(".py") or any(name in source for name in files) or aims & comes_to(tree, file, words):
            found.add(test)
    return found


def _alike(task: str, test: str) -> bool:
    """Whether a test's name shares a telling word with the task, endings aside."""
    file, _, inner = test.partition("::")
    name = re.sub(r"\[.*", "", inner).rpartition("::")[2] or PurePosixPath(file).stem
    words = [word for word in re.findall(r"[a-z]{4,}", task.lower()) if not COMMON.fullmatch(word)]
    parts = [part for part in re.findall(r"[a-z]{4,}", name.lower()) if not COMMON.fullmatch(part)]
    pairs = ((word, part) for word in words for part in parts if abs(len(word) - len(part)) <= 3)
    return any(word.startswith(part) or part.startswith(word) for word, part in pairs)


def _names(task: str, test: str) -> bool:
    """Whether a text names a test by its id, its function or its file."""
    file, _, inner = test.partition("::")
    function = re.sub(r"\[.*", "", inner).rpartition("::")[2]
    words = {test, file, PurePosixPath(file).name, function} - {""}
    return any(re.search(rf"(?<![\w/.]){re.escape(word)}(?![\w/])", task) for word in words)


def _reaching(tests: Collection[str], tree: Tree, changed: Collection[str]) -> set[str]:
    """The tests whose file comes to load a changed file; all of them where imports cannot be followed."""
    files = {file_of(test) for test in tests}
    loads = {file: not file.endswith(".py") or bool(reached(tree, file) & set(changed)) for file in files}
    return {test for test in tests if loads[file_of(test)]}


def _mentioning(tests: Mapping[str, str], task: str, tree: Tree) -> set[str]:
    """The tests whose source, or what they complain of, mentions an identifier of the task's text."""
    words = identifiers(task)
    texts = tree.texts(sorted({file_of(test) for test in tests})) if words else {}
    return {
        test for test, said in tests.items() if words & {*WORDS.findall(_source(test, texts)), *WORDS.findall(said)}
    }


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
