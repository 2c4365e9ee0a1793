"""What a patch really did: the difference of two trees, read from git."""

from __future__ import annotations

import functools
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from mcp_router.errors import PatchRefused
from mcp_router.verifier.git import git
from mcp_router.verifier.patch import MODES, check_path
from mcp_router.verifier.text import one_line

ABSENT = "000000"


@dataclass(frozen=True, slots=True)
class Change:
    """One path in two trees. Mode and blob are git's; None where the file is absent."""

    path: str
    old: tuple[str, str] | None
    new: tuple[str, str] | None

    @property
    def added(self) -> bool:
        """The base has no such file."""
        return self.old is None

    @property
    def deleted(self) -> bool:
        """The patched tree has no such file."""
        return self.new is None


def differences(root: Path, old_tree: str, new_tree: str) -> tuple[Change, ...]:
    """Every path that differs between two trees, renames as a deletion and an addition."""
    form = ("-r", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none")
    fields = git(root, "diff-tree", *form, old_tree, new_tree).split(b"\0")
    return tuple(_change(meta.decode(), name) for meta, name in zip(fields[::2], fields[1::2], strict=False) if meta)


def changes_between(root: Path, base_tree: str, new_tree: str) -> tuple[Change, ...]:
    """What a patch makes of its base, where it may.

    Raises:
        PatchRefused: nothing differs, a path was or became a symbolic link or a submodule, has an unsafe name, or
            differs from another only in case, so that it would be the same file on other systems.
    """
    found = differences(root, base_tree, new_tree)
    if not found:
        raise PatchRefused("The patch changes nothing.")
    for change in found:
        check_path(change.path)
        for side in (change.old, change.new):
            if side and side[0] in MODES:
                raise PatchRefused(f"The patch touches {MODES[side[0]]} ({one_line(change.path)}).")
    if any(change.added for change in found):
        _refuse_collisions(found, Tree(root, new_tree).names())
    return found


def _refuse_collisions(changes: tuple[Change, ...], names: tuple[str, ...]) -> None:
    """Two names that differ in case, or in how an accent is written, are one file on some systems."""
    added = {change.path for change in changes if change.added}
    tops = {_folded(path.partition("/")[0]) for path in added}
    near = {name for name in names if _folded(name.partition("/")[0]) in tops}
    there = {place for name in near - added for place in _places(name)}
    # What lies side by side already, as in some repositories, is not the patch's doing.
    before = there | {place for change in changes if not change.added for place in _places(change.path)[:-1]}
    ours = {_folded(place): place for path in added for place in _places(path) if place not in before}
    for place in (*there, *(place for path in added for place in _places(path))):
        mine = ours.get(_folded(place), place)
        if mine != place:
            raise PatchRefused(f"The patch adds {one_line(mine)} beside {one_line(place)}: they differ only in case.")


def _places(path: str) -> list[str]:
    """A path and the folders above it."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _change(meta: str, name: bytes) -> Change:
    old_mode, new_mode, old_blob, new_blob, _ = meta.removeprefix(":").split()
    old = None if old_mode == ABSENT else (old_mode, old_blob)
    new = None if new_mode == ABSENT else (new_mode, new_blob)
    return Change(name.decode("utf-8", "surrogateescape"), old, new)


@functools.lru_cache(maxsize=16)
def _names(root: Path, tree: str) -> tuple[str, ...]:
    """Kept, because one verdict asks many times, and what an id names never changes."""
    listed = git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
    return tuple(name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name)


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit or tree, read from git's objects: nothing needs to be checked out."""

    root: Path
    id: str

    def names(self) -> tuple[str, ...]:
        """All paths, in git's order."""
        return _names(self.root, self.id)

    def text(self, path: str) -> str | None:
        """A file's text; None where there is none."""
        return self.texts([path]).get(path)

    def texts(self, paths: list[str]) -> dict[str, str]:
        """The texts of many files in one call of git; those that do not exist are left out."""
        # git reads one name a line.
        paths = [path for path in paths if "\n" not in path]
        asked = os.fsencode("".join(f"{self.id}:{path}\n" for path in paths))
        out = git(self.root, "cat-file", "--batch", input=asked) if paths else b""
        found, at = {}, 0
        for path in paths:
            end = out.index(b"\n", at)
            head, at = out[at:end], end + 1
            if head.endswith(b" missing"):
                continue
            size = int(head.split()[-1])
            found[path] = out[at : at + size].decode("utf-8", "replace")
            at += size + 1
        return found
