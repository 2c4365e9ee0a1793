"""Finds Python code that ends the process where it has no business to: outside of a command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mcp_router.verifier.cheats.names import Names
from mcp_router.verifier.cheats.python_names import TIDY
from mcp_router.verifier.cheats.signs import Sign

EXITS = {"sys.exit", "exit", "quit", "SystemExit", "site.Quitter", "_sitebuiltins.Quitter"}
COMMAND_LINE = re.compile(
    r"(^|/)(cli|__main__|main|manage|console|commands?|app)\.py$|(^|/)(cli|commands|bin|scripts)/"
)
COMMAND_LIBRARIES = {"argparse", "click", "typer", "optparse", "docopt", "fire"}
COMMAND_FUNCTION = re.compile(r"^_?(main|cli|run|exit|die|fail|abort|usage|cmd|command|shutdown)")


def is_command(path: str, names: Names) -> bool:
    """Whether a file is a command line, by its name or by the library that it uses."""
    tops = {name.partition(".")[0] for _, _, name in names.imports}
    return bool(COMMAND_LINE.search(path)) or bool(COMMAND_LIBRARIES & tops)


def exit_signs(names: Names, command: bool) -> Iterator[Sign]:
    """Exits outside of a command, and handlers at the end of the process that do more than tidy up."""
    parents, called = names.parents, _called_from_others(names)
    functions = {node.name: node for node in names.nodes if isinstance(node, ast.FunctionDef)}
    for node in names.nodes:
        if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            name = names.dotted(node)
            if name in EXITS and not _excused(node, parents) and not _may_exit(node, parents, names, command, called):
                yield Sign(node.lineno, f"{name} ends the process outside of a command line")
            if name in ("atexit.register", "weakref.finalize") and isinstance(parents.get(node), ast.Call):
                call = parents[node]
                assert isinstance(call, ast.Call)
                if name == "atexit.register" and not (call.args and _tidies(call.args[0], functions)):
                    yield Sign(node.lineno, "atexit acts when the process ends", "the end of the process")
            elif name == "atexit.register" and isinstance(parents.get(node), ast.FunctionDef):
                function = parents[node]
                assert isinstance(function, ast.FunctionDef)
                if not _only_tidies(function.body):
                    yield Sign(node.lineno, "atexit acts when the process ends", "the end of the process")


def _excused(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Caught, named as a type, or only imported by another name."""
    parent = parents.get(node)
    if isinstance(parent, ast.ExceptHandler | ast.Tuple | ast.Attribute | ast.ClassDef):
        return True
    if isinstance(parent, ast.Call) and node in parent.args:
        return isinstance(parent.func, ast.Name) and parent.func.id in ("isinstance", "issubclass", "suppress")
    return False


def _may_exit(node: ast.AST, parents: dict[ast.AST, ast.AST], names: Names, command: bool, called: set[str]) -> bool:
    """Ending the process is right in a command: behind the main guard, or in a function of one that no other calls."""
    inside = False
    at = parents.get(node)
    while at is not None:
        if isinstance(at, ast.If) and isinstance(at.test, ast.Compare) and names.dotted(at.test.left) == "__name__":
            return True
        if isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = True
            if COMMAND_FUNCTION.match(at.name) and (command or at.name not in called):
                return True
        at = parents.get(at)
    return inside and command


def _called_from_others(names: Names) -> set[str]:
    """Functions of the file that functions which are no commands call."""
    found: set[str] = set()
    for node in names.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            at = names.parents.get(node)
            while at is not None and not isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef):
                at = names.parents.get(at)
            if at is not None and not COMMAND_FUNCTION.match(at.name):
                found.add(node.id)
    return found


def _tidies(handler: ast.expr, functions: dict[str, ast.FunctionDef]) -> bool:
    if isinstance(handler, ast.Attribute):
        return handler.attr in TIDY
    if isinstance(handler, ast.Lambda):
        return _only_tidies([ast.Expr(handler.body)])
    return isinstance(handler, ast.Name) and handler.id in functions and _only_tidies(functions[handler.id].body)


def _only_tidies(body: list[ast.stmt]) -> bool:
    """Whether all calls of a handler are to what closes, removes or saves something."""
    calls = [node for step in body for node in ast.walk(step) if isinstance(node, ast.Call)]
    named = [call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "") for call in calls]
    return bool(calls) and all(
        name in TIDY | {"exists", "is_alive", "list", "suppress", "items", "values"} for name in named
    )
