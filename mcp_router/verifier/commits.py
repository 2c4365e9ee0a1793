"""The commits that led to HEAD, and what each did to which lines. Plumbing only: nothing of the user's is run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mcp_router.verifier.git import git

FORM = ("-r", "--root", "-M", "-l1000", "--no-ext-diff", "--no-textconv", "--no-color")
HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
LAST_S = 253_402_300_799
"""The last second that a date can name; a commit may claim any."""
ID = re.compile(rb"^[0-9a-f]{40,64}$")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit that is no merge. at: when it was committed, written: when it was first made, which a rebase keeps;
    both in seconds since 1970. paths: its files, each by its name before and after."""

    id: str
    at: int
    written: int
    subject: str
    body: str
    paths: tuple[tuple[str, str], ...] = ()

    def day(self) -> str:
        """The day on which it was committed, in UTC."""
        return datetime.fromtimestamp(min(self.at, LAST_S), UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that a commit took out of `old` from line `start` on, and those that it put into `path` for them.

    Where it took none out, the others came in after line `start`.
    """

    old: str
    path: str
    start: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


def commits_since(root: Path, since: datetime, most: int) -> list[Commit]:
    """The commits that HEAD holds since a moment, each after its parents; the newest `most` of them, merges left out.

    A merge's content is that of the commits it joins; a squash merge or a rebase is a commit like any other.
    """
    form = ("--no-merges", "--topo-order", "--reverse", "--encoding=UTF-8", "--format=%ct %at%x00%s%x00%b%x00")
    when = f"--since={since.isoformat(timespec='seconds')}"
    listed = git(root, "rev-list", *form, when, f"--max-count={most}", "HEAD", check=False)
    fields = [field.decode("utf-8", "replace") for field in listed.split(b"\0")]
    found = []
    for head, subject, body in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        _, name, at, written = head.split()
        found.append(Commit(name, int(at), int(written), subject, body))
    asked = "".join(f"{commit.id}\n" for commit in found).encode()
    paths = _paths(git(root, "diff-tree", "--stdin", *FORM, "-z", "--name-status", input=asked)) if found else {}
    return [replace(commit, paths=tuple(paths.get(commit.id, ()))) for commit in found]


def hunks_of(root: Path, commits: Sequence[Commit]) -> dict[str, list[Hunk]]:
    """What each of some commits did, hunk by hunk; renamed files differ by what was changed in them."""
    asked = "".join(f"{commit.id}\n" for commit in commits).encode()
    patch = git(root, "diff-tree", "--stdin", *FORM, "-p", "-U0", input=asked) if commits else b""
    found: dict[str, list[Hunk]] = {commit.id: [] for commit in commits}
    for commit_id, hunk in _hunks(patch, {commit.id: commit.paths for commit in commits}):
        found[commit_id].append(hunk)
    return found


def hunks_between(root: Path, old: str, new: str) -> list[Hunk]:
    """What differs between two commits, hunk by hunk, renames as a deletion and an addition."""
    form = ("-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
    listed = git(root, "diff-tree", *form, "-z", "--name-status", old, new)
    return [hunk for _, hunk in _hunks(git(root, "diff-tree", *form, "-p", "-U0", old, new), _paths(listed))]


def last_writers(root: Path, commit: str, path: str, first: int, last: int, since: int) -> list[tuple[str, str]]:
    """Who wrote the lines from `first` to `last` of a file before a commit: the id and the text of each line.

    since: seconds since 1970; of what was written before, only that is told.

    Followed through renames, moves within what a commit touched, and changes of white space. Nothing where git cannot
    tell, as when the repository's configuration names a file of revisions to ignore that is not there.
    """
    form = ("--porcelain", "-w", "-M", "-C", "--no-textconv", f"--since={since}", "-L", f"{first},{last}")
    out = git(root, "-c", "blame.ignoreRevsFile=", "blame", *form, f"{commit}^", "--", path, check=False)
    found, writer = [], ""
    for line in out.decode("utf-8", "replace").split("\n"):
        if line.startswith("\t"):
            found.append((writer, line[1:]))
        elif ID.match(line.partition(" ")[0].encode()):
            writer = line.partition(" ")[0]
    return found


def _paths(listed: bytes) -> dict[str, list[tuple[str, str]]]:
    """By commit, the names before and after of each block that its patch has: a change of type is two blocks.

    What stands before any commit's id is under "".
    """
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    fields = iter(listed.split(b"\0")[:-1])
    commit = ""
    for field in fields:
        if ID.match(field):
            commit = field.decode()
            continue
        old = _name(next(fields))
        new = _name(next(fields)) if field[:1] in (b"R", b"C") else old
        found[commit] += [(old, new)] * (2 if field == b"T" else 1)
    return found


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _hunks(patch: bytes, paths: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[tuple[str, Hunk]]:
    """The hunks of a patch, each with its commit; "" before any commit's id.

    Names are taken from the list, in whose order the patch is: those in its text may be quoted.
    """
    lines = iter(patch.split(b"\n"))
    commit, names = "", iter(paths.get("", ()))
    old = new = ""
    for line in lines:
        if ID.match(line):
            commit = line.decode()
            names = iter(paths[commit])
        elif line.startswith(b"diff --git "):
            old, new = next(names)
        elif match := HUNK.match(line):
            start, gone, come = (int(number) if number is not None else 1 for number in match.groups())
            removed, added = _lines(lines, gone, come)
            yield commit, Hunk(old, new, start, removed, added)


def _lines(lines: Iterator[bytes], gone: int, come: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sides: dict[bytes, list[str]] = {b"-": [], b"+": []}
    while len(sides[b"-"]) < gone or len(sides[b"+"]) < come:
        line = next(lines)
        if line[:1] in sides:
            sides[line[:1]].append(line[1:].decode("utf-8", "replace"))
    return tuple(sides[b"-"]), tuple(sides[b"+"])
