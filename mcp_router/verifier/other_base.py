"""Tells a patch that was made for another base from one that fits none: the first is nobody's fault.

Two things prove it: an id in the patch of what it starts from which is not what lies here, and, where a patch has
no ids, an earlier commit that it does apply to.
"""

from __future__ import annotations

import os
from pathlib import Path

from mcp_router.errors import BaseMismatch, RepositoryError
from mcp_router.verifier.git import git, temporary_index
from mcp_router.verifier.patch_text import File, read
from mcp_router.verifier.text import one_line

SHORTEST_ID = 7
COMMITS, PATHS = 20, 50
"""How far back, and for how many of its files, a base is looked for."""


def made_for_another(folder: Path, form: tuple[str, ...], patch: bytes, env: dict[str, str]) -> BaseMismatch | None:
    """What proves that a patch which does not apply was made for another base; None without proof.

    Args:
        form: the words of the `git apply` that failed.
        env: names the index that it failed on.
    """
    try:
        files = read(patch)
    except ValueError:
        return None
    if any(file.start for file in files):
        name = _starts_elsewhere(folder, files, env)
        return BaseMismatch(f"The patch was made for another base: it starts from another {name}.") if name else None
    commit = _fitting_commit(folder, form, patch, files)
    return BaseMismatch(f"The patch was made for another base: it applies to commit {commit[:12]}.") if commit else None


def _starts_elsewhere(folder: Path, files: list[File], env: dict[str, str]) -> str | None:
    """The first file of which the patch knows another content than the index has."""
    listed = git(folder, "ls-files", "-s", "-z", env=env)
    rows = (row.partition(b"\t") for row in listed.split(b"\0") if row)
    here = {os.fsdecode(name): meta.split()[1].decode() for meta, _, name in rows}
    seen: set[str] = set()
    for file in files:
        name = file.names[0] if file.start and file.start.strip("0") else file.names[1]
        if file.start and len(file.start) >= SHORTEST_ID and name not in seen:
            zeros = "0" * len(file.start)
            if not here.get(name, zeros).startswith(file.start):
                return one_line(name)
        seen |= set(file.names)
    return None


def _fitting_commit(folder: Path, form: tuple[str, ...], patch: bytes, files: list[File]) -> str | None:
    """The newest commit behind HEAD that changed a file of the patch and that the patch applies to."""
    names = sorted({name for file in files for name in file.names})[:PATHS]
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    listed = git(folder, "rev-list", f"-n{COMMITS}", "HEAD", "--", *names, env=literal, check=False).decode().split()
    head = git(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False).decode().split()
    for commit in dict.fromkeys((*head, *listed)):
        with temporary_index() as env:
            try:
                git(folder, "read-tree", commit, env=env)
                git(folder, form[0], "--cached", *form[2:], input=patch, env=env)
            except RepositoryError:
                continue
            return commit
    return None
