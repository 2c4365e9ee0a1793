"""Works out constant expressions of Python without running them: strings that are put together, reversed or encoded."""

from __future__ import annotations

import ast
import base64
import binascii
import codecs
import operator
import zlib
from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 100_000
CONSTANTS = {
    "os.sep": "/",
    "os.path.sep": "/",
    "os.curdir": ".",
    "os.linesep": "\n",
    "os.extsep": ".",
    "string.ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
    "string.digits": "0123456789",
}
DEEPEST = 40
METHODS = {
    *("join", "replace", "lower", "upper", "strip", "lstrip", "rstrip", "decode", "encode", "format", "title", "hex"),
    *("swapcase", "split", "removeprefix", "removesuffix", "capitalize", "casefold", "partition", "rpartition"),
}
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.BitXor: operator.xor,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.FloorDiv: operator.floordiv,
}


class Unknown(Exception):
    """The expression is not constant, or not one that is worked out here."""


def _bytes(*given: Any) -> bytes:
    if given and isinstance(given[0], int):
        raise Unknown
    return bytes(*given)


def _unknown(*_: object) -> Any:
    raise Unknown


CALLS: dict[str, Callable[..., Any]] = {
    "bytes": _bytes,
    "bytearray": _bytes,
    "chr": chr,
    "ord": ord,
    "str": str,
    "int": int,
    "list": list,
    "tuple": tuple,
    "reversed": lambda value: list(reversed(value)),
    "bytes.fromhex": bytes.fromhex,
    "binascii.unhexlify": binascii.unhexlify,
    "binascii.a2b_base64": binascii.a2b_base64,
    "base64.b64decode": base64.b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "base64.standard_b64decode": base64.standard_b64decode,
    "base64.b32decode": base64.b32decode,
    "base64.b16decode": base64.b16decode,
    "base64.b85decode": base64.b85decode,
    "base64.a85decode": base64.a85decode,
    "codecs.decode": codecs.decode,
    "zlib.decompress": lambda data: zlib.decompressobj().decompress(data, LONGEST),
    "pathlib.Path": lambda *parts: "/".join(parts),
    "pathlib.PurePath": lambda *parts: "/".join(parts),
    "os.path.join": lambda *parts: "/".join(parts),
    "os.path.expanduser": str,
    "os.fspath": str,
}
NAMED_CALLS = frozenset(CALLS)


def fold(node: ast.AST, values: Mapping[str, Any], dotted: Callable[[ast.AST], str | None]) -> Any:
    """The value of a constant expression.

    Args:
        values: what names are known to stand for.
        dotted: the full name of what a function expression denotes.

    Raises:
        Unknown: it is not constant.
    """
    try:
        return _Fold(values, dotted).value(node)
    except Unknown:
        raise
    except Exception:  # whatever a hostile constant makes the built-in functions raise
        raise Unknown from None


class _Fold:
    def __init__(self, values: Mapping[str, Any], dotted: Callable[[ast.AST], str | None]) -> None:
        self.values = dict(values)
        self.dotted = dotted
        self.depth = 0

    def value(self, node: ast.AST | None) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unknown
        found = self._value(node)
        self.depth -= 1
        if isinstance(found, str | bytes | list | tuple) and len(found) > LONGEST:
            raise Unknown
        return found

    def _value(self, node: ast.AST | None) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Attribute() if (name := self.dotted(node)) in CONSTANTS:
                return CONSTANTS[name]
            case ast.Name():
                return self.values[node.id] if node.id in self.values else _unknown()
            case ast.List() | ast.Tuple():
                return [self.value(part) for part in node.elts]
            case ast.JoinedStr():
                return "".join(str(self.value(part)) for part in node.values)
            case ast.FormattedValue():
                return self.value(node.value)
            case ast.UnaryOp(op=ast.USub()):
                return -self.value(node.operand)
            case ast.BinOp():
                return self._binary(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.ListComp() | ast.GeneratorExp():
                return self._comprehension(node)
        raise Unknown

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return left % (tuple(right) if isinstance(right, list) else right)
        if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, str):
            return f"{left}/{right}"
        if isinstance(node.op, ast.Mult) and isinstance(left, str) and isinstance(right, int) and right < 100:
            return left * right
        if type(node.op) not in BINARY:
            raise Unknown
        return BINARY[type(node.op)](left, right)

    def _subscript(self, node: ast.Subscript) -> Any:
        whole = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            ends = (node.slice.lower, node.slice.upper, node.slice.step)
            return whole[slice(*(None if end is None else self.value(end) for end in ends))]
        return whole[self.value(node.slice)]

    def _call(self, node: ast.Call) -> Any:
        name = self.dotted(node.func)
        if name == "map" and len(node.args) == 2:
            function: Callable[..., Any] = CALLS.get(self.dotted(node.args[0]) or "", _unknown)
            return [function(item) for item in self.value(node.args[1])]
        given = [self.value(arg) for arg in node.args]
        if name in CALLS:
            return CALLS[name](*given)
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            return getattr(self.value(node.func.value), node.func.attr)(*given)
        raise Unknown

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
        loop = node.generators[0]
        if len(node.generators) != 1 or loop.ifs or not isinstance(loop.target, ast.Name):
            raise Unknown
        found = []
        for item in self.value(loop.iter):
            self.values[loop.target.id] = item
            found.append(self.value(node.elt))
        return found
