"""Finds Python comparisons that answer without comparing: `__eq__` that is always true, and its kin."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mcp_router.verifier.cheats.names import Names
from mcp_router.verifier.cheats.signs import Sign

EQUALITY = {"__eq__", "__ne__"}
ORDER = {"__lt__", "__le__", "__gt__", "__ge__"}
CHECKED = {*EQUALITY, "__bool__", "__contains__", "__instancecheck__", "__subclasscheck__", *ORDER}
PLAIN = {
    *("int", "float", "str", "bytes", "list", "tuple", "dict", "set", "frozenset", "complex", "bool", "object"),
    *(
        "decimal.Decimal",
        "fractions.Fraction",
        "collections.UserString",
        "collections.UserList",
        "collections.UserDict",
    ),
}
WHAT = "answers the same whatever it is asked"


def equality_signs(names: Names) -> Iterator[Sign]:
    """Special methods that lie, wherever they are defined or put in later."""
    functions = {node.name: node for node in names.nodes if isinstance(node, ast.FunctionDef)}
    for node in names.nodes:
        if isinstance(node, ast.ClassDef):
            yield from _class(node, names, functions)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in CHECKED:
                    yield from _given(target.attr, node.value, node.lineno, functions)
                elif isinstance(target, ast.Attribute) and target.attr == "__class__":
                    yield Sign(node.lineno, "gives an object another class", "lookup")
        elif isinstance(node, ast.Call):
            yield from _call(node, names, functions)


def _class(node: ast.ClassDef, names: Names, functions: dict[str, ast.FunctionDef]) -> Iterator[Sign]:
    derived = any(names.dotted(base) in PLAIN - {"object"} for base in node.bases)
    always = set()
    for step in node.body:
        if isinstance(step, ast.FunctionDef) and step.name in ORDER and _lies(step.name, step, derived):
            always.add(step.name)
        elif isinstance(step, ast.FunctionDef) and step.name in CHECKED - ORDER:
            if _lies(step.name, step, derived):
                yield Sign(step.lineno, f"{step.name} {WHAT}")
        elif isinstance(step, ast.FunctionDef) and step.name == "__class__":
            yield Sign(step.lineno, "it pretends to be of another class", "lookup")
        elif isinstance(step, ast.Assign | ast.AnnAssign) and step.value is not None:
            targets = step.targets if isinstance(step, ast.Assign) else [step.target]
            for target in targets:
                if isinstance(target, ast.Name) and target.id in CHECKED:
                    yield from _given(target.id, step.value, step.lineno, functions)
                if isinstance(target, ast.Name) and target.id == "__class__":
                    yield Sign(step.lineno, "it pretends to be of another class", "lookup")
    # One of two opposite answers may always hold, as for an infinity; never both.
    if {"__lt__", "__gt__"} <= always or {"__le__", "__ge__"} <= always:
        yield Sign(node.lineno, f"its order {WHAT}")


def _given(name: str, value: ast.AST, line: int, functions: dict[str, ast.FunctionDef]) -> Iterator[Sign]:
    """A special method that is assigned instead of defined."""
    if isinstance(value, ast.Lambda):
        body = ast.Return(value.body)
        method = ast.FunctionDef(name=name, args=value.args, body=[body], decorator_list=[], lineno=line)
        lies = _lies(name, method, True)
    elif isinstance(value, ast.Name) and value.id in functions:
        lies = _lies(name, functions[value.id], True)
    else:
        lies = isinstance(value, ast.Call) and name in EQUALITY
    if lies:
        yield Sign(line, f"{name} {WHAT}")


def _call(node: ast.Call, names: Names, functions: dict[str, ast.FunctionDef]) -> Iterator[Sign]:
    """setattr(x, "__eq__", ...) and type(name, bases, {"__eq__": ...})."""
    called = names.dotted(node.func)
    if called in ("setattr", "type.__setattr__", "object.__setattr__") and len(node.args) == 3:
        name = names.text(node.args[1])
        if name in CHECKED:
            yield from _given(name, node.args[2], node.lineno, functions)
    if called in ("type", "types.new_class", "type.__new__") and len(node.args) >= 3:
        for part in ast.walk(node.args[-1]):
            if isinstance(part, ast.Dict):
                for key, value in zip(part.keys, part.values, strict=True):
                    if (name := names.text(key)) in CHECKED and name:
                        yield from _given(name, value, node.lineno, functions)


def _lies(name: str, method: ast.FunctionDef, derived: bool) -> bool:
    """Whether a special method answers without looking at what it is asked about."""
    steps = [step for step in method.body if not (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))]
    returns = [node for node in ast.walk(method) if isinstance(node, ast.Return) and node.value is not None]
    answers = [node.value for node in returns if node.value is not None]
    if not answers:
        return False
    constant = all(_constant(answer) is not None for answer in answers)
    if name == "__bool__":
        # A marker that is false, such as MISSING, is common; one that says it is true is what every object is.
        return constant and len(steps) == 1 and (derived or _constant(answers[0]) is True)
    if name not in EQUALITY:
        return constant and all(_constant(answer) is True for answer in answers) and not _tests(method)
    if any(_always_true(answer) for answer in answers):
        return True
    if any(_constant(answer) is (name == "__eq__") and not _guarded(answer, method) for answer in answers):
        return True
    parameters = [argument.arg for argument in (*method.args.posonlyargs, *method.args.args)]
    return len(parameters) == 2 and not method.args.vararg and not _compares(method, *parameters)


def _constant(node: ast.AST | None) -> bool | None:
    """The truth of an expression that is always the same; NotImplemented is none."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _constant(node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("bool", "int") and node.args:
        return _constant(node.args[0])
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        same = ast.dump(node.left) == ast.dump(node.comparators[0])
        if same and isinstance(node.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE):
            return True
        if same and isinstance(node.ops[0], ast.NotEq | ast.IsNot | ast.Lt | ast.Gt):
            return False
    return None


