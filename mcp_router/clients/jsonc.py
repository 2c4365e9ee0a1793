"""JSON with comments and trailing commas, edited by spans: all but the entry stays byte for byte as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mcp_router.clients.jsonscan import Member, Node, line_of, scan, skip
from mcp_router.errors import BadInput

_INDENTED = re.compile(r'\n([ \t]+)"')
_END_OF_LINE = re.compile(r"[ \t]*(?:\r?\n|$)")


class Jsonc:
    """The format of every client but Codex."""

    def read(self, text: str) -> dict[str, Any]:
        """What the text says.

        Raises:
            BadInput: it is not an object of JSON; names the line.
        """
        value: dict[str, Any] = scan(text).value
        return value

    def put(self, text: str, path: tuple[str, ...], value: Mapping[str, Any], whole: bool) -> str:
        """Write the entry at `path`. Unless `whole`, keys of an entry there that `value` does not have stay."""
        root = scan(text)
        found = _find(text, root, path)
        if found[-1].members is None or (whole and len(found) > len(path)):
            return _replace(text, found[-1], value)
        if len(found) <= len(path):
            rest = path[len(found) - 1 :]
            nested: Any = value
            for key in reversed(rest[1:]):
                nested = {key: nested}
            return _insert(text, found, rest[0], nested)
        for key, item in value.items():
            if found[-1].value.get(key) != item:
                text = self._set(text, (*path, key), item)
        return text

    def drop(self, text: str, path: tuple[str, ...]) -> str:
        """Take out the entry at `path`, with its comma; comments around it stay."""
        around = _find(text, scan(text), path)[-2]
        members = around.members or ()
        index = max(place for place, member in enumerate(members) if member.key == path[-1])
        start, end = _span(text, members, index)
        kept = text[:start] + text[end:]
        if index and index == len(members) - 1 and not _comma_after(text, members[index]):
            comma = skip(text, members[index - 1].node.end)
            kept = kept[:comma] + kept[comma + 1 :] if comma < start else kept
        inside = kept[around.start + 1 : around.end - 1 - (len(text) - len(kept))]
        return kept if inside.strip() else kept[: around.start + 1] + kept[around.start + 1 + len(inside) :]

    def _set(self, text: str, path: tuple[str, ...], item: Any) -> str:
        found = _find(text, scan(text), path)
        if len(found) > len(path):
            return _replace(text, found[-1], item)
        return _insert(text, found, path[-1], item)


SYNTAX = Jsonc()


def _find(text: str, root: Node, path: tuple[str, ...]) -> list[Node]:
    """The nodes from the root along `path`, as far as they are there."""
    found = [root]
    for key in path:
        if found[-1].members is None:
            line = line_of(text, found[-1].start)
            raise BadInput(f"line {line}: {path[len(found) - 2]} is not an object; make it one, as in {{}}.")
        member = found[-1].member(key)
        if member is None:
            break
        found.append(member.node)
    return found


def _replace(text: str, node: Node, value: Any) -> str:
    one_line = "\n" not in text[node.start : node.end] and node.value not in ({}, None)
    return text[: node.start] + _dump(text, value, None if one_line else _indent(text, node.start)) + text[node.end :]


def _insert(text: str, found: list[Node], key: str, value: Any) -> str:
    """Write a new last member of the last object found, in the style of the file."""
    around = found[-1]
    last = around.members[-1] if around.members else None
    style = around if last or len(found) == 1 else found[-2]
    multiline = style.value == {} or "\n" in text[style.start : style.end]
    outer = _indent(text, around.start)
    indent = (_own_indent(text, last) if last else None) or outer + _unit(text)
    member = f"{json.dumps(key, ensure_ascii=False)}: {_dump(text, value, indent if multiline else None)}"
    closing = around.end - 1
    at = len(text[:closing].rstrip())
    trailing = last is not None and _comma_after(text, last)
    before = (_newline(text) + indent) if multiline else (" " if last else "")
    gap = text[at:closing]
    after = gap if not multiline or "\n" in gap else _newline(text) + outer
    head = text[:at]
    if last and not trailing:
        head = f"{text[: last.node.end]},{text[last.node.end : at]}"
    return head + before + member + ("," if trailing else "") + after + text[closing:]


def _span(text: str, members: tuple[Member, ...], index: int) -> tuple[int, int]:
    """What to cut for one member: whole lines where it has lines of its own."""
    member = members[index]
    end = skip(text, member.node.end) + 1 if _comma_after(text, member) else member.node.end
    before = len(text[: member.start].rstrip())
    if _END_OF_LINE.match(text, end) or (index == len(members) - 1 and text[before - 1] in ",{"):
        return before, end
    return member.start, end + len(text[end:]) - len(text[end:].lstrip(" \t"))


def _comma_after(text: str, member: Member) -> bool:
    return text.startswith(",", skip(text, member.node.end))


def _dump(text: str, value: Any, indent: str | None) -> str:
    if indent is None:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, indent=_unit(text)).replace("\n", _newline(text) + indent)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _unit(text: str) -> str:
    found = _INDENTED.search(text)
    return found[1] if found else "  "


def _indent(text: str, position: int) -> str:
    """The white space that the line of this position starts with."""
    start = text.rfind("\n", 0, position) + 1
    line = text[start:position].lstrip("\ufeff")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _own_indent(text: str, member: Member) -> str | None:
    """The white space before a member that starts its line."""
    before = text[text.rfind("\n", 0, member.start) + 1 : member.start]
    return before if "\n" in text[: member.start] and not before.strip() else None
