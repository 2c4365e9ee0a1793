"""What an asserted Python expression expects, and how it expects something else."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mcp_router.verifier.twins.edits import Edit, Rank, Site
from mcp_router.verifier.twins.python_source import Source, called, is_approx, is_pure, other

CLOSE = {"isclose", "allclose", "array_equal", "array_equiv"}


def expectation(source: Source, test: ast.expr, sure: bool) -> Iterator[Site[ast.Name]]:
    """The site of `assert TEST`; none when what is asserted is a constant."""
    match test:
        case ast.Constant():
            return
        case ast.Compare(ops=[ast.Eq()], left=left, comparators=[right]):
            yield equality(source, test, left, right, sure)
            return
        case ast.Compare(ops=[ast.In()], left=left, comparators=[right]):
            rank, edits = Rank.OTHER, literal(source, left, right, wide=True)
        case ast.Compare(ops=[*_, ast.Eq()], comparators=[*_, last]):
            rank, edits = Rank.EQUAL, literal(source, last)
        case ast.Call(args=[left, right, *_]) if called(test) in CLOSE:
            rank, edits = Rank.EQUAL, literal(source, right, left, wide=True)
        case ast.BoolOp(op=ast.And(), values=values):
            # One part that fails is enough.
            parts = [site for value in values for site in expectation(source, value, sure)]
            yield from sorted(parts, key=lambda site: site.rank)[:1]
            return
        case _:
            rank, edits = Rank.NEGATED, ()
    yield Site(rank, sure, edits) if edits else negated(source, test, sure)


def equality(source: Source, whole: ast.expr, left: ast.expr, right: ast.expr, sure: bool) -> Site[ast.Name]:
    """The site of LEFT == RIGHT, written as the expression `whole`, which may be a pair of arguments' first.

    Another literal, on the right by preference; else both sides are compared with a stranger, which is equal only to
    what lies about equality.
    """
    edits = literal(source, right, left)
    if edits:
        return Site(Rank.EQUAL, sure, edits)
    names = tuple(side for side in (_inner(right), _inner(left)) if isinstance(side, ast.Name))
    mixed = tuple(other(source, right) or other(source, left))
    stranger = source.between(left, right, "==", "== object() or object() ==")
    return Site(Rank.EQUAL, sure, mixed or (*source.wrapped(whole, "(", ")"), stranger), names)


def negated(source: Source, test: ast.expr, sure: bool) -> Site[ast.Name]:
    """The site that wants the contrary of an expression."""
    return Site(Rank.NEGATED, sure, source.wrapped(test, "not (", ")"))


def literal(source: Source, *sides: ast.expr, wide: bool = False) -> tuple[Edit, ...]:
    """Another value for the first side that is written in literals only."""
    found = (other(source, side, wide) for side in sides if is_pure(side))
    return tuple(next(filter(None, found), ()))


def _inner(side: ast.expr) -> ast.expr:
    return side.args[0] if isinstance(side, ast.Call) and is_approx(side) else side
