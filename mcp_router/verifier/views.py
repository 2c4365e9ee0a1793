"""A tree made ready for one run of the checks, in a folder of our own that is deleted afterwards.

Either all files of the tree, or, where the sandbox has overlays, only those that differ from the user's own working
tree: they are laid over it, so that its environment and build caches are there and nothing is copied.
"""

from __future__ import annotations

import json
import os
import re
import stat
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mcp_router.verifier.changes import Tree, differences
from mcp_router.verifier.git import git
from mcp_router.verifier.stamp import stamp
from mcp_router.verifier.workspace import Repository, delete, lay

SECRET = re.compile(
    r"^(\.env(\.(?!example|sample|template|dist)\w+)?|.*\.pem|id_[a-z0-9]+|\.netrc|\.pypirc|.*credentials?(\.\w+)?)$"
)
LARGEST_SECRET_BYTES = 100_000
DECOYS = (
    ".ssh/id_rsa",
    ".ssh/id_ed25519",
    ".aws/credentials",
    ".netrc",
    ".git-credentials",
    ".pypirc",
    ".config/gh/hosts.yml",
    ".config/gcloud/application_default_credentials.json",
    ".kube/config",
    ".docker/config.json",
    ".claude/.credentials.json",
    ".codex/auth.json",
    ".bash_history",
)
"""Files that a home folder may hold and that no checks need: they stand empty in the one that the checks see."""


@dataclass(frozen=True, slots=True)
class View:
    """What a run sees, by the folders that it is made of.

    state: the folder of our own state, which no run may see. tree: what is judged. files: the tree's files, or those
    laid over the user's own (`over`). home stands in for the home folder, git for the repository's .git, place is for
    reports, work is the sandbox's own. secrets: names at the top of the user's tree, each with the copy that is shown
    instead. ready: when it was ready, in nanoseconds, by the clock of the file system: what was changed later was
    changed by the run.
    """

    state: Path
    repo: Repository
    tree: Tree
    over: bool
    files: Path
    work: Path
    home: Path
    git: Path
    place: Path
    secrets: Mapping[str, Path] = field(default_factory=dict)
    ready: int = 0

    def decoys(self) -> dict[str, Path]:
        """The decoys in the home folder that stands in for the user's, by the names that they have there."""
        return {f"~/{name}": self.home / name for name in DECOYS}

    def link(self, names: Sequence[str]) -> None:
        """Show folders of the user's tree, which the judged one has not, by links to them."""
        for name in names:
            if not (self.files / name).exists():
                (self.files / name).symlink_to(self.repo.root / name, target_is_directory=True)


@contextmanager
def view(
    repo: Repository, tree: str, home: Path, working_tree: str | None, more: Mapping[str, bytes]
) -> Iterator[View]:
    """A view of a tree, gone at exit.

    Args:
        home: the state folder.
        working_tree: the tree that the user's files are now, to lie under it; None: all files are written.
        more: content of more files, which come last.
    """
    folder = home / "worktrees" / uuid.uuid4().hex[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    record = folder.with_suffix(".json")
    record.write_text(json.dumps({**stamp(), "repo": str(repo.root)}), encoding="utf-8")
    try:
        files, work, fake_home, fake_git, place = (folder / name for name in ("files", "work", "home", "git", "place"))
        for part in (files, work, fake_home, fake_git, place):
            part.mkdir(parents=True)
        secrets = _copy_secrets(repo, tree, folder) if working_tree else {}
        over = working_tree is not None
        made = View(home, repo, Tree(repo.root, tree), over, files, work, fake_home, fake_git, place, secrets)
        _write(made, working_tree)
        for name, content in more.items():
            (made.files / name).parent.mkdir(parents=True, exist_ok=True)
            (made.files / name).write_bytes(content)
            _touch(made.files / name)
        _furnish(made.home)
        yield replace(made, ready=_clock(folder))
    finally:
        delete(folder)
        record.unlink(missing_ok=True)


def _write(made: View, working_tree: str | None) -> None:
    if working_tree is None:
        lay(made.repo, made.tree.id, made.tree.names(), made.files)
        return
    changes = differences(made.repo.root, working_tree, made.tree.id)
    present = [change.path for change in changes if not change.deleted]
    lay(made.repo, made.tree.id, present, made.files)
    for name in present:
        _touch(made.files / name)
    for change in changes:
        if change.deleted:
            _hide(made.files / change.path)


def _touch(path: Path) -> None:
    """Newer than any compiled file that was made from the user's version of it: those go by the second."""
    if not path.is_symlink():
        later = time.time() + 1
        os.utime(path, (later, later))


def _hide(path: Path) -> None:
    """The mark by which an overlay takes a file away that lies below it."""
    with suppress(FileExistsError, NotADirectoryError):
        # Where a file stands in place of the folder, or a folder in place of the file, it is hidden already.
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(0, 0))


def _furnish(home: Path) -> None:
    for name in DECOYS:
        decoy = home / name
        decoy.parent.mkdir(parents=True, exist_ok=True)
        decoy.touch(0o600)


def _copy_secrets(repo: Repository, tree: str, folder: Path) -> dict[str, Path]:
    """Copies of the files that look like secrets: to watch the files themselves would also show the user's programs."""
    tracked = set(git(repo.root, "ls-tree", "-z", "--name-only", tree).decode(errors="replace").split("\0"))
    found: dict[str, Path] = {}
    for entry in os.scandir(repo.root):
        if not SECRET.match(entry.name) or entry.name in tracked or not entry.is_file(follow_symlinks=False):
            continue
        copy = folder / "secrets" / str(len(found))
        copy.parent.mkdir(exist_ok=True)
        small = entry.stat().st_size <= LARGEST_SECRET_BYTES and os.access(entry.path, os.R_OK)
        copy.write_bytes(Path(entry.path).read_bytes() if small else b"")
        found[entry.name] = copy
    return found


def _clock(folder: Path) -> int:
    """The time now as the file system writes it down; no program can set it back."""
    mark = folder / "ready"
    mark.touch()
    return mark.stat().st_ctime_ns
