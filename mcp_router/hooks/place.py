"""Which repository a folder lies in, found without git: a process of its own takes too long for a hook."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """root: of the working tree; common_dir: what all its worktrees share; links resolved in both."""

    root: str
    common_dir: str


def find_repository(folder: str) -> Place | None:
    """The repository that a folder lies in, None if in none."""
    here = os.path.realpath(folder)
    while True:
        mark = f"{here}/.git"
        if os.path.isdir(mark):
            return Place(here, os.path.realpath(mark))
        if os.path.isfile(mark):
            return Place(here, _common(here, mark))
        parent = os.path.dirname(here)
        if parent == here:
            return None
        here = parent


def _common(root: str, mark: str) -> str:
    """Where a worktree's .git file leads, by the file `commondir` there."""
    git_dir = os.path.join(root, _text(mark).removeprefix("gitdir:").strip())
    try:
        return os.path.realpath(os.path.join(git_dir, _text(f"{git_dir}/commondir").strip()))
    except FileNotFoundError:
        return os.path.realpath(git_dir)


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
