"""Which files of the repository a Python file comes to import, followed through the files themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable
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


def _imports(path: str, text: str, names: set[str], start: str) -> set[str]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
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
