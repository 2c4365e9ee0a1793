"""The twin of a Python test file: which functions are tests, which helpers they call, what is changed in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mcp_router.verifier.twins.edits import Site, applied, chosen
from mcp_router.verifier.twins.python_asserts import sites
from mcp_router.verifier.twins.python_names import edits_of
from mcp_router.verifier.twins.python_source import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Case:
    """A test: its id, its function, and the functions of the file that it can call by name."""

    id: str
    function: Function
    callable: dict[str, Function]


def twin_of(path: str, text: str) -> tuple[str, frozenset[str]] | None:
    """The text of the twin and the tests with a changed expectation, None when nothing can be changed.

    Raises:
        SyntaxError, ValueError, RecursionError: it, or its twin, cannot be parsed.
    """
    source = Source(text)
    found: dict[Function, list[Site[ast.Name]]] = {}
    changed = set()
    for case in _cases(source.module, path):
        for function in _asserting(source, case):
            found[function] = chosen(sites(source, function))
            changed.add(case.id)
    edits = {edit for function, each in found.items() for edit in edits_of(source, function, each)}
    twin = applied(source.content, edits).decode()
    ast.parse(twin.removeprefix("\ufeff"))
    return (twin, frozenset(changed)) if changed else None


def _asserting(source: Source, case: Case) -> list[Function]:
    """The function of a test if it asserts; else the helpers that it comes to call and that assert for it."""
    wave, seen = [case.function], {case.function}
    while wave:
        found = [function for function in wave if sites(source, function)]
        if found:
            return found
        names = {name for function in wave for name in _called_names(function)}
        wave = [
            function for name in sorted(names & set(case.callable)) if (function := case.callable[name]) not in seen
        ]
        seen.update(wave)
    return []


def _called_names(function: Function) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name)):
                yield name


def _cases(module: ast.Module, path: str) -> Iterator[Case]:
    """The tests of a file by the usual names; a class has those of its bases in the same file too."""
    functions = {node.name: node for node in _definitions(module.body) if isinstance(node, Function)}
    classes = {node.name: node for node in _definitions(module.body) if isinstance(node, ast.ClassDef)}
    for name, function in functions.items():
        if name.startswith("test"):
            yield Case(f"{path}::{name}", function, functions)
    for node in classes.values():
        yield from _methods(node, f"{path}::{node.name}", classes, functions)


def _methods(
    node: ast.ClassDef, id: str, classes: dict[str, ast.ClassDef], functions: dict[str, Function]
) -> Iterator[Case]:
    methods: dict[str, Function] = {}
    inner = []
    for base in _lineage(node, classes):
        for member in _definitions(base.body):
            if isinstance(member, ast.ClassDef):
                inner.append(member)
            else:
                methods.setdefault(member.name, member)
    for name, method in methods.items():
        if name.startswith("test"):
            yield Case(f"{id}::{name}", method, functions | methods)
    for member in inner:
        yield from _methods(member, f"{id}::{member.name}", classes, functions)


def _lineage(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[ast.ClassDef]:
    """A class and its bases in the same file, near ones first."""
    found = [node]
    for at in found:
        bases = [classes[base.id] for base in at.bases if isinstance(base, ast.Name) and base.id in classes]
        found += [base for base in bases if base not in found]
    return found


def _definitions(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node
            case ast.If():
                yield from _definitions([*node.body, *node.orelse])
            case ast.Try():
                yield from _definitions(
                    [*node.body, *node.orelse, *(step for each in node.handlers for step in each.body)]
                )
