"""What a JavaScript call asserts: node:assert, expect of vitest and jest, chai's assert, expect and should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_router.verifier.twins.edits import Edit, Rank, Site
from mcp_router.verifier.twins.javascript_values import is_pure, items, other, replaced, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

EQUAL = {
    *("equal", "strictEqual", "deepEqual", "deepStrictEqual", "partialDeepStrictEqual", "lengthOf"),
    *("toBe", "toEqual", "toStrictEqual", "eq", "eql", "equals"),
}
"""Equal to nothing when asked to equal a fresh symbol."""
EQUAL_TO_LITERAL = {"toHaveLength", "toMatchObject", "toMatchInlineSnapshot", "toThrowErrorMatchingInlineSnapshot"}
OTHER = {
    *("toContain", "toContainEqual", "toBeCloseTo", "toMatch", "toThrow", "toThrowError", "toHaveBeenCalledTimes"),
    *("include", "contain", "contains", "includes", "throw", "throws", "match", "closeTo", "members", "keys"),
}
UNKNOWN = {"toMatchSnapshot", "toMatchFileSnapshot", "toThrowErrorMatchingSnapshot"}
CONTRARY = {
    "notEqual": "equal",
    "notStrictEqual": "strictEqual",
    "notDeepEqual": "deepEqual",
    "notDeepStrictEqual": "deepStrictEqual",
    "match": "doesNotMatch",
    "doesNotMatch": "match",
    "doesNotThrow": "throws",
    "doesNotReject": "rejects",
    "isTrue": "isFalse",
    "isFalse": "isTrue",
    "isOk": "isNotOk",
    "isNotOk": "isOk",
    "isNull": "isNotNull",
    "isNotNull": "isNull",
    "isUndefined": "isDefined",
    "isDefined": "isUndefined",
    "exists": "notExists",
    "notExists": "exists",
    "instanceOf": "notInstanceOf",
    "notInstanceOf": "instanceOf",
    "include": "notInclude",
    "notInclude": "include",
    "isArray": "isNotArray",
    "isObject": "isNotObject",
    "isString": "isNotString",
    "property": "notProperty",
}
RAISES = {"throws", "rejects"}
COUNTS = {("t", "plan"), ("expect", "assertions")}
STRANGER = "Symbol()"
NEVER = "class Twin extends Error {}"


def site_of(node: Node, asserts: dict[str, str], sure: bool) -> Site[None] | None:
    """The assertion that an expression is, if it is one that can be changed.

    asserts: the names by which the file calls functions of an assert module, with the functions' own ("" for itself).
    """
    call = node.type == "call_expression"
    target = node.child_by_field_name("function") if call else node
    arguments = node.child_by_field_name("arguments") if call else None
    given = items(arguments) if arguments else []
    if target is None or any(argument.type == "spread_element" for argument in given):
        return None
    if call and target.type == "identifier" and (name := asserts.get(text_of(target))) is not None:
        return _assert(target, name, given, sure)
    if target.type != "member_expression":
        return None
    receiver, method = target.child_by_field_name("object"), target.child_by_field_name("property")
    if receiver is None or method is None:
        return None
    if (text_of(receiver), text_of(method)) in COUNTS and given and (edits := other(given[0])):
        return Site(Rank.COUNTED, False, tuple(edits))
    if call and _is_assert(receiver, asserts):
        return _assert(method, text_of(method), given, sure)
    return _expect(receiver, method, given, sure, call) if _root(receiver) else None


def _is_assert(receiver: Node, asserts: dict[str, str]) -> bool:
    text = text_of(receiver)
    return asserts.get(text) == "" or text.endswith(".assert") or text == "assert.strict"


def _assert(method: Node, name: str, given: list[Node], sure: bool) -> Site[None] | None:
    if not given:
        return None
    if name in EQUAL and len(given) > 1:
        edits = next((found for side in given[1::-1] if is_pure(side) and (found := other(side))), [])
        edits = edits or other(given[1]) or [replaced(given[1], STRANGER)]
        return Site(Rank.EQUAL, sure, tuple(edits))
    if name in RAISES:
        end = given[0].end_byte
        edit = replaced(given[1], NEVER) if len(given) > 1 else Edit(end, end, f", {NEVER}")
        return Site(Rank.OTHER, sure, (edit,))
    if name in CONTRARY and text_of(method) == name:
        return Site(Rank.NEGATED, sure, (replaced(method, CONTRARY[name]),))
    if name in ("", "ok") and not is_pure(given[0]):
        start, end = given[0].start_byte, given[0].end_byte
        return Site(Rank.NEGATED, sure, (Edit(start, start, "!("), Edit(end, end, ")")))
    return None


def _root(node: Node | None) -> bool:
    """Whether a chain begins with expect(...), or has a `should` in it."""
    while node is not None:
        if node.type == "call_expression":
            node = node.child_by_field_name("function")
            if node is not None and text_of(node) in ("expect", "expect.soft", "expect.poll"):
                return True
        elif node.type == "member_expression":
            word = node.child_by_field_name("property")
            if text_of(word) == "should":
                return True
            node = node.child_by_field_name("object")
        else:
            return False
    return False


def _expect(receiver: Node, method: Node, given: list[Node], sure: bool, call: bool) -> Site[None] | None:
    name, words = text_of(method), _words(receiver)
    chai = any(word in ("to", "should", "be") for word, _ in words)
    if name in UNKNOWN or not (call or chai) or name in ("should", "not"):
        return None
    denial = next((node for word, node in words if word == "not"), None)
    if denial is not None:
        # From the end of what it is asked of to its own end: the dot goes too.
        before = denial.parent.child_by_field_name("object") if denial.parent else None
        return Site(Rank.NEGATED, sure, (Edit(before.end_byte, denial.end_byte, ""),)) if before else None
    if name in EQUAL | EQUAL_TO_LITERAL | OTHER and given:
        edits = other(given[0], wide=name in OTHER) if is_pure(given[0]) or name in EQUAL | EQUAL_TO_LITERAL else []
        if not edits and name in EQUAL:
            edits = [replaced(given[0], STRANGER)]
        if edits:
            return Site(Rank.OTHER if name in OTHER else Rank.EQUAL, sure, tuple(edits))
    return Site(Rank.NEGATED, sure, (Edit(method.start_byte, method.start_byte, "not."),))


def _words(node: Node | None) -> list[tuple[str, Node]]:
    """The properties of a chain, the last one first."""
    words = []
    while node is not None and node.type in ("member_expression", "call_expression"):
        word = node.child_by_field_name("property")
        if word is not None:
            words.append((text_of(word), word))
        node = node.child_by_field_name("object") or node.child_by_field_name("function")
    return words
