"""Reads a patch before anything is done with it, and applies it whole or not at all.

Only git itself applies: never in parts, never fuzzily. unidiff reads the structure; what the patch really does is
looked up afterwards in the trees that git made of it (`changes.py`).
"""

from __future__ import annotations

import re
from pathlib import Path

from mcp_router.errors import PatchRefused, RepositoryError
from mcp_router.verifier.git import git, temporary_index
from mcp_router.verifier.text import one_line

LARGEST_BYTES = 20_000_000
MOVES = re.compile(r"^(?:rename|copy) (?:from|to) (.+)$")
MODES = {"120000": "a symbolic link", "160000": "a submodule"}
GIT_NAMES = {".git", "git~1"}
INVISIBLE = re.compile(r"[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\", b"a": b"\a", b"b": b"\b", b"f": b"\f"}
HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def check(patch: bytes) -> None:
    """Refuse a patch that could do more than change text files of the tree.

    Raises:
        PatchRefused: empty, over 20 MB, not a patch, cut off, binary, a link or submodule, or a path that leaves
            the tree or reaches git's own files.
    """
    if not patch.strip():
        raise PatchRefused("The patch is empty.")
    if len(patch) > LARGEST_BYTES:
        raise PatchRefused(f"The patch is larger than {LARGEST_BYTES // 1_000_000} MB.")
    if b"\0" in patch or re.search(rb"^GIT binary patch\r?$|^Binary files .* differ\r?$", patch, re.MULTILINE):
        raise PatchRefused("The patch changes binary files; only text can be judged.")
    for file in _read(patch):
        for mode in (file.source_mode, file.target_mode):
            if mode in MODES:
                raise PatchRefused(f"The patch touches {MODES[mode]} ({one_line(file.path)}).")
        moved = [MOVES.match(line.rstrip("\n")) for line in file.patch_info or ()]
        names = [file.source_file, file.target_file, *(match.group(1) for match in moved if match)]
        for name in names:
            check_path(_plain(name))


def _read(patch: bytes) -> list:  # type: ignore[type-arg]  # unidiff has no types
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    text = _ended(patch).replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")
    try:
        files = list(PatchSet(text))
    except UnidiffParseError as error:
        cut = "shorter" in str(error)
        what = "The patch is cut off" if cut else "The patch is not a well-formed unified diff"
        raise PatchRefused(f"{what} ({one_line(str(error), 100)}).") from None
    if not files:
        raise PatchRefused("The patch holds no change to any file; a unified diff as `git diff` prints it is needed.")
    return files


def _plain(name: str) -> str:
    """A path of a header as a path: unquoted, without a/ or b/."""
    if name.startswith('"') and name.endswith('"'):
        raw = name[1:-1].encode("utf-8", "surrogateescape")
        name = ESCAPE.sub(_unescape, raw).decode("utf-8", "surrogateescape")
    return name if name == "/dev/null" else re.sub(r"^[ab]/", "", name)


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return bytes([int(code, 8) & 255]) if len(code) == 3 else ESCAPED.get(code, code)


def check_path(name: str) -> None:
    """Refuse a path that leaves the tree, reaches git's own files or is not UTF-8.

    Raises:
        PatchRefused: with the path.
    """
    if name == "/dev/null":
        return
    shown = one_line(name)
    if any("\udc80" <= char <= "\udcff" for char in name):
        raise PatchRefused(f"The path {shown} is not UTF-8.")
    if any(char < " " for char in name):
        raise PatchRefused(f"The path {shown} holds a control character.")
    if name.startswith(("/", "\\")) or re.match(r"^[A-Za-z]:[\\/]", name):
        raise PatchRefused(f"The path {shown} is absolute.")
    for part in re.split(r"[/\\]", name):
        if part == "..":
            raise PatchRefused(f"The path {shown} leaves the repository.")
        if INVISIBLE.sub("", part).split(":")[0].rstrip(" .").casefold() in GIT_NAMES:
            raise PatchRefused(f"The path {shown} reaches git's own files.")


def apply(folder: Path, patch: bytes) -> None:
    """Apply a checked patch to the files and the index of a working tree, all of it or nothing.

    Raises:
        PatchRefused: it does not apply.
    """
    _apply(folder, patch, "--index", {})


def patched_tree(root: Path, base: str, patch: bytes) -> str:
    """The id of the tree that a checked patch makes of a base commit; no file is written.

    Raises:
        PatchRefused: it does not apply to this base.
    """
    with temporary_index() as env:
        git(root, "read-tree", base, env=env)
        _apply(root, patch, "--cached", env)
        return git(root, "write-tree", env=env).decode().strip()


def _apply(folder: Path, patch: bytes, where: str, env: dict[str, str]) -> None:
    """As it is; then once more with its line ends made those of the files, which changes nothing else."""
    whole = _ended(patch)
    try:
        git(folder, "apply", where, "--whitespace=nowarn", input=whole, env=env)
    except RepositoryError as error:
        fitted = _fit_line_ends(folder, whole, env)
        if fitted == whole:
            raise _refusal(error) from None
        try:
            git(folder, "apply", where, "--whitespace=nowarn", input=fitted, env=env)
        except RepositoryError:
            raise _refusal(error) from None


def _refusal(error: RepositoryError) -> PatchRefused:
    return PatchRefused(f"The patch does not apply to this base ({one_line(str(error).removeprefix('error: '), 160)}).")


def _ended(patch: bytes) -> bytes:
    return patch if patch.endswith(b"\n") else patch + b"\n"


def _fit_line_ends(folder: Path, patch: bytes, env: dict[str, str]) -> bytes:
    """The patch with CRLF in the hunks of files that use it throughout, and LF elsewhere."""
    out: list[bytes] = []
    ending, old, new = b"\n", 0, 0
    for line in patch.split(b"\n")[:-1]:
        bare = line.removesuffix(b"\r")
        if old > 0 or new > 0:
            old -= bare[:1] in (b" ", b"-", b"")
            new -= bare[:1] in (b" ", b"+", b"")
            out.append(bare + (b"\n" if bare[:1] == b"\\" else ending))
            continue
        if hunk := HUNK.match(bare):
            old, new = (int(count) if count is not None else 1 for count in hunk.groups())
        elif bare.startswith(b"--- "):
            ending = _line_end(folder, bare[4:].split(b"\t")[0].decode("utf-8", "surrogateescape"), env)
        out.append(bare + b"\n")
    return b"".join(out)


def _line_end(folder: Path, name: str, env: dict[str, str]) -> bytes:
    path = _plain(name)
    content = git(folder, "cat-file", "blob", f":{path}", env=env, check=False) if path != "/dev/null" else b""
    return b"\r\n" if content and content.count(b"\r\n") == content.count(b"\n") > 0 else b"\n"
