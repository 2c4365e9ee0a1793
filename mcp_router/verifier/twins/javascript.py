"""The twin of a JavaScript or TypeScript test file: which calls are tests, what is changed in them.

tree-sitter finds the places and the bytes there are edited, so that lines keep their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_router.verifier.twins.edits import Edit, Site, applied, chosen
from mcp_router.verifier.twins.javascript_asserts import site_of
from mcp_router.verifier.twins.javascript_values import items, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

TESTS = {"test", "it", "specify"}
SUITES = {"describe", "suite", "context"}
FUNCTIONS = {"arrow_function", "function_expression", "function_declaration", "generator_function", "method_definition"}
MAYBE = {
    *("if_statement", "while_statement", "do_statement", "switch_statement", "ternary_expression", "catch_clause"),
    *("binary_expression", "class_declaration"),
}
AT_ONCE = {"forEach", "map", "step"}
"""Methods that call a function before they return."""
SWALLOWS = {"throws", "rejects", "doesNotThrow", "doesNotReject"}
MODULES = re.compile(r"""(?:from|require\()\s*['"](?:node:)?(?:assert(?:/strict)?|chai|power-assert)['"]""")
PLACEHOLDER = re.compile(r"%[sdifjoOp#$c]|\$\{?[\w.]+\}?")


@dataclass(frozen=True, slots=True)
class Case:
    """A test: its titles from the outermost suite on, and its function."""

    titles: tuple[str, ...]
    function: Node


def twin_of(path: str, text: str) -> tuple[str, frozenset[str]] | None:
    """The text of the twin and the tests with a changed expectation, None when nothing can be changed."""
    content = text.encode()
    root = _parsed(path, content)
    if root is None:
        return None
    asserts = _asserts(root)
    helpers = _helpers(root)
    edits: set[Edit] = set()
    changed = set()
    for case in _cases(root, ()):
        for sites in _asserting(case.function, asserts, helpers):
            edits.update(edit for site in chosen(sites) for edit in site.edits)
            changed.add(f"{path}::{' > '.join(case.titles)}")
    twin = applied(content, edits)
    return (twin.decode(), frozenset(changed)) if changed and _parsed(path, twin) else None


def _parsed(path: str, content: bytes) -> Node | None:
    """The tree of a file, None when it cannot be parsed. The grammar of TSX reads JavaScript too."""
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    typed = path.endswith((".ts", ".mts", ".cts"))
    language = tree_sitter_typescript.language_typescript() if typed else tree_sitter_typescript.language_tsx()
    root = Parser(Language(language)).parse(content).root_node
    return None if root.has_error else root


def _asserts(root: Node) -> dict[str, str]:
    """The names that the file gives to functions of an assert module, with their own; "" is the module itself."""
    found = {"assert": ""}
    for node in _descendants(root):
        if node.type in ("import_statement", "variable_declarator") and MODULES.search(text_of(node)):
            for part in _descendants(node):
                names = [text_of(child) for child in part.named_children if "identifier" in child.type]
                if part.type in ("import_specifier", "pair_pattern") and names:
                    found[names[-1]] = "" if names[0] in ("strict", "assert") else names[0]
                elif part.type in ("import_clause", "variable_declarator", "namespace_import") and names:
                    found[names[0]] = ""
                elif part.type == "object_pattern":
                    found |= {name: "" if name in ("strict", "assert") else name for name in names}
    return {name: own for name, own in found.items() if name not in ("expect", "should", "require")}


def _helpers(root: Node) -> dict[str, Node]:
    """The functions of the file that have a name."""
    found = {}
    for node in _descendants(root):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        function = node if node.type == "function_declaration" else value
        if (
            name is not None
            and function is not None
            and function.type in FUNCTIONS
            and node.type != "method_definition"
        ):
            found[text_of(name)] = function
    return found


def _cases(node: Node, titles: tuple[str, ...]) -> Iterator[Case]:
    kind = _kind(node)
    if kind:
        given = items(node.child_by_field_name("arguments") or node)
        function = next((one for one in given if one.type in FUNCTIONS), None)
        if function is not None:
            titles = (*titles, _title(given[0], _is_table(node)))
            if kind == "test":
                yield Case(titles, function)
    for child in node.named_children:
        yield from _cases(child, titles)


def _kind(node: Node) -> str | None:
    """Whether a call makes a test or a suite: test(...), it.each(...)(...), describe.only(...), t.test(...)."""
    target = node.child_by_field_name("function") if node.type == "call_expression" else None
    while target is not None and target.type != "identifier":
        word = target.child_by_field_name("property")
        if text_of(word) in TESTS and text_of(target.child_by_field_name("object")) == "t":
            return "test"
        target = target.child_by_field_name("object") or target.child_by_field_name("function")
    name = text_of(target) if target is not None else ""
    return "test" if name in TESTS else "suite" if name in SUITES else None


def _is_table(node: Node) -> bool:
    return ".each" in text_of(node.child_by_field_name("function"))


def _title(node: Node, table: bool) -> str:
    """What the runner calls a test; `*` for what is computed."""
    if node.type not in ("string", "template_string"):
        return "*"
    parts = [text_of(part) if part.type == "string_fragment" else "*" for part in node.named_children]
    title = "".join(parts)
    return PLACEHOLDER.sub("*", title) if table else title


def _asserting(function: Node, asserts: dict[str, str], helpers: dict[str, Node]) -> list[list[Site[None]]]:
    """The assertions of a test; where it has none, those of the helpers that it comes to call and that have."""
    wave, seen = [function], {function.id}
    while wave:
        found = [sites for node in wave if (sites := list(_sites(node.child_by_field_name("body"), asserts, True)))]
        if found:
            return found
        names = {name for node in wave for name in _called_names(node)}
        wave = [node for name in sorted(names & set(helpers)) if (node := helpers[name]).id not in seen]
        seen.update(node.id for node in wave)
    return []


def _called_names(function: Node) -> Iterator[str]:
    for node in _descendants(function):
        target = node.child_by_field_name("function") if node.type == "call_expression" else None
        if target is not None and target.type == "identifier":
            yield text_of(target)


def _sites(node: Node | None, asserts: dict[str, str], sure: bool) -> Iterator[Site[None]]:
    if node is None or _kind(node):
        return
    if node.type in ("call_expression", "member_expression"):
        site = site_of(node, asserts, sure)
        if site is not None:
            yield site
            return
    if node.type == "try_statement" and node.child_by_field_name("handler"):
        # What its body asserts may be caught.
        for part in ("handler", "finalizer"):
            yield from _sites(node.child_by_field_name(part), asserts, sure and part == "finalizer")
        return
    for child in node.named_children:
        inner = sure and child.type not in MAYBE and (child.type not in FUNCTIONS or _at_once(node))
        yield from _sites(child, asserts, inner)


def _at_once(arguments: Node) -> bool:
    """Whether a function among these arguments is called before the call returns."""
    target = arguments.parent.child_by_field_name("function") if arguments.parent else None
    word = target.child_by_field_name("property") if target is not None else None
    return text_of(word) in AT_ONCE


def _descendants(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from _descendants(child)
