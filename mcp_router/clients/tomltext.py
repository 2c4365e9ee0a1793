"""TOML edited by lines: all but the entry's own table stays byte for byte as it is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_router.errors import BadInput

_BOM = "\ufeff"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_EMPTY_OR_END = re.compile(r"\r?\n|\Z")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class _Statement:
    """A header, a key with its value, or a line of neither."""

    start: int
    end: int
    table: tuple[str, ...]
    """The table that it stands in or opens."""
    key: str | None
    """None for a header, a comment and an empty line."""
    header: bool


class Toml:
    """The format of Codex."""

    def read(self, text: str) -> dict[str, Any]:
        """What the text says.

        Raises:
            BadInput: it is not TOML; names the line.
        """
        try:
            return tomllib.loads(text.removeprefix(_BOM))
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"it is not valid TOML: {error}; mend that line first.") from None

    def put(self, text: str, path: tuple[str, ...], value: Mapping[str, Any], whole: bool) -> str:
        """Write the table at `path`. Unless `whole`, keys of a table there that `value` does not have stay."""
        now: Any = self.read(text)
        for key in path:
            now = now.get(key) if isinstance(now, dict) else None
        if now is None:
            return _append(text, path, value)
        if whole or not isinstance(now, dict):
            return _append(self.drop(text, path), path, value)
        for key, item in value.items():
            if now.get(key) != item:
                text = _set(text, path, key, item)
        return text

    def drop(self, text: str, path: tuple[str, ...]) -> str:
        """Take out the table at `path` and those below it, with the empty line before; comments around them stay."""
        statements = list(_statements(text))
        inside = [one.table[: len(path)] == path for one in statements]
        starts = [place for place, one in enumerate(statements) if one.header and inside[place]]
        if not starts:
            raise BadInput(f"[{'.'.join(path)}] is not a table of its own there; take it out by hand.")
        for first in reversed(starts):
            last = first
            for place in range(first + 1, len(statements)):
                if statements[place].header:
                    break
                last = place if statements[place].key else last
            start, end = statements[first].start, statements[last].end
            if first and _is_blank(text, statements[first - 1]) and _EMPTY_OR_END.match(text, end):
                start = statements[first - 1].start
            text = text[:start] + text[end:]
        return text


SYNTAX = Toml()


def _statements(text: str) -> Iterator[_Statement]:
    """A statement ends where what was gathered is TOML by itself: inside a long string or list it is not."""
    table: tuple[str, ...] = ()
    start = len(_BOM) if text.startswith(_BOM) else 0
    for line in _LINE.finditer(text, start):
        chunk = text[start : line.end()]
        try:
            data = tomllib.loads(chunk)
        except tomllib.TOMLDecodeError:
            continue
        header = chunk.lstrip().startswith("[")
        table = _header_path(data) if header else table
        yield _Statement(start, line.end(), table, None if header else next(iter(data), None), header)
        start = line.end()


def _header_path(data: Any) -> tuple[str, ...]:
    path: list[str] = []
    while isinstance(data, dict) and data:
        key, data = next(iter(data.items()))
        path.append(key)
    return tuple(path)


def _is_blank(text: str, one: _Statement) -> bool:
    return not text[one.start : one.end].strip()


def _append(text: str, path: tuple[str, ...], value: Mapping[str, Any]) -> str:
    end = _newline(text)
    lines = [f"[{'.'.join(path)}]", *(f"{_name(key)} = {_dump(item)}" for key, item in value.items())]
    body = text.removeprefix(_BOM)
    gap = "" if not body.strip() else end if body.endswith("\n") else end * 2
    return text + gap + "".join(line + end for line in lines)


def _set(text: str, path: tuple[str, ...], key: str, item: Any) -> str:
    """Write one key of a table."""
    own = [one for one in _statements(text) if one.table == path]
    if not own:
        raise BadInput(f"[{'.'.join(path)}] is not a table of its own there; make it one, or take it out by hand.")
    line = f"{_name(key)} = {_dump(item)}{_newline(text)}"
    at = next((one for one in own if one.key == key), None)
    if at is not None:
        return text[: at.start] + line + text[at.end :]
    end = [one for one in own if one.key or one.header][-1].end
    return text[:end] + ("" if text[:end].endswith("\n") else _newline(text)) + line + text[end:]


def _dump(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_name(key)} = {_dump(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(_dump(item) for item in value)}]"
    # Strings, numbers and booleans are written as in JSON.
    return json.dumps(value, ensure_ascii=False)


def _name(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
