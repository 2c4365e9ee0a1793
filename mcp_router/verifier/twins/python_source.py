"""Where a Python expression lies in the bytes of its file, and how it becomes another value of the same kind."""

from __future__ import annotations

import ast
import math
import re
from itertools import accumulate

from mcp_router.verifier.twins.edits import ADDED, Edit

CONTAINERS = {"set", "frozenset", "list", "tuple", "sorted", "dict", "OrderedDict", "deque", "Counter"}


class Source:
    """A parsed file. Raises SyntaxError, ValueError or RecursionError when it cannot be parsed."""

    def __init__(self, text: str) -> None:
        # The grammar does not take a byte order mark in a str; a file may begin with one.
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        self.module = ast.parse(text.removeprefix(mark))
        self.content = text.encode()
        lengths = [len(line) for line in re.findall(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)", self.content)]
        self._lines = [len(mark.encode()), *accumulate(lengths)]

    def start(self, node: ast.expr) -> int:
        """The place of its first byte."""
        return self._at(node.lineno, node.col_offset)

    def end(self, node: ast.expr) -> int:
        """The place after its last byte."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.end_lineno, node.end_col_offset)

    def _at(self, line: int, column: int) -> int:
        return self._lines[line - 1] + column

    def replaced(self, node: ast.expr, text: str) -> Edit:
        """The expression gives way to `text`."""
        return Edit(self.start(node), self.end(node), text)

    def wrapped(self, node: ast.expr, before: str, after: str) -> tuple[Edit, Edit]:
        """The expression between two texts."""
        start, end = self.start(node), self.end(node)
        return Edit(start, start, before), Edit(end, end, after)

    def between(self, left: ast.expr, right: ast.expr, token: str, text: str) -> Edit:
        """The first `token` between two expressions gives way to `text`."""
        start = self.content.index(token.encode(), self.end(left), self.start(right))
        return Edit(start, start + len(token), text)


def is_pure(node: ast.expr) -> bool:
    """Whether an expression is written in literals only."""
    match node:
        case ast.List() | ast.Tuple() | ast.Set():
            return all(map(is_pure, node.elts))
        case ast.Dict():
            return all(key is not None and is_pure(key) for key in node.keys) and all(map(is_pure, node.values))
        case ast.UnaryOp():
            return isinstance(node.op, ast.USub | ast.UAdd) and is_pure(node.operand)
        case ast.Call():
            return _is_container(node) and all(map(is_pure, [*node.args, *(word.value for word in node.keywords)]))
    return isinstance(node, ast.Constant | ast.JoinedStr)


def other(source: Source, node: ast.expr, wide: bool = False) -> list[Edit]:
    """What makes an expression another valid value of the same kind; nothing where no literal of it can be changed.

    wide: numbers go far away, for comparisons with a tolerance or with several values; of a set all is changed.
    """
    match node:
        case ast.Constant():
            return _constant(source, node, wide)
        case ast.JoinedStr():
            return _lengthened(source, node)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return other(source, node.operand, wide)
        case ast.List() | ast.Tuple() | ast.Set():
            return _display(source, node, wide)
        case ast.Dict():
            # Values first: two keys that are changed could fall together.
            values = [edit for value in node.values for edit in other(source, value, wide)]
            keys = [other(source, key, wide) for key in node.keys if key is not None]
            return values or next(filter(None, keys), []) or _filled(source, node, "{0: 0}", not node.values)
        case ast.Call() if _is_container(node):
            return _call(source, node, wide)
    return []


def is_approx(node: ast.expr) -> bool:
    """Whether it is pytest.approx of one value."""
    return isinstance(node, ast.Call) and called(node) == "approx" and bool(node.args)


def called(call: ast.Call) -> str:
    """The last name of what is called: `raises` of pytest.raises(...)."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _is_container(call: ast.Call) -> bool:
    return is_approx(call) or (isinstance(call.func, ast.Name) and call.func.id in CONTAINERS)


def _constant(source: Source, node: ast.Constant, wide: bool) -> list[Edit]:
    value = node.value
    if isinstance(value, bool):
        return [source.replaced(node, str(not value))]
    if isinstance(value, str | bytes):
        return _lengthened(source, node)
    if isinstance(value, int | float | complex):
        return _number(source, node, value, wide)
    return [source.replaced(node, f'"{ADDED}"')]


def _number(source: Source, node: ast.Constant, value: complex, wide: bool) -> list[Edit]:
    if isinstance(value, float) and not math.isfinite(value):
        return []
    shifted = value * 3 + 1000 if wide else value + 1
    try:
        return [source.replaced(node, repr(shifted if shifted != value else value / 2))]
    except ValueError:  # an int of more digits than may be written
        return []


def _lengthened(source: Source, node: ast.expr) -> list[Edit]:
    """A longer string: letters before its closing quotes, whatever its prefix and also when it is an f-string."""
    end = source.end(node)
    quotes = 3 if source.content[:end].endswith((b'"""', b"'''")) else 1
    return [Edit(end - quotes, end - quotes, ADDED)]


def _display(source: Source, node: ast.List | ast.Tuple | ast.Set, wide: bool) -> list[Edit]:
    if not node.elts:
        return _filled(source, node, "[0]" if isinstance(node, ast.List) else "(0,)", True)
    found = [other(source, item, wide) for item in node.elts]
    if isinstance(node, ast.Set) and not wide:
        # {True, False} with both changed would be equal to itself.
        return next(filter(None, found), [])
    return [edit for edits in found for edit in edits]


def _call(source: Source, node: ast.Call, wide: bool) -> list[Edit]:
    if node.args:
        return other(source, node.args[0], wide or is_approx(node))
    words = [edit for word in node.keywords for edit in other(source, word.value, wide)]
    name = called(node)
    filled = "dict(twin=0)" if name in ("dict", "OrderedDict", "Counter") else f"{name}((0,))"
    return words or _filled(source, node, filled.replace("dict(", f"{name}(", 1), not node.keywords)


def _filled(source: Source, node: ast.expr, text: str, empty: bool) -> list[Edit]:
    return [source.replaced(node, text)] if empty else []
