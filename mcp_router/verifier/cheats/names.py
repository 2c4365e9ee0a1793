"""What the expressions of a Python file denote: full names behind aliases, getattr, __import__ and __dict__."""

from __future__ import annotations

import ast
import builtins
import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mcp_router.verifier.cheats.folding import Unknown, fold

IMPORTERS = {"__import__", "importlib.import_module", "importlib.__import__", "pkgutil.resolve_name", "pydoc.locate"}
GETTERS = {"getattr", "object.__getattribute__", "inspect.getattr_static"}
SAME = {"posix": "os", "nt": "os", "_io": "io", "__builtins__": "builtins", "_frozen_importlib": "importlib"}
CARRIED = {"os", "sys", "builtins", "importlib", "inspect", "gc", "ctypes", "subprocess", "socket"}
"""Modules that other modules of the standard library have as an attribute: `logging.os` is `os`."""
BUILTINS = frozenset([*dir(builtins), "exit", "quit"])
ROUNDS = 4


class Names:
    """Names of one module, whatever the scope: an alias anywhere counts everywhere."""

    def __init__(self, module: ast.Module) -> None:
        self.nodes = list(ast.walk(module))
        self.parents = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self.aliases: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._seen: dict[ast.AST, str | None] = {}
        self.imports = list(_imports(self.nodes))
        self.counted = set(_counted(self.nodes))
        for _, bound, name in self.imports:
            self.aliases[bound] = _normal(name)
        assigned = list(_assigned(self.nodes))
        times = Counter(name for name, _ in assigned)
        for _ in range(ROUNDS):
            before = (len(self.aliases), len(self.values))
            self._seen.clear()
            for name, value in assigned:
                self._assign(name, value, times[name] > 1)
            if before == (len(self.aliases), len(self.values)):
                break
        self._seen.clear()

    def _assign(self, name: str, value: ast.AST, often: bool) -> None:
        meant = self.dotted(value)
        if meant and meant != name and name not in self.aliases:
            self.aliases[name] = meant
        elif not often and name not in self.values:
            with contextlib.suppress(Unknown):
                self.values[name] = fold(value, self.values, self.dotted)

    def text(self, node: ast.AST | None) -> str | None:
        """The string that an expression comes to; None when it is no constant string."""
        value = self.value(node)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        return value if isinstance(value, str) else None

    def value(self, node: ast.AST | None) -> Any:
        """The constant that an expression comes to, else None."""
        if node is None:
            return None
        try:
            return fold(node, self.values, self.dotted)
        except Unknown:
            return None

    def dotted(self, node: ast.AST) -> str | None:
        """The full name of what an expression denotes, such as os._exit; None when it cannot be told."""
        if node not in self._seen:
            self._seen[node] = None
            self._seen[node] = self._dotted(node)
        return self._seen[node]

    def _dotted(self, node: ast.AST) -> str | None:
        match node:
            case ast.Name():
                known = node.id in BUILTINS or (node.id.startswith("__") and node.id.endswith("__"))
                return _normal(self.aliases.get(node.id, node.id)) if known or node.id in self.aliases else None
            case ast.Attribute():
                return self._member(node.value, node.attr)
            case ast.Subscript():
                return self._item(node.value, self.text(node.slice))
            case ast.Call():
                return self._call(node)
            case ast.NamedExpr():
                return self.dotted(node.value)
            case ast.IfExp():
                return self.dotted(node.body) or self.dotted(node.orelse)
            case ast.BoolOp():
                return next((name for part in node.values if (name := self.dotted(part))), None)
        return None

    def _member(self, of: ast.AST, name: str | None) -> str | None:
        whole = self.dotted(of)
        return _normal(f"{whole}.{name}") if whole and name else None

    def _item(self, of: ast.AST, name: str | None) -> str | None:
        whole = self.dotted(of)
        if not whole or not name:
            return None
        if whole == "sys.modules":
            return _normal(name)
        if whole in ("globals()", "builtins"):
            return _normal(f"builtins.{name}" if whole == "builtins" else self.aliases.get(name, name))
        return _normal(f"{whole.removesuffix('.__dict__')}.{name}") if whole.endswith(".__dict__") else None

    def _call(self, node: ast.Call) -> str | None:
        name, args = self.dotted(node.func), node.args
        if name in IMPORTERS and args:
            return _normal(text.replace(":", ".")) if (text := self.text(args[0])) else None
        if name in GETTERS and len(args) > 1:
            return self._member(args[0], self.text(args[1]))
        if name == "vars" and args:
            return self._member(args[0], "__dict__")
        if name in ("globals", "locals"):
            return "globals()"
        if name in ("functools.partial", "importlib.reload", "staticmethod") and args:
            return self.dotted(args[0])
        if isinstance(node.func, ast.Call) and self.dotted(node.func.func) == "operator.attrgetter" and args:
            return self._member(args[0], self.text(node.func.args[0]) if node.func.args else None)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "__getitem__", "pop") and args:
            return self._item(node.func.value, self.text(args[0]))
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("__getattribute__", "__getattr__") and args:
            return self._member(node.func.value, self.text(args[0]))
        return None


def _normal(name: str) -> str:
    """One name for each thing: posix._exit, logging.os._exit and os._exit are the same."""
    parts = name.split(".")
    parts[0] = SAME.get(parts[0], parts[0])
    for at in range(len(parts) - 1, 0, -1):
        if (
            parts[at] in CARRIED
            and parts[at] != parts[at - 1]
            and parts[0] in sys.stdlib_module_names
            and parts[0] != "asyncio"
        ):
            parts = parts[at:]
            break
    if parts[0] == "builtins" and len(parts) > 1 and parts[1] in BUILTINS:
        parts = parts[1:]
    if parts[:2] == ["io", "open"]:
        parts = ["open", *parts[2:]]
    return ".".join(parts)


def _imports(nodes: list[ast.AST]) -> Iterator[tuple[int, str, str]]:
    """Line, the name that is bound, and the full name of what it stands for; those of the file's own package are
    left out."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    node.lineno,
                    alias.asname or alias.name.partition(".")[0],
                    (alias.name if alias.asname else alias.name.partition(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                yield node.lineno, alias.asname or alias.name, f"{node.module}.{alias.name}"


def _counted(nodes: list[ast.AST]) -> Iterator[str]:
    """Names that loops count through numbers."""
    for node in nodes:
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
            ranged = isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") == "range"
            if ranged or isinstance(node.iter, ast.Tuple | ast.List):
                yield node.target.id


def _assigned(nodes: list[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """Plain names and attributes of self that are given a value, with the value."""
    for node in nodes:
        pairs: list[tuple[ast.AST, ast.AST | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.AugAssign):
            pairs = [(node.target, None)]
        for target, value in pairs:
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
                pairs_of = zip(target.elts, value.elts, strict=True)
                yield from ((part.id, given) for part, given in pairs_of if isinstance(part, ast.Name))
            elif isinstance(target, ast.Name):
                yield target.id, value if value is not None else target
