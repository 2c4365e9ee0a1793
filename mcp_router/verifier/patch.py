"""Reads a patch before anything is done with it, and applies it whole or not at all.

Only git itself applies: never in parts, never fuzzily. unidiff reads the structure; what the patch really does is
looked up afterwards in the trees that git made of it (`changes.py`).
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from mcp_router.errors import PatchRefused, RepositoryError
from mcp_router.verifier.git import git, temporary_index
from mcp_router.verifier.other_base import made_for_another
from mcp_router.verifier.patch_text import File, cut_short, ended, fit_line_ends, read, spilled, strip_level
from mcp_router.verifier.text import one_line

LARGEST_BYTES = 20_000_000
BINARY = re.compile(rb"^GIT binary patch\r?$|^Binary files .* differ\r?$", re.MULTILINE)
MODES = {"120000": "a symbolic link", "160000": "a submodule"}
GIT_NAMES = {".git", "git~1"}
INVISIBLE = re.compile(r"[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
OF_THE_PATCH = re.compile(r"error: |fatal: .*(?:patch|diff)")
"""How git's complaints about a patch begin; others are about the repository or the disk."""


def check(patch: bytes) -> None:
    """Refuse a patch that could do more than change text files of the tree.

    Raises:
        PatchRefused: empty, over 20 MB, not a patch, cut off, binary, a link or submodule, or a path that leaves
            the tree or reaches git's own files.
    """
    if len(patch) > LARGEST_BYTES:
        raise PatchRefused(f"The patch is larger than {LARGEST_BYTES // 1_000_000} MB.")
    if not patch.strip():
        raise PatchRefused("The patch is empty.")
    if b"\0" in patch or BINARY.search(patch):
        raise PatchRefused("The patch changes binary files; only text can be judged.")
    for file in _files(patch):
        shown = one_line(file.names[-1])
        for mode in file.modes:
            if mode in MODES:
                raise PatchRefused(f"The patch touches {MODES[mode]} ({shown}).")
        for name in file.names:
            check_path(name)
        if file.empty:
            raise PatchRefused(f"The patch is cut off: it says nothing of what changes in {shown}.")
    if spilled(patch):
        raise PatchRefused("The patch is not a well-formed unified diff (the line counts of a hunk are wrong).")


def _files(patch: bytes) -> list[File]:
    """What is said of each file.

    Raises:
        PatchRefused: of none, or not in the form of a unified diff.
    """
    try:
        files = read(patch)
    except ValueError as error:
        if cut_short(error):
            raise PatchRefused(f"The patch is cut off ({one_line(str(error), 100)}).") from None
        if not _git_reads(patch):
            what = f"The patch is not a well-formed unified diff ({one_line(str(error), 100)})."
            raise PatchRefused(what) from None
        return []
    if not files:
        raise PatchRefused("The patch holds no change to any file; a unified diff as `git diff` prints it is needed.")
    return files


def _git_reads(patch: bytes) -> bool:
    """git's own opinion on the form alone, where names with blanks are more than unidiff can read."""
    try:
        git(Path(tempfile.gettempdir()), "apply", "--numstat", "-p0", input=ended(patch))
    except RepositoryError:
        return False
    return True


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
        PatchRefused: it does not apply; BaseMismatch where it was made for another base.
    """
    _apply(folder, patch, "--index", {})


def patched_tree(root: Path, base: str, patch: bytes) -> str:
    """The id of the tree that a checked patch makes of a base commit; no file is written.

    Raises:
        PatchRefused: it does not apply; BaseMismatch where it was made for another base.
    """
    with temporary_index() as env:
        git(root, "read-tree", base, env=env)
        _apply(root, patch, "--cached", env)
        return git(root, "write-tree", env=env).decode().strip()


def _apply(folder: Path, patch: bytes, where: str, env: dict[str, str]) -> None:
    """As it is; then once more with its line ends made those of the files, which changes nothing else."""
    whole = ended(patch)
    form = ("apply", where, f"-p{strip_level(whole)}", "--whitespace=nowarn")
    try:
        git(folder, *form, input=whole, env=env)
    except RepositoryError as error:
        if not OF_THE_PATCH.match(str(error)):
            raise
        fitted = fit_line_ends(folder, whole, env)
        if fitted != whole and _fits(folder, form, fitted, env):
            return
        raise _refusal(folder, form, whole, str(error), env) from None


def _fits(folder: Path, form: tuple[str, ...], patch: bytes, env: dict[str, str]) -> bool:
    try:
        git(folder, *form, input=patch, env=env)
    except RepositoryError:
        return False
    return True


def _refusal(folder: Path, form: tuple[str, ...], patch: bytes, said: str, env: dict[str, str]) -> PatchRefused:
    """Why a patch does not apply: what it would touch, the base that it was made for, or what git said."""
    if "beyond a symbolic link" in said:
        return PatchRefused(f"The patch writes through a symbolic link ({one_line(said, 160)}).")
    if other := made_for_another(folder, form, patch, env):
        return other
    short = one_line(said.removeprefix("error: "), 160)
    return PatchRefused(f"The patch does not apply to this base ({short}).")
