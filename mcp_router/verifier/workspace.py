"""The user's repository, read without touching it, and worktrees of our own beside it.

A snapshot is a commit that holds the uncommitted work too. It is made with a temporary index; the user's
index, refs, stash and files stay as they are, also when this process is killed half way.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_router.errors import RepositoryError
from mcp_router.verifier.git import git, scratch, sweep_scratch, temporary_index
from mcp_router.verifier.staging import stage
from mcp_router.verifier.stamp import alive, stamp
from memory_store.records import Base

REFS = "refs/acrouter/"
REPORT = "-report-"
"""Folders of reports lie beside their worktree: its name, this, and something fresh. They go with it."""
UNSEEN = re.compile(rb"(?:\A|\0)[a-zS] ")
"""How `ls-files -v` marks what is assumed unchanged or skipped in the working tree."""
BUSY_MARKS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository with files in it.

    git_dir holds this worktree's index, common_dir the refs that all worktrees share. head is the commit checked
    out, None before the first. identity is the same for all worktrees and moves with the folder. busy names what
    is half done in it: merge, rebase, cherry-pick or revert.
    """

    root: Path
    git_dir: Path
    common_dir: Path
    head: str | None
    identity: str
    name: str
    busy: str | None


def open_repository(path: Path) -> Repository:
    """The repository that `path` lies in.

    Raises:
        RepositoryError: no such folder, not in a repository, or a bare one.
    """
    if not path.is_dir():
        raise RepositoryError(f"repo: {path} is not a folder; name the folder of a git repository.")
    if any(char in str(path.absolute()) for char in "\r\n"):
        raise RepositoryError(f"repo: {str(path)!r} has a line break in its name, which git's own files cannot hold.")
    try:
        asked = git(
            path, "rev-parse", "--path-format=absolute", "--is-bare-repository", "--git-dir", "--git-common-dir"
        )
    except RepositoryError as error:
        if "not a git repository" not in str(error):
            raise
        raise RepositoryError(f"repo: {path} is not in a git repository; run `git init` or name another.") from None
    bare, git_dir, common_dir = os.fsdecode(asked).splitlines()[:3]
    top = git(path, "rev-parse", "--path-format=absolute", "--show-toplevel", check=False)
    root = os.fsdecode(top).rstrip("\n")
    if bare == "true" or not root:
        raise RepositoryError(f"repo: {path} has no working tree (a bare repository); name a checkout of it.")
    head = git(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).decode().strip() or None
    busy = next((word for mark, word in BUSY_MARKS.items() if (Path(git_dir) / mark).exists()), None)
    home = Path(common_dir).parent if Path(common_dir).name == ".git" else Path(common_dir)
    identity = f"{home.name}-{_origin(home, head)}"
    return Repository(Path(root), Path(git_dir), Path(common_dir), head, identity, Path(root).name, busy)


@functools.lru_cache(maxsize=256)
def _origin(home: Path, head: str | None) -> str:
    """Eight characters that stay with a repository: of its oldest commit, else of its place."""
    if head is None:
        return hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    return git(home, "rev-list", "--max-parents=0", head).decode().split()[-1][:8]


def take_snapshot(repo: Repository) -> Base:
    """A commit with the files as they are now: tracked and untracked ones, not the ignored ones.

    HEAD itself when nothing differs from it. Untracked environments and caches are no work; untracked files over
    10 MB, unreadable ones and repositories inside this one are left out and named. Submodules stay as the index
    has them.
    """
    tree, left_out = _recorded(repo)
    if repo.head and tree == tree_of(repo, repo.head):
        return Base(commit=repo.head, tree=tree, head=repo.head, dirty=False, left_out=left_out)
    commit = commit_tree(repo, tree, repo.head, "Snapshot of the working tree")
    return Base(commit=commit, tree=tree, head=repo.head, dirty=True, left_out=left_out)


def working_tree(repo: Repository) -> str:
    """The id of the tree that `take_snapshot` would record now; no commit is made."""
    return _recorded(repo)[0]


def overlayable(repo: Repository) -> bool:
    """Whether the working tree holds every file that its index says.

    Not so with a sparse checkout, or with entries that git was told to skip or to assume unchanged.
    """
    return UNSEEN.search(git(repo.root, "ls-files", "-v", "-z")) is None


def lay(repo: Repository, tree: str, paths: Sequence[str], folder: Path) -> None:
    """Write these files of a tree into a folder, line ends and modes as a checkout has them, filters left out.

    Raises:
        RepositoryError: the tree has no such file, or its content is missing here (a partial clone).
    """
    asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
    with temporary_index() as env, scratch() as empty:
        git(repo.root, "read-tree", tree, env=env)
        # The attributes of the tree count, not those of the user's files: git shall see no files but its index.
        place = {**env, "GIT_DIR": str(repo.git_dir), "GIT_WORK_TREE": str(empty)}
        form = ("--force", f"--prefix={folder}{os.sep}", "-z", "--stdin")
        git(repo.root, "checkout-index", *form, input=asked, env=place)


def _recorded(repo: Repository) -> tuple[str, tuple[str, ...]]:
    """The tree of the files as they are now, and what was left out of it."""
    with temporary_index(repo.git_dir / "index") as env:
        left_out = stage(repo.root, env)
        return git(repo.root, "write-tree", env=env).decode().strip(), left_out


