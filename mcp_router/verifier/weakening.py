"""Whether a change that the task asks for, to tests or to what decides how they run, makes them demand less."""

from __future__ import annotations

import ast
import difflib
import re
from collections import Counter

from mcp_router.verifier.additions import NARROWS, only_adds

ASSERTION = re.compile(r"\bassert\w*[!.(\s]|\bexpect\s*\(|\.should\b|\bt\.(?:Error|Fatal|is|ok|equal)|#\[should_panic")
SKIP = re.compile(r"\b(?:skip\w*|SkipTest|xfail|expectedFailure|importorskip|todo)\b")
LOOSE = re.compile(
    r"skip|deselect|ignore|xfail|\|\|\s*(?:true|:)|continue-on-error|allow[_-]failure|exclude|disabl|omit|no-?verify"
    r"|--co\b|collect|\s-k\b|\s-m\b|exit\s+0|if:\s*(?:false|\$\{\{\s*false)|=\s*false|:\s*(?:false|off|0)\b|\"off\""
    r"|noqa|addopts|plugins|norecursedirs|--lf|passWithNoTests|bail|maxfail",
    re.IGNORECASE,
)
STRICT = re.compile(
    r"test|lint|check|mypy|ruff|flake|cov|run:|strict|fail|error|warn|require|select|enable", re.IGNORECASE
)


def demands_less(path: str, old: str, new: str, gone: set[str]) -> str | None:
    """How a changed test file is weaker than it was, in a few words; None when it is not.

    gone: names that the patch takes out of the source; tests of them may go.
    """
    if len(NARROWS.findall(new)) > len(NARROWS.findall(old)) or _count(SKIP, path, new) > _count(SKIP, path, old):
        return "skips tests"
    if not path.endswith((".py", ".pyi")):
        fewer = len(ASSERTION.findall(new)) < len(ASSERTION.findall(old))
        return "asserts less" if fewer and not gone & set(re.findall(r"\w+", old)) else None
    try:
        before, after = _tests(old), _tests(new)
    except (SyntaxError, ValueError, RecursionError):
        return "can no longer be read"
    added = len(set(after) - set(before))
    for name, test in before.items():
        about_gone = bool(gone & _words(test))
        if name not in after:
            if not about_gone and added <= 0:
                return f"takes out {name}"
            added -= not about_gone
        elif _assertions(after[name]) < _assertions(test) and not about_gone:
            return f"asserts less in {name}"
        elif _empty_assertions(after[name]) > _empty_assertions(test):
            return f"asserts nothing in {name}"
    return None


def _count(pattern: re.Pattern[str], path: str, text: str) -> int:
    """How often a word stands in the code, comments aside."""
    comment = r"#[^\n]*" if path.endswith((".py", ".pyi", ".rb")) else r"//[^\n]*"
    return len(pattern.findall(re.sub(comment, "", text)))


def _tests(text: str) -> dict[str, ast.AST]:
    """The test functions of a file by name, those of a class with the class."""
    found: dict[str, ast.AST] = {}
    for top in ast.parse(text).body:
        for node in [top, *(top.body if isinstance(top, ast.ClassDef) else [])]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                found[f"{top.name}.{node.name}" if isinstance(top, ast.ClassDef) else node.name] = node
    return found


def _assertions(test: ast.AST) -> int:
    """Assertions and cases: a parametrize list that got shorter demands less too."""
    count = 0
    for node in ast.walk(test):
        count += isinstance(node, ast.Assert)
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            count += name.startswith("assert") or name in ("raises", "warns", "fail")
            if name == "parametrize" and len(node.args) > 1 and isinstance(node.args[1], ast.List | ast.Tuple):
                count += len(node.args[1].elts)
    return count


def _empty_assertions(test: ast.AST) -> int:
    """Assertions that hold whatever the code does."""
    count = 0
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            names = [part for part in ast.walk(node.test) if isinstance(part, ast.Name | ast.Call)]
            same = isinstance(node.test, ast.Compare) and ast.dump(node.test.left) == ast.dump(node.test.comparators[0])
            either = isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or)
            count += not names or same or either
        count += isinstance(node, ast.Try) and any(
            isinstance(step, ast.Pass) for handler in node.handlers for step in handler.body
        )
    return count


def _words(test: ast.AST) -> set[str]:
    names = {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}
    return names | {part.attr for part in ast.walk(test) if isinstance(part, ast.Attribute)}


def changed_tests(old: str, new: str) -> dict[str, set[str]]:
    """The Python tests that differ or are gone, each with the names in it; empty where that cannot be told."""
    try:
        before, after = _tests(old), _tests(new) if new else {}
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return {
        name: _words(test) | {name}
        for name, test in before.items()
        if name not in after or ast.dump(test) != ast.dump(after[name])
    }


def is_harmless(path: str, old: str | None, new: str | None) -> bool:
    """Whether a change to a file of the harness or of CI takes nothing away and loosens nothing."""
    if new is None:
        return False
    if path.endswith(".py"):
        return only_adds(path, old or "", new)
    steps = [line for line in difflib.ndiff((old or "").splitlines(), new.splitlines()) if line[:1] in "+-"]
    added = Counter(line[1:].strip() for line in steps if line[0] == "+")
    removed = Counter(line[1:].strip() for line in steps if line[0] == "-") - added
    return not any(LOOSE.search(line) for line in added) and not any(STRICT.search(line) for line in removed)
