"""Changes what a variable expects where its literal is written, when it is nothing but an expectation.

That exposes code that reads what is expected from the frame of its caller. A variable that is an input too is left
alone, and the assertion compares with a stranger instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mcp_router.verifier.twins.edits import Edit, Site
from mcp_router.verifier.twins.python_source import Source, called, is_pure, other

Function = ast.FunctionDef | ast.AsyncFunctionDef
Rows = list[ast.expr]


def edits_of(source: Source, function: Function, sites: Sequence[Site[ast.Name]]) -> Iterator[Edit]:
    """The edits of the chosen assertions of a function."""
    expected = {id(name) for site in sites for name in site.names}
    uses: dict[str, list[ast.Name]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            uses.setdefault(node.id, []).append(node)
    written: dict[str, list[Edit]] = {}
    for name in {name.id for site in sites for name in site.names}:
        loads = [node for node in uses[name] if isinstance(node.ctx, ast.Load)]
        if all(id(node) in expected for node in loads):
            written[name] = _written(source, function, name, len(uses[name]) - len(loads))
    for site in sites:
        yield from next((found for name in site.names if (found := written.get(name.id))), site.edits)


def _written(source: Source, function: Function, name: str, stores: int) -> list[Edit]:
    """Another value for every literal that the variable gets, nothing when one of its values cannot be changed."""
    values = [value for column in _columns(function, name) for value in column]
    parameter = any(arg.arg == name for arg in [*function.args.args, *function.args.kwonlyargs])
    if stores + parameter != 1 or not values or not all(map(is_pure, values)):
        return []
    found = [other(source, value, wide=True) for value in values]
    return [edit for edits in found for edit in edits] if all(found) else []


def _columns(function: Function, name: str) -> Iterator[Rows]:
    """The values that statements and decorators of a function give a variable, where they are written out."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield [value]
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                yield [value]
            case ast.For(target=ast.Name(id=target), iter=ast.List() | ast.Tuple() as rows) if target == name:
                yield rows.elts
            case ast.For(target=ast.Tuple(elts=targets), iter=ast.List() | ast.Tuple() as rows):
                yield from _column([getattr(target, "id", "") for target in targets], rows.elts, name)
    for call in function.decorator_list:
        if isinstance(call, ast.Call) and called(call) == "parametrize" and len(call.args) > 1:
            yield from _parametrized(call, name)


def _parametrized(call: ast.Call, name: str) -> Iterator[Rows]:
    named, rows = call.args[:2]
    if any(word.arg == "indirect" for word in call.keywords) or not isinstance(rows, ast.List | ast.Tuple):
        return
    if isinstance(named, ast.Constant) and isinstance(named.value, str):
        names = [part.strip() for part in named.value.split(",") if part.strip()]
        single = len(names) == 1
    elif isinstance(named, ast.List | ast.Tuple):
        names, single = [str(getattr(part, "value", "")) for part in named.elts], False
    else:
        return
    yield from ([_only(row) for row in rows.elts],) if single and names == [name] else _column(names, rows.elts, name)


def _only(row: ast.expr) -> ast.expr:
    return row.args[0] if isinstance(row, ast.Call) and called(row) == "param" and row.args else row


def _column(names: list[str], rows: Rows, name: str) -> Iterator[Rows]:
    if name not in names:
        return
    cells = [
        row.args if isinstance(row, ast.Call) and called(row) == "param" else getattr(row, "elts", []) for row in rows
    ]
    # A row that is not written out may hold anything.
    yield [row[names.index(name)] for row in cells] if all(len(row) == len(names) for row in cells) else []