def commit_tree(repo: Repository, tree: str, parent: str | None, message: str) -> str:
    """The id of a new commit that no branch knows of."""
    parents = ("-p", parent) if parent else ()
    return git(repo.root, "commit-tree", tree, *parents, "-m", message).decode().strip()


def tree_of(repo: Repository, commit: str) -> str:
    """The id of a commit's tree.

    Raises:
        RepositoryError: the repository has no such commit.
    """
    found = git(repo.root, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", check=False).decode().strip()
    if not found:
        raise RepositoryError(
            f"base: {commit[:60]!r} is not a commit of {repo.root}; leave it out for the tree as it is."
        )
    return found


def keep(repo: Repository, name: str, commit: str) -> None:
    """Hold a commit under refs/acrouter/NAME, so that git never collects it."""
    git(repo.root, "update-ref", "--no-deref", REFS + name, commit)


def drop(repo: Repository, name: str) -> None:
    """Let go of refs/acrouter/NAME; nothing happens when it is not there."""
    git(repo.root, "update-ref", "--no-deref", "-d", REFS + name)


def diff(repo: Repository, old_commit: str, new_commit: str) -> bytes:
    """The patch from one commit to another, in the form that `git apply --index` takes; binary files included."""
    form = ("--no-color", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-relative")
    prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
    return git(repo.root, "diff-tree", "-r", "-p", *form, *prefixes, old_commit, new_commit)


@contextmanager
def worktree(repo: Repository, commit: str, home: Path) -> Iterator[Path]:
    """A detached worktree of a commit in a folder of its own under `home`; gone at exit, with its entry in git."""
    folder = home / "worktrees" / uuid.uuid4().hex[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    record = {**stamp(), "repo": str(repo.root), "common_dir": str(repo.common_dir)}
    folder.with_suffix(".json").write_text(json.dumps(record), encoding="utf-8")
    try:
        with _locked(home, repo.common_dir):
            git(repo.root, "worktree", "add", "--no-checkout", "--detach", str(folder), commit)
        # Apart from adding it: which filters are configured may depend on the folder that a file is written in.
        git(folder, "read-tree", commit)
        git(folder, "checkout-index", "--all", "--index", "--quiet")
        yield folder
    finally:
        _remove(home, folder, repo.common_dir)


def commit_worktree(folder: Path, base_commit: str, message: str) -> str:
    """Commit all that a worktree of ours holds, new files included, ignored ones not, on top of its base.

    Raises:
        RepositoryError: the folder's .git no longer leads to the entry that git made for it.
    """
    git_dir = Path((folder / ".git").read_text(encoding="utf-8").removeprefix("gitdir:").strip())
    back = git_dir / "gitdir"
    if git_dir.name != folder.name or not back.is_file() or Path(back.read_text().strip()) != folder / ".git":
        raise RepositoryError(f"{folder} no longer leads to its repository; its files are left where they are.")
    with temporary_index(git_dir / "index") as env:
        stage(folder, env)
        tree = git(folder, "write-tree", env=env).decode().strip()
    return git(folder, "commit-tree", tree, "-p", base_commit, "-m", message).decode().strip()


def sweep(home: Path, *, own: bool = False) -> list[str]:
    """Remove worktrees that a killed process left under `home`; returns their names.

    Those of living processes are not touched, but for this one's when it ends (`own`).
    """
    sweep_scratch()
    swept = []
    for file in sorted((home / "worktrees").glob("*.json")):
        try:
            record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            record = {}
        if not alive(record) or (own and record.get("pid") == os.getpid()):
            common_dir = record.get("common_dir")
            _remove(home, file.with_suffix(""), Path(common_dir) if common_dir else None)
            swept.append(file.stem)
    return swept


def _remove(home: Path, folder: Path, common_dir: Path | None) -> None:
    """Without git: what ran in the folder may have rewritten its .git to lead elsewhere."""
    for place in (folder, *folder.parent.glob(f"{folder.name}{REPORT}*")):
        delete(place)
    if common_dir:
        with _locked(home, common_dir):
            delete(common_dir / "worktrees" / folder.name)
            if (common_dir / "worktrees").is_dir() and not any((common_dir / "worktrees").iterdir()):
                (common_dir / "worktrees").rmdir()
    folder.with_suffix(".json").unlink(missing_ok=True)


def delete(folder: Path) -> None:
    """Remove a folder of ours with all that is in it, also what forbids it."""

    def open_up(function: Callable[[str], Any], path: str, _: Any) -> None:
        if not os.path.lexists(path):
            # Two may remove one worktree at once: the run that is let go, and the process that ends.
            return
        Path(path).parent.chmod(0o700)
        if not Path(path).is_symlink():
            Path(path).chmod(0o700)
        if function in (os.scandir, os.open):
            shutil.rmtree(path, ignore_errors=True)
        else:
            function(path)

    if folder.exists():
        shutil.rmtree(folder, onerror=open_up)


@contextmanager
def _locked(home: Path, common_dir: Path) -> Iterator[None]:
    """One process at a time adds or removes worktrees of a repository."""
    from filelock import FileLock

    locks = home / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"worktrees-{hashlib.sha256(os.fsencode(common_dir)).hexdigest()[:16]}.lock"):
        yield
