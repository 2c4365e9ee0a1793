"""Repositories out of the ordinary: a verdict or one clear sentence each, and nothing of the user's is changed."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from conftest import CART, FILES, RIGHT, TASK, Bench, git, write

from mcp_router.errors import RepositoryError
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.workspace import (
    commit_worktree,
    lay,
    open_repository,
    overlayable,
    take_snapshot,
    working_tree,
    worktree,
)


def everything(folder: Path) -> dict[str, str]:
    """The bytes of all that lies in a folder, git's own files too, but for the objects: those may be added to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file() and "objects" not in path.relative_to(folder).parts:
            found[name] = f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def spy(place: Path) -> tuple[str, Path]:
    """A program that leaves a trace when something runs it, and the trace."""
    program, trace = place / "spy.sh", place / "trace"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {trace}\ncat\n")
    program.chmod(0o755)
    return str(program), trace


def hooks(case: Bench) -> None:
    program, _ = spy(case.root.parent)
    for name in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "pre-commit",
        "post-commit",
        "pre-auto-gc",
    ):
        hook = case.root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(Path(program).read_text())
        hook.chmod(0o755)


def programs(case: Bench) -> None:
    """All that git's configuration can name a program for, some of it in files that are included, under odd names."""
    program, _ = spy(case.root.parent)
    outside, inside = case.root.parent / "more.cfg", case.root.parent / "worktrees.cfg"
    git(case.root, "config", "include.path", str(outside))
    git(case.root, "config", f"includeIf.gitdir:{case.root}/.git/worktrees/**.path", str(inside))
    for file, name in ((outside, "spy"), (outside, "a=b.c"), (inside, "late")):
        for key in ("clean", "smudge", "process"):
            git(case.root, "config", "--file", str(file), f"filter.{name}.{key}", program)
        git(case.root, "config", "--file", str(file), f"filter.{name}.required", "true")
    for key in ("diff.spy.command", "diff.spy.textconv", "merge.spy.driver", "diff.external", "core.fsmonitor"):
        git(case.root, "config", key, program)
    for key in ("core.sshCommand", "core.pager", "core.editor", "core.askPass", "gpg.program", "alias.status"):
        git(case.root, "config", key, f"!{program}")
    git(case.root, "config", "core.hooksPath", str(case.root.parent))
    info = case.root / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(
        "*.md filter=late\nshop/*.py filter=spy diff=spy merge=spy\ntests/*.py filter=a=b.c diff=spy\n"
    )


def settings(*pairs: str):
    """A repository with these settings."""

    def make(case: Bench) -> None:
        for pair in pairs:
            git(case.root, "config", *pair.split("="))

    return make


def commands(*lines: str):
    """A repository in which these commands of git were given."""

    def make(case: Bench) -> None:
        for line in lines:
            git(case.root, *line.split())

    return make


def locked(case: Bench) -> None:
    (case.root / ".git" / "index.lock").write_text("")


def nested(case: Bench) -> None:
    git(case.root, "init", "-q", "loose")
    write(case.root, {"loose/x.py": "X = 1\n"})


