"""Which files of the repository a Python file comes to import, followed through the files themselves."""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from mcp_router.verifier.changes import Tree

MOST_FILES = 2_000


def reached(tree: Tree, start: str) -> set[str]:
    """The paths that running `start` can load: its imports, theirs, and the conftest.py files above it."""
    names = {name for name in tree.names() if name.endswith(".py")}
    above = [str(folder / "conftest.py") for folder in PurePosixPath(start).parents]
    seen: set[str] = set()
    wave = {start, *(name for name in above if name in names)} & names
    while wave and len(seen) < MOST_FILES:
        seen |= wave
        texts = tree.texts(sorted(wave))
        found = {path for name, text in texts.items() for path in _imports(name, text, names, start)}
        wave = found - seen
    return seen


def comes_to(tree: Tree, start: str, words: Collection[str]) -> set[str]:
    """The identifiers that code of `start` with these words comes to, followed by name through what it loads."""
    definitions: dict[str, set[str]] = {}
    for text in tree.texts(sorted(reached(tree, start))).values():
        for name, (_, inside) in defined(text).items():
            definitions.setdefault(name, set()).update(inside)
    seen: set[str] = set()
    wave = set(words)
    while wave:
        seen |= wave
        wave = {word for name in wave & definitions.keys() for word in definitions[name]} - seen
    return seen


def changed_definitions(base: Tree, tree: Tree, paths: Collection[str]) -> set[str]:
    """The functions, classes and variables of Python files that two trees define otherwise; comments do not count."""
    python = sorted(path for path in paths if path.endswith(".py"))
    old, new = base.texts(python), tree.texts(python)
    found: set[str] = set()
    for path in python:
        before, after = defined(old.get(path, "")), defined(new.get(path, ""))
        found |= {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return found


@functools.lru_cache(maxsize=1024)
def defined(text: str) -> Mapping[str, tuple[str, frozenset[str]]]:
    """What a file defines, by name: its syntax, and the names in it. A method like `__init__` goes by its class."""
    module = _parsed(text)
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for name, node in _definitions(module) if module else ():
        syntax, words = found.get(name, ("", frozenset()))
        found[name] = (syntax + ast.dump(node), words | _words(node))
    return found


def _definitions(module: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            for base in (*node.bases, *node.decorator_list):
                yield node.name, base
            for part in node.body:
                function = isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                own = function and not part.name.startswith("__")  # type: ignore[attr-defined]
                yield part.name if own else node.name, part  # type: ignore[attr-defined]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        yield name.id, node


def _words(node: ast.AST) -> frozenset[str]:
    parts = list(ast.walk(node))
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    return frozenset(names | {part.attr for part in parts if isinstance(part, ast.Attribute)})


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _imports(path: str, text: str, names: set[str], start: str) -> set[str]:
    module = _parsed(text)
    if module is None:
        return set()
    folder = PurePosixPath(path).parent
    roots = [PurePosixPath(), PurePosixPath("src"), PurePosixPath("lib"), PurePosixPath(start).parent, folder]
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= _files(roots, alias.name, names)
        elif isinstance(node, ast.ImportFrom):
            base = [folder, *folder.parents][node.level - 1 : node.level] if node.level else roots
            for alias in node.names:
                found |= _files(base, ".".join(part for part in (node.module, alias.name) if part), names)
    return found


def _files(roots: Iterable[PurePosixPath], dotted: str, names: set[str]) -> set[str]:
    """The files of a module and of the packages that it lies in; a last part that is no module does no harm."""
    parts, found = dotted.split("."), set()
    for root in roots:
        for end in range(1, len(parts) + 1):
            place = root.joinpath(*parts[:end])
            found |= {f"{place}.py", f"{place}/__init__.py"} & names
    return found
