"""What a Python call asserts: unittest's methods, pytest's raises and warns, mocks, numpy's testing functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mcp_router.verifier.twins.edits import Edit, Rank, Site
from mcp_router.verifier.twins.python_expressions import expectation, literal
from mcp_router.verifier.twins.python_source import Source, called, other

EQUAL = {
    *("assertEqual", "assertEquals", "assertDictEqual", "assertListEqual", "assertTupleEqual", "assertSetEqual"),
    *("assertSequenceEqual", "assertCountEqual", "assertMultiLineEqual"),
}
ALMOST = {
    *("assertAlmostEqual", "assert_equal", "assert_array_equal", "assert_allclose", "assert_almost_equal"),
    *("assert_array_almost_equal", "assert_approx_equal", "assert_frame_equal", "assert_series_equal"),
}
"""Compare two values with a tolerance or in ways of their own."""
CONTRARY = {
    "assertIs": "assertIsNot",
    "assertIsNone": "assertIsNotNone",
    "assertIn": "assertNotIn",
    "assertIsInstance": "assertNotIsInstance",
    "assertRegex": "assertNotRegex",
    "assertGreater": "assertLessEqual",
    "assertLess": "assertGreaterEqual",
    "assertTrue": "assertFalse",
    "assertNotEqual": "assertEqual",
    "assertNotAlmostEqual": "assertAlmostEqual",
    "assert_called": "assert_not_called",
    "assert_awaited": "assert_not_awaited",
}
CONTRARY |= {contrary: name for name, contrary in CONTRARY.items()}
CONTRARY |= {"assert_called_once": "assert_not_called", "assert_awaited_once": "assert_not_awaited"}
CALLED_WITH = {
    *("assert_called_with", "assert_called_once_with", "assert_any_call"),
    *("assert_awaited_with", "assert_awaited_once_with", "assert_any_await"),
}
RAISES = {"raises": "Exception", "assertRaises": "Exception", "warns": "Warning", "assertWarns": "Warning"}
REGEX = {"assertRaisesRegex", "assertWarnsRegex"}
NEVER = '"(?!)"'
"""A pattern that nothing matches."""


def statement(source: Source, call: ast.Call, sure: bool) -> Iterator[Site[ast.Name]]:
    """The site of a call that stands as a statement; none when it asserts nothing that is known."""
    name = called(call)
    if any(isinstance(arg, ast.Starred) for arg in call.args):
        return
    if name in ("assertTrue", "assert_") and call.args:
        yield from expectation(source, call.args[0], sure)
    elif name in EQUAL | ALMOST and len(call.args) > 1:
        yield _equal(source, call, name, sure)
    elif name == "assertIn" and len(call.args) > 1 and (edits := literal(source, *call.args[:2], wide=True)):
        yield Site(Rank.OTHER, sure, edits)
    elif name in CONTRARY and isinstance(call.func, ast.Attribute):
        yield Site(Rank.NEGATED, sure, (_renamed(source, call.func, CONTRARY[name]),))
    elif name in CALLED_WITH:
        start = source.content.index(b"(", source.end(call.func))
        yield Site(Rank.OTHER, sure, (Edit(start, start + 1, '("twin", '),))
    else:
        yield from with_item(source, call, sure)


def with_item(source: Source, call: ast.Call, sure: bool) -> Iterator[Site[ast.Name]]:
    """The site of a call that waits for an exception or a warning: another pattern, else another class."""
    name, pattern = called(call), next((word.value for word in call.keywords if word.arg == "match"), None)
    if name in REGEX and len(call.args) > 1:
        pattern = call.args[1]
    if name not in RAISES and name not in REGEX:
        return
    if isinstance(pattern, ast.Constant | ast.JoinedStr):
        yield Site(Rank.OTHER, sure, (source.replaced(pattern, NEVER),))
    elif call.args:
        base = RAISES.get(name, "Warning" if "Warn" in name else "Exception")
        yield Site(Rank.OTHER, sure, (source.replaced(call.args[0], f'type("Twin", ({base},), {{}})'),))


def _equal(source: Source, call: ast.Call, name: str, sure: bool) -> Site[ast.Name]:
    left, right = call.args[:2]
    wide = name in ALMOST
    edits = literal(source, right, left, wide=wide)
    names = tuple(side for side in (right, left) if isinstance(side, ast.Name))
    edits = edits or tuple(other(source, right, wide) or other(source, left, wide))
    if edits:
        return Site(Rank.EQUAL, sure, edits, names)
    if wide:
        return Site(Rank.EQUAL, sure, (source.replaced(right, "object()"),), names)
    assert isinstance(call.func, ast.Attribute)
    both = (*source.wrapped(left, "(", ")"), *source.wrapped(right, "(", ")"))
    stranger = source.between(left, right, ",", " == object() or object() ==")
    return Site(Rank.EQUAL, sure, (_renamed(source, call.func, "assertTrue"), *both, stranger), names)


def _renamed(source: Source, method: ast.Attribute, name: str) -> Edit:
    end = source.end(method)
    return Edit(end - len(method.attr.encode()), end, name)