def submodule(case: Bench, checked_out: bool = True) -> None:
    other = case.root.parent / "other"
    git(case.root.parent, "init", "-q", "-b", "main", "other")
    write(other, {"lib.py": "X = 1\n"})
    git(other, "add", "-A")
    git(other, "commit", "-qm", "first")
    git(case.root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    git(case.root, "commit", "-qm", "sub")
    if not checked_out:
        git(case.root, "submodule", "--quiet", "deinit", "-f", "sub")
    git(case.root, "config", "submodule.recurse", "true")


def pointers(case: Bench) -> None:
    """git-lfs is configured and its pointers are what lies here: whether it is installed or not."""
    git(case.root, "config", "filter.lfs.process", "git-lfs filter-process")
    git(case.root, "config", "filter.lfs.required", "true")
    write(
        case.root,
        {
            ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
            "a.bin": f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n",
        },
    )


def assumed(case: Bench) -> None:
    git(case.root, "update-index", "--assume-unchanged", "shop/__init__.py")
    write(case.root, {"shop/__init__.py": "raise SystemExit\n"})


UNUSUAL = {
    "hooks": hooks,
    "programs in the configuration": programs,
    "an index that is locked": locked,
    "a split index": commands("config core.splitIndex true", "update-index --split-index"),
    "an index of version 4": commands("update-index --index-version 4"),
    "an untracked cache": commands("config core.untrackedCache true", "update-index --force-untracked-cache"),
    "a sparse checkout of folders": commands("sparse-checkout set --cone --sparse-index shop"),
    "a sparse checkout by patterns": commands("sparse-checkout set --no-cone /shop/*"),
    "a file assumed unchanged": assumed,
    "a repository inside": nested,
    "a submodule": submodule,
    "a submodule that is not checked out": lambda case: submodule(case, False),
    "pointers of git-lfs": pointers,
    "line ends of another system": settings("core.autocrlf=true", "core.eol=crlf", "core.safecrlf=true"),
    "whitespace fixed on the way": settings(
        "apply.whitespace=fix", "apply.ignoreWhitespace=change", "core.whitespace=cr-at-eol"
    ),
    "no commit yet": commands("update-ref -d HEAD"),
    "a branch that is not there": commands("symbolic-ref HEAD refs/heads/new"),
    "no branch": commands("checkout -q --detach"),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_repositories_have_their_verdict_and_stay_as_they_are(bench, name):
    case = bench()
    UNUSUAL[name](case)
    patch = made_elsewhere(bench, name)
    before = everything(case.root)
    found = case.verify(patch, task=TASK)
    assert (found.verdict, found.score is not None and found.score > 0.5) == ("pass", True), found.reasons
    assert everything(case.root) == before
    assert not (case.root.parent / "trace").exists()


def made_elsewhere(bench, name: str) -> bytes:
    """The patch that solves the task, another one for each name, so that no earlier run answers."""
    return bench(name="plain").patch({"shop/cart.py": f"{RIGHT}\n\nNAME = {name!r}\n"})


@pytest.mark.parametrize("name", UNUSUAL)
def test_worktrees_and_laid_files_of_unusual_repositories_run_nothing(bench, tmp_path, name):
    case = bench()
    UNUSUAL[name](case)
    write(case.root, {"shop/cart.py": RIGHT, "shop/new.md": "x\n"})
    before = everything(case.root)
    repo = open_repository(case.root)
    base = take_snapshot(repo)
    with worktree(repo, base.commit, case.home) as folder:
        assert (folder / "shop/cart.py").read_bytes().replace(b"\r\n", b"\n") == RIGHT.lstrip("\n").encode()
        write(folder, {"shop/cart.py": CART})
        made = commit_worktree(folder, base.commit, "back")
    assert Tree(repo.root, made).text("shop/cart.py") == CART.lstrip("\n")
    (tmp_path / "laid").mkdir()
    lay(repo, base.tree, ["shop/cart.py", "shop/new.md"], tmp_path / "laid")
    assert everything(case.root) == before
    assert not (case.root.parent / "trace").exists()


def linked(case: Bench) -> Path:
    git(case.root, "worktree", "add", "-q", "../one", "-b", "one")
    git(case.root.parent / "one", "worktree", "add", "-q", "../two", "-b", "two")
    return case.root.parent / "two"


def hashed(case: Bench) -> Path:
    git(case.root.parent, "init", "-q", "-b", "main", "--object-format=sha256", "long")
    write(case.root.parent / "long", FILES)
    git(case.root.parent / "long", "add", "-A")
    git(case.root.parent / "long", "commit", "-qm", "first")
    return case.root.parent / "long"


def cloned(*options: str):
    def make(case: Bench) -> Path:
        git(case.root, "clone", "-q", *options, f"file://{case.root}", "../clone")
        return case.root.parent / "clone"

    return make


def sharing(case: Bench) -> Path:
    git(case.root, "clone", "-q", "--shared", str(case.root), "../clone")
    return case.root.parent / "clone"


def named(name: str):
    def make(case: Bench) -> Path:
        case.root.rename(case.root.parent / name)
        return case.root.parent / name

    return make


ELSEWHERE = {
    "a worktree of a worktree": linked,
    "SHA-256": hashed,
    "a shallow clone": cloned("--depth=1"),
    "a partial clone with all that it needs": cloned("--filter=blob:none"),
    "objects of another repository": sharing,
    "a name with a dash before it": named("-n"),
    "a name with blanks and letters of any script": named("ein ordner ü наценка 'x\""),
    "a name that a shell would expand": named("$HOME ~"),
    "a name that is not UTF-8": named(os.fsdecode(b"caf\xe9")),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_repositories_of_another_kind_have_their_verdict_and_stay_as_they_are(bench, name):
    case = bench()
    root = ELSEWHERE[name](case)
    patch = made_elsewhere(bench, name)
    before = everything(case.root.parent)
    found = Bench(root, case.home, case.config).verify(patch, task=TASK)
    assert found.verdict == "pass", found.reasons
    assert everything(case.root.parent) == before


def test_what_a_partial_clone_lacks_is_said_and_not_fetched(bench):
    case = bench()
    git(case.root, "config", "uploadpack.allowFilter", "true")
    git(case.root, "clone", "-q", "--filter=blob:none", "--sparse", f"file://{case.root}", "../part")
    root = case.root.parent / "part"
    git(root, "sparse-checkout", "set", "shop")
    program, trace = spy(case.root.parent)
    git(root, "config", "remote.origin.url", f"ext::{program}")
    git(root, "config", "core.sshCommand", program)
    git(root, "config", "protocol.ext.allow", "always")
    patch = made_elsewhere(bench, "part")
    before = everything(root)
    assert not overlayable(open_repository(root))
    try:
        found = Bench(root, case.home, case.config).verify(patch, task=TASK)
        said = found.reasons[0]
        assert found.verdict == "no_signal"
    except RepositoryError as error:
        said = str(error)
    assert "partial clone" in said
    assert "\n" not in said
    assert everything(root) == before
    assert not trace.exists()


def test_a_folder_without_a_sound_repository_is_told_in_one_sentence(bench, tmp_path):
    case = bench()
    (case.root / ".git" / "index").write_bytes(b"DIRC\0\0\0\2 this is no index")
    odd = tmp_path / "two\nlines"
    odd.mkdir()
    git(tmp_path, "init", "-q", "--bare", "bare")
    for folder, word in ((case.root, "index is damaged"), (odd, "line break"), (tmp_path / "bare", "bare")):
        before = everything(folder)
        with pytest.raises(RepositoryError, match=word) as refused:
            Bench(folder, case.home, case.config).verify(made_elsewhere(bench, word) if folder == odd else b"x")
        assert "\n" not in str(refused.value)
        assert everything(folder) == before


def test_a_repository_without_files_is_worked_in(bench):
    case = bench({}, "empty", commit=False)
    base = take_snapshot(open_repository(case.root))
    assert (base.head, base.dirty, Tree(case.root, base.commit).names()) == (None, True, ())
    found = case.verify(b"--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+X = 1\n")
    assert found.verdict == "no_signal"
    assert "No checks were found" in found.reasons[0]


def test_line_ends_that_the_user_set_for_all_repositories_count(bench, monkeypatch):
    case = bench()
    monkeypatch.setenv("HOME", str(case.root.parent))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (case.root.parent / ".gitconfig").write_text("[core]\n\tautocrlf = true\n")
    path = case.root / "shop/cart.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    repo = open_repository(case.root)
    assert not take_snapshot(repo).dirty
    git(case.root, "config", "core.autocrlf", "false")
    assert take_snapshot(repo).dirty


def test_a_snapshot_of_very_many_files_costs_about_what_git_status_does(bench):
    case = bench({}, "many", commit=False)
    names = [f"d{n % 50}/f{n // 50}.py" for n in range(4_000)]
    files = "".join(f"M 644 inline {name}\ndata 6\nX = 1\n\n" for name in names)
    commit = f"commit refs/heads/main\ncommitter u <u@example.invalid> 0 +0000\ndata 4\nmany\n{files}"
    git(case.root, "fast-import", "--quiet", given=commit.encode())
    git(case.root, "reset", "-q", "--hard")
    write(case.root, {"d7/f7.py": "X = 0\n", "new.py": "X = 1\n"})
    before = git(case.root, "status", "--porcelain"), (case.root / ".git" / "index").read_bytes()
    repo = open_repository(case.root)
    taken = {}
    for name, step in {
        "status": lambda: git(case.root, "status", "--porcelain"),
        "snapshot": lambda: take_snapshot(repo),
        "working_tree": lambda: working_tree(repo),
        "overlayable": lambda: overlayable(repo),
    }.items():
        began = time.perf_counter()
        step()
        taken[name] = time.perf_counter() - began
    print("4,000 files:", ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in taken.items()))
    assert take_snapshot(repo).dirty
    assert (git(case.root, "status", "--porcelain"), (case.root / ".git" / "index").read_bytes()) == before
    assert taken["snapshot"] < 5 * taken["status"] + 1
