"""Reads JSON with comments and trailing commas, and tells where each value stands."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mcp_router.errors import BadInput

_TRIVIA = re.compile(r"(?:[ \t\r\n\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SCALAR = re.compile(r'["\-0-9tfn]')
_DECODER = json.JSONDecoder()
DEPTH = 3
"""Servers are an object in the document, an entry one in it: deeper ones are read without their members, and fast."""


@dataclass(frozen=True)
class Node:
    """A value and its span; `members` of an object that is not too deep, else None."""

    start: int
    end: int
    value: Any
    members: tuple[Member, ...] | None = None

    def member(self, key: str) -> Member | None:
        """The member of this name that counts: the last one."""
        return next((member for member in reversed(self.members or ()) if member.key == key), None)


@dataclass(frozen=True)
class Member:
    """A key, where its quote opens, and its value."""

    key: str
    start: int
    node: Node


def scan(text: str) -> Node:
    """The object that the text is.

    Raises:
        BadInput: it is anything else, or not JSON; names the line and what is expected there.
    """
    try:
        root = _value(text, skip(text, 0), 0)
    except RecursionError:
        raise BadInput("it is nested too deeply to be read.") from None
    if (end := skip(text, root.end)) < len(text):
        raise _wrong(text, end, "nothing more")
    if root.members is None:
        raise _wrong(text, root.start, "an object, as in {}")
    return root


def skip(text: str, position: int) -> int:
    """The position after white space and comments."""
    found = _TRIVIA.match(text, position)
    return found.end() if found else position


def line_of(text: str, position: int) -> int:
    """The number of the line at this position, from 1."""
    return text.count("\n", 0, position) + 1


def _value(text: str, start: int, depth: int) -> Node:
    if text.startswith(("{", "["), start):
        if depth >= DEPTH:
            # Fails where there are comments or trailing commas, or where it is wrong: then it is looked at closely.
            with suppress(json.JSONDecodeError):
                value, end = _DECODER.raw_decode(text, start)
                return Node(start, end, value)
        return (_object if text[start] == "{" else _array)(text, start, depth + 1)
    if not _SCALAR.match(text, start):
        raise _wrong(text, start, "a value")
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _wrong(text, error.pos, "a value of JSON") from None
    return Node(start, end, value)


def _object(text: str, start: int, depth: int) -> Node:
    members: list[Member] = []
    position = skip(text, start + 1)
    while not text.startswith("}", position):
        if not text.startswith('"', position):
            raise _wrong(text, position, 'a key in quotes or "}"')
        key = _value(text, position, depth)
        colon = skip(text, key.end)
        if not text.startswith(":", colon):
            raise _wrong(text, colon, '":"')
        node = _value(text, skip(text, colon + 1), depth)
        members.append(Member(key.value, position, node))
        position = _next(text, node.end, "}")
    return Node(start, position + 1, {member.key: member.node.value for member in members}, tuple(members))


def _array(text: str, start: int, depth: int) -> Node:
    values: list[Any] = []
    position = skip(text, start + 1)
    while not text.startswith("]", position):
        node = _value(text, position, depth)
        values.append(node.value)
        position = _next(text, node.end, "]")
    return Node(start, position + 1, values)


def _next(text: str, end: int, closing: str) -> int:
    """Where the next member or the closing bracket is."""
    position = skip(text, end)
    if text.startswith(",", position):
        return skip(text, position + 1)
    if not text.startswith(closing, position):
        raise _wrong(text, position, f'"," or "{closing}"')
    return position


def _wrong(text: str, position: int, expected: str) -> BadInput:
    found = f"{text[position : position + 12]!r}" if position < len(text) else "the end of the file"
    return BadInput(f"line {line_of(text, position)}: expected {expected}, found {found}; mend that line first.")
