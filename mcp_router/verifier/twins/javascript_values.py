"""How a JavaScript expression becomes another value of the same kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mcp_router.verifier.twins.edits import ADDED, Edit

if TYPE_CHECKING:
    from tree_sitter import Node

PLAIN = {"number", "string", "template_string", "true", "false", "null", "undefined", "regex"}
WRAPPERS = {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}
DISPLAYS = {"array", "object"}
INTEGER = re.compile(r"(?:0|[1-9]\d*)n?")


def is_pure(node: Node) -> bool:
    """Whether an expression is written in literals only."""
    node = unwrapped(node)
    if node.type in DISPLAYS:
        return all(is_pure(child.child_by_field_name("value") or child) for child in items(node))
    if node.type == "unary_expression":
        return text_of(node)[0] in "-+" and is_pure(node.children[-1])
    return node.type in PLAIN


def other(node: Node, wide: bool = False) -> list[Edit]:
    """What makes an expression another value of the same kind; nothing where no literal of it can be changed.

    wide: numbers go far away, for comparisons with a tolerance.
    """
    node = unwrapped(node)
    if node.type in DISPLAYS:
        values = [child.child_by_field_name("value") or child for child in items(node)]
        filled = "[0]" if node.type == "array" else f"{{ {ADDED}: 0 }}"
        return [edit for value in values for edit in other(value, wide)] if values else [replaced(node, filled)]
    if node.type == "unary_expression" and text_of(node)[0] in "-+":
        return other(node.children[-1], wide)
    if node.type in ("string", "template_string"):
        return [Edit(node.end_byte - 1, node.end_byte - 1, ADDED)]
    text = _other_plain(node.type, text_of(node), wide)
    return [replaced(node, text)] if text else []


def items(node: Node) -> list[Node]:
    """The parts of a display, the arguments of a call; comments aside."""
    return [child for child in node.named_children if child.type != "comment"]


def replaced(node: Node, text: str) -> Edit:
    """The expression gives way to `text`."""
    return Edit(node.start_byte, node.end_byte, text)


def text_of(node: Node | None) -> str:
    """What is written at a node, the empty string for none."""
    return (node.text or b"").decode() if node is not None else ""


def unwrapped(node: Node) -> Node:
    """An expression without its parentheses and types."""
    while node.type in WRAPPERS:
        node = node.named_children[0]
    return node


def _other_plain(kind: str, text: str, wide: bool) -> str | None:
    if kind == "number":
        if INTEGER.fullmatch(text):
            value = int(text.rstrip("n"))
            return f"{value * 3 + 1000 if wide else value + 1}{'n' if text.endswith('n') else ''}"
        one = "1000n" if text.endswith("n") else "1000"
        return f"({text} * 3{'n' if text.endswith('n') else ''} + {one})"
    kinds = {"true": "false", "false": "true", "null": f'"{ADDED}"', "undefined": f'"{ADDED}"', "regex": "/(?!)/"}
    return kinds.get(kind)
