"""The text of a patch: its files, its hunks, its line ends. unidiff reads the structure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mcp_router.verifier.git import git

HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
MOVES = re.compile(r"^(?:rename|copy) (?:from|to) (.+)$")
INDEX = re.compile(r"^index ([0-9a-f]+)\.\.([0-9a-f]+)")
SAYS = re.compile(r"^(?:new file|deleted file|old mode|new mode|rename|copy) ")
"""Header lines that are a change by themselves, without a hunk."""
EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\", b"a": b"\a", b"b": b"\b", b"f": b"\f"}
NOWHERE = "/dev/null"


@dataclass(frozen=True, slots=True)
class File:
    """What a patch says of one file.

    source and target are as in its headers, unquoted; names are all that it is called, without a/ and b/; modes are
    git's; start is the id, perhaps shortened, of what the patch starts from; empty: it says of no change.
    """

    source: str
    target: str
    names: tuple[str, ...]
    modes: tuple[str, ...]
    start: str | None
    empty: bool


def ended(patch: bytes) -> bytes:
    """The patch with an end to its last line."""
    return patch if patch.endswith(b"\n") else patch + b"\n"


def read(patch: bytes) -> list[File]:
    """What a patch says of each file, in order; hunks are only counted.

    Raises:
        ValueError: it is not a unified diff that unidiff can read.
    """
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    text = ended(patch).replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")
    try:
        return [_file(file) for file in PatchSet(text, metadata_only=True)]
    except UnidiffParseError as error:
        raise ValueError(str(error)) from None


def cut_short(error: ValueError) -> bool:
    """Whether what could not be read ends too early."""
    return "shorter" in str(error)


def _file(file: object) -> File:
    info = [line.rstrip("\n") for line in getattr(file, "patch_info", None) or ()]
    source, target = (_unquoted(getattr(file, side)) for side in ("source_file", "target_file"))
    moved = [_unquoted(match[1]) for line in info if (match := MOVES.match(line))]
    modes = (getattr(file, "source_mode", None), getattr(file, "target_mode", None))
    ids = next((match.groups() for line in info if (match := INDEX.match(line))), None)
    changes = bool(file) or (any(SAYS.match(line) for line in info) and not _holds(ids))
    names = tuple(_plain(name) for name in (source, target, *moved))
    return File(source, target, names, tuple(mode for mode in modes if mode), ids[0] if ids else None, not changes)


def _holds(ids: tuple[str, ...] | None) -> bool:
    """Whether an index line speaks of content, which a hunk must then show."""
    apart = [one for one in ids or () if one.strip("0")] if ids and ids[0] != ids[1] else []
    return any(not any(empty.startswith(one) for empty in EMPTY_BLOBS) for one in apart)


def _unquoted(name: str) -> str:
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return os.fsdecode(ESCAPE.sub(_unescape, os.fsencode(name[1:-1])))
    return name


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return bytes([int(code, 8) & 255]) if len(code) == 3 else ESCAPED.get(code, code)


def _plain(name: str) -> str:
    return name if name == NOWHERE else re.sub(r"^[ab]/", "", name)


def strip_level(patch: bytes) -> int:
    """How many leading folders of the names are none of the repository's: 1 with a/ and b/ or alike, else 0."""
    try:
        return int(all(_prefixed(file) for file in read(patch)))
    except ValueError:
        return 1


def _prefixed(file: File) -> bool:
    parts = [name.partition("/") for name in (file.source, file.target) if name != NOWHERE]
    if not parts or not all(rest for _, _, rest in parts):
        return False
    if len(parts) == 1 or parts[0][0] == parts[1][0] == ".":
        return len(parts[0][0]) == 1
    (first, _, one), (second, _, two) = parts
    return first != second and (one == two or len(first) == len(second) == 1)


def walk(patch: bytes) -> Iterator[tuple[bytes, bool]]:
    """The lines of a patch without their ends, and whether each lies inside of a hunk."""
    old = new = 0
    for line in patch.split(b"\n")[:-1]:
        bare = line.removesuffix(b"\r")
        if old > 0 or new > 0:
            mark = bare[:1]
            old -= mark in (b" ", b"-", b"")
            new -= mark in (b" ", b"+", b"")
            yield bare, True
            continue
        if hunk := HUNK.match(bare):
            old, new = (int(count) if count is not None else 1 for count in hunk.groups())
        yield bare, False


def spilled(patch: bytes) -> bool:
    """Whether lines of a hunk lie beyond the counts in its header, or a header is broken: git would pass over them."""
    after = header = False
    for line, inside in walk(ended(patch)):
        if inside:
            after, header = True, False
            continue
        if header and not line.startswith(b"+++ "):
            return True
        header = after and line.startswith(b"--- ")
        if line.startswith(b"@@ -") and not HUNK.match(line):
            return True
        if after and not header and line[:1] in (b"+", b"-", b" ") and line.strip() not in (b"", b"--"):
            return True
        after = after and line[:1] == b"\\"
    return header


def fit_line_ends(folder: Path, patch: bytes, env: dict[str, str]) -> bytes:
    """The patch with CRLF in the hunks of files that use it throughout, and LF elsewhere."""
    lines = list(walk(patch))
    names = {_named(line) for line, inside in lines if not inside and line.startswith(b"--- ")}
    crlf = _of_dos(folder, sorted(names), env)
    out: list[bytes] = []
    ending = b"\n"
    for line, inside in lines:
        if not inside and line.startswith(b"--- "):
            ending = b"\r\n" if _named(line) in crlf else b"\n"
        out.append(line + (ending if inside and line[:1] != b"\\" else b"\n"))
    return b"".join(out)


def _named(line: bytes) -> str:
    return _plain(_unquoted(os.fsdecode(line[4:].split(b"\t")[0])))


def _of_dos(folder: Path, names: list[str], env: dict[str, str]) -> set[str]:
    """Those of the files of an index whose lines all end in CRLF."""
    names = [name for name in names if "\n" not in name]
    asked = os.fsencode("".join(f":{name}\n" for name in names))
    out, at, found = git(folder, "cat-file", "--batch", input=asked, env=env), 0, set()
    for name in names:
        end = out.index(b"\n", at)
        head, at = out[at:end], end + 1
        if head.endswith(b" missing"):
            continue
        size = int(head.split()[-1])
        content = out[at : at + size]
        if content.count(b"\r\n") == content.count(b"\n") > 0:
            found.add(name)
        at += size + 1
    return found
