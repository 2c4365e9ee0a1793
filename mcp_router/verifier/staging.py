"""What of a working tree is work: its files as they are now, brought into a temporary index."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mcp_router.verifier.git import git

NEVER_TAKEN = (
    *(".venv/", "venv/", ".tox/", ".nox/", "node_modules/", "*.egg-info/"),
    *("__pycache__/", "*.pyc", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".coverage", ".DS_Store"),
)
"""Untracked environments and caches: not work of the user's, also where no .gitignore says so."""
LARGEST_UNTRACKED_BYTES = 10_000_000


def stage(root: Path, env: dict[str, str]) -> tuple[str, ...]:
    """Bring a temporary index up to the files of a working tree; returns what was left out."""
    apart = [f"--exclude={pattern}" for pattern in NEVER_TAKEN]
    listed = git(root, "ls-files", "-z", "--others", "--exclude-standard", *apart, env=env)
    changed = git(root, "diff-files", "-z", "--name-only", "--ignore-submodules=all", env=env)
    left_out = [name for name in listed.split(b"\0") if name and not _takes(root, name)]
    names = {name for name in (listed + changed).split(b"\0") if name} - set(left_out)
    if names:
        form = ("-z", "--add", "--remove", "--replace", "--stdin")
        git(root, "update-index", *form, input=b"\0".join(sorted(names)), env=env)
    return tuple(sorted(name.decode(errors="replace") for name in left_out))


def _takes(root: Path, name: bytes) -> bool:
    path = os.path.join(os.fsencode(root), name)  # noqa: PTH118 - a name of any bytes
    try:
        info = os.lstat(path)
    except OSError:
        return False
    if stat.S_ISLNK(info.st_mode):
        return True
    return stat.S_ISREG(info.st_mode) and info.st_size <= LARGEST_UNTRACKED_BYTES and os.access(path, os.R_OK)
