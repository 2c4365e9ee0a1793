"""The assertions of a Python function, each with the edits that make it expect something else.

Source positions are edited rather than the tree printed anew: line numbers, decorators, comments and the text of
every input stay byte for byte, so a failure of the twin points to the line of the test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mcp_router.verifier.twins.edits import Site
from mcp_router.verifier.twins.python_calls import statement, with_item
from mcp_router.verifier.twins.python_expressions import expectation
from mcp_router.verifier.twins.python_source import Source, called

PySite = Site[ast.Name]
SWALLOWS = {"Exception", "BaseException", "AssertionError"}


def sites(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[PySite]:
    """The assertions of a function that can be changed."""
    return list(_walk(source, function.body, True))


def _walk(source: Source, body: Sequence[ast.stmt], sure: bool) -> Iterator[PySite]:
    for node in body:
        match node:
            case ast.Assert():
                yield from expectation(source, node.test, sure)
            case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
                yield from statement(source, call, sure)
            case ast.Assign(value=ast.Call() as call) if called(call) == "raises":
                yield from statement(source, call, sure)
            case ast.With() | ast.AsyncWith():
                yield from _with(source, node, sure)
            case ast.For() | ast.AsyncFor():
                yield from _walk(source, node.body, sure)
                yield from _walk(source, node.orelse, False)
            case ast.Try() | ast.TryStar():
                if not any(map(_swallows, node.handlers)):
                    yield from _walk(source, node.body, sure)
                yield from _walk(source, [step for handler in node.handlers for step in handler.body], False)
                yield from _walk(source, node.orelse, False)
                yield from _walk(source, node.finalbody, sure)
            case ast.If() | ast.While():
                yield from _walk(source, [*node.body, *node.orelse], False)
            case ast.Match():
                yield from _walk(source, [step for case in node.cases for step in case.body], False)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield from _walk(source, node.body, False)


def _with(source: Source, node: ast.With | ast.AsyncWith, sure: bool) -> Iterator[PySite]:
    hides = False
    for item in node.items:
        if isinstance(item.context_expr, ast.Call):
            hides = hides or called(item.context_expr) in ("raises", "assertRaises", "assertRaisesRegex", "suppress")
            yield from with_item(source, item.context_expr, sure)
    # A failure of an assertion is not what such a block waits for, or is just that. What is chosen elsewhere, by an
    # expression or a parameter, may be such a block.
    if not hides:
        plain = all(isinstance(item.context_expr, ast.Call) for item in node.items)
        yield from _walk(source, node.body, sure and plain)


def _swallows(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in SWALLOWS for kind in caught)
