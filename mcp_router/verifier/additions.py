"""Whether a change to a test file only adds to it: every existing test still there, word for word."""

from __future__ import annotations

import ast
import difflib
import re

NARROWS = re.compile(r"\.only\(|\bfdescribe\(|\bfit\(|\bxit\(|\.skip\(|#\[ignore\]|t\.Skip|@Disabled|@Ignore")
IMPORTS = (ast.Import, ast.ImportFrom)
HOOKS = ("pytest_", "setup", "teardown", "setUp", "tearDown", "__")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def only_adds(path: str, old: str, new: str) -> bool:
    """True when nothing that was in the file changed; for Python formatting and comments may."""
    if not path.endswith((".py", ".pyi")):
        steps = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[:1] in "+-"]
        return all(line[0] == "+" and not NARROWS.search(line) for line in steps)
    try:
        before, after = ast.parse(old), ast.parse(new)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return _extends(before.body, after.body)


def _extends(before: list[ast.stmt], after: list[ast.stmt]) -> bool:
    """All old statements in their order, and beside them only imports, constants and definitions of new names."""
    if not _imported(before) <= _imported(after):
        return False
    old = [node for node in before if not isinstance(node, IMPORTS)]
    taken = _names(before)
    at = 0
    for node in after:
        if at < len(old) and _same(old[at], node):
            at += 1
        elif isinstance(node, IMPORTS):
            if _names([node]) & _names(old):
                return False
        elif not _is_new(node, taken):
            return False
    return at == len(old)


def _same(old: ast.stmt, new: ast.stmt) -> bool:
    """Equal, or a class that only gained members."""
    if ast.dump(old) == ast.dump(new):
        return True
    if not (isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef)):
        return False
    heads = [
        ast.dump(ast.ClassDef(node.name, node.bases, node.keywords, [], node.decorator_list)) for node in (old, new)
    ]
    return heads[0] == heads[1] and _extends(old.body, new.body)


def _is_new(node: ast.stmt, taken: set[str]) -> bool:
    if isinstance(node, DEFINITIONS):
        return node.name not in taken and not node.name.startswith(HOOKS) and not _autouse(node)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        names = _names([node])
        return bool(names) and not names & (taken | {"pytestmark", "pytest_plugins", "__test__", "collect_ignore"})
    return False


def _autouse(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(
        isinstance(part, ast.keyword) and part.arg == "autouse" for deco in decorators for part in ast.walk(deco)
    )


def _imported(body: list[ast.stmt]) -> set[tuple[str, str, str | None]]:
    found: set[tuple[str, str, str | None]] = set()
    for node in body:
        if isinstance(node, IMPORTS):
            module = f"{'.' * node.level}{node.module or ''}" if isinstance(node, ast.ImportFrom) else ""
            found |= {(module, alias.name, alias.asname) for alias in node.names}
    return found


def _names(body: list[ast.stmt]) -> set[str]:
    """The names that statements bind; nothing for a target that is not a plain name."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, DEFINITIONS):
            found.add(node.name)
        elif isinstance(node, IMPORTS):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


INLINE = re.compile(r"#\[cfg\(test\)\]\s*(?:pub\s+)?mod\s+\w+\s*\{")


def inline_tests(path: str, text: str) -> str:
    """The tests that a source file of Rust carries in itself; empty for others."""
    if not path.endswith(".rs"):
        return ""
    found = []
    for match in INLINE.finditer(text):
        depth, end = 1, match.end()
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found.append(text[match.start() : end])
    return "\n".join(found)


def changed_answers(path: str, old: str, new: str) -> set[str]:
    """The names of what a Python file documents by an example whose expected answer changed, the rest of it not."""
    before, after = _examples(path, old), _examples(path, new)
    return {name for (name, source), wants in before.items() if wants != after.get((name, source), wants)}


def _examples(path: str, text: str) -> dict[tuple[str, str], list[str]]:
    """The expected answers of each example in the docstrings, by the name of what it documents and its source."""
    if not path.endswith(".py") or ">>>" not in text:
        return {}
    import doctest

    parser = doctest.DocTestParser()
    found: dict[tuple[str, str], list[str]] = {}
    try:
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Module, *DEFINITIONS))]
        for node in nodes:
            for one in parser.get_examples(ast.get_docstring(node) or ""):
                found.setdefault((getattr(node, "name", path), one.source), []).append(one.want)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return found