def _always_true(node: ast.AST) -> bool:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return any(_constant(part) for part in node.values)
    return False


def _tests(method: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.If | ast.IfExp | ast.Raise | ast.Try) for node in ast.walk(method))


def _guarded(answer: ast.AST, method: ast.FunctionDef) -> bool:
    """Whether a constant answer stands behind a condition that looks at the other side, as `if self is other`."""
    parameters = {argument.arg for argument in (*method.args.posonlyargs, *method.args.args)}
    for node in ast.walk(method):
        if isinstance(node, ast.If) and any(
            part is answer for step in node.body + node.orelse for part in ast.walk(step)
        ):
            mentioned = {part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)}
            kinds = isinstance(node.test, ast.Call) and isinstance(node.test.func, ast.Name)
            if len(parameters & mentioned) >= (2 if not kinds else 1) and not (kinds and len(parameters) > 1):
                return True
            if isinstance(node.test, ast.Compare) and parameters & mentioned:
                return True
        if isinstance(node, ast.For) and any(part is answer for step in node.orelse for part in ast.walk(step)):
            return True
    # After a loop or a test that may return False, `return True` says that no difference was found.
    return (
        any(
            isinstance(node, ast.Return) and _constant(node.value) is False and node.value is not answer
            for node in ast.walk(method)
        )
        and _compares(method, *sorted(parameters))
        if len(parameters) == 2
        else False
    )


def _compares(method: ast.FunctionDef, one: str, two: str) -> bool:
    """Whether the method, somewhere, sets something of the one beside something of the other."""
    origin = {one: {one}, two: {two}}
    for node in ast.walk(method):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        origin.setdefault(part.id, set()).update(_from(node.value, origin))
        if isinstance(node, ast.For | ast.comprehension):
            for part in ast.walk(node.target):
                if isinstance(part, ast.Name):
                    origin.setdefault(part.id, set()).update(_from(node.iter, origin))
    for node in ast.walk(method):
        if isinstance(node, ast.Compare):
            sides = [_from(part, origin) for part in (node.left, *node.comparators)]
            if any(one in side for side in sides) and any(two in side for side in sides):
                return True
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in (
                "isinstance",
                "issubclass",
                "hasattr",
                "type",
                "hash",
            ):
                continue
            if isinstance(node.func, ast.Attribute) and "super" in ast.dump(node.func) and _from(node, origin) & {two}:
                return True
            if {one, two} <= _from(node, origin):
                return True
        if isinstance(node, ast.BinOp) and {one, two} <= _from(node, origin):
            return True
    return False


def _from(node: ast.AST, origin: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found |= origin.get(part.id, set())
    return found
