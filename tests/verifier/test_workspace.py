"""The user's repository is read and never touched, whatever state it is in."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import CART, FILES, RIGHT, SANDBOX, git, state_of, write

from mcp_router.errors import RepositoryError
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.workspace import (
    commit_worktree,
    diff,
    drop,
    keep,
    lay,
    open_repository,
    overlayable,
    sweep,
    take_snapshot,
    working_tree,
    worktree,
)


def command_lines(processes: list[psutil.Process]) -> list[str]:
    lines = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    return lines


def files_of(root: Path, commit: str) -> set[str]:
    return set(Tree(root, commit).names())


def test_a_folder_that_cannot_be_worked_in_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(RepositoryError, match="not a folder"):
        open_repository(tmp_path / "nowhere")
    with pytest.raises(RepositoryError, match="git init"):
        open_repository(tmp_path)
    git(tmp_path, "init", "-q", "--bare", "bare")
    with pytest.raises(RepositoryError, match="bare"):
        open_repository(tmp_path / "bare")


def test_identity_follows_the_repository_and_all_its_worktrees(bench):
    case = bench()
    main = open_repository(case.root)
    git(case.root, "worktree", "add", "-q", "../other", "-b", "side")
    other = open_repository(case.root.parent / "other")
    assert main.identity == other.identity == f"repo-{main.head[:8]}"
    assert (main.name, other.name) == ("repo", "other")
    assert open_repository(case.root / "shop").root == case.root
    fresh = open_repository(bench({"a": "b"}, "fresh", commit=False).root)
    assert fresh.head is None
    assert fresh.identity.startswith("fresh-")


def test_a_snapshot_holds_all_work_and_changes_nothing(bench):
    case = bench({**FILES, "gone.txt": "x\n", "staged.txt": "x\n", ".gitignore": "*.log\n"})
    write(
        case.root,
        {"shop/cart.py": RIGHT, "gone.txt": None, "neu é.txt": "x\n", "a.log": "ignored\n", "staged.txt": "y\n"},
    )
    git(case.root, "add", "staged.txt")
    git(case.root, "stash", "push", "-q", "-m", "kept", "--", "staged.txt")
    write(case.root, {"staged.txt": "z\n"})
    git(case.root, "add", "staged.txt")
    (case.root / "link").symlink_to("gone.txt")
    (case.root / "big.bin").write_bytes(b"x" * 10_000_001)
    before = state_of(case.root)
    repo = open_repository(case.root)
    base = take_snapshot(repo)
    assert state_of(case.root) == before
    assert base.dirty
    assert base.left_out == ("big.bin",)
    assert files_of(case.root, base.commit) == {*FILES, ".gitignore", "staged.txt", "neu é.txt", "link"}
    tree = Tree(case.root, base.commit)
    assert (tree.text("staged.txt"), tree.text("shop/cart.py")) == ("z\n", RIGHT.lstrip("\n"))
    assert git(case.root, "rev-parse", f"{base.commit}^").decode().strip() == base.head == repo.head


def test_a_clean_tree_is_its_own_snapshot(bench):
    repo = open_repository(bench().root)
    base = take_snapshot(repo)
    assert (base.commit, base.dirty) == (repo.head, False)


def test_a_change_of_the_same_size_in_the_same_instant_is_seen(bench):
    case = bench({"a.txt": "one\n"})
    write(case.root, {"a.txt": "two\n"})
    stamp = (case.root / ".git" / "index").stat().st_mtime_ns
    os.utime(case.root / "a.txt", ns=(stamp, stamp))
    assert Tree(case.root, take_snapshot(open_repository(case.root)).commit).text("a.txt") == "two\n"


def test_a_merge_half_way_is_told_and_taken_as_the_files_are(bench):
    case = bench()
    git(case.root, "checkout", "-qb", "side")
    write(case.root, {"shop/cart.py": CART + "A = 1\n"})
    git(case.root, "commit", "-qam", "side")
    git(case.root, "checkout", "-q", "main")
    write(case.root, {"shop/cart.py": CART + "B = 1\n"})
    git(case.root, "commit", "-qam", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(case.root, "merge", "side")
    before = state_of(case.root)
    repo = open_repository(case.root)
    base = take_snapshot(repo)
    assert repo.busy == "merge"
    assert "<<<<<<<" in Tree(case.root, base.commit).text("shop/cart.py")
    assert state_of(case.root) == before


def test_repositories_inside_are_left_as_they_are(bench, tmp_path):
    inner = bench({"x": "1\n"}, "inner")
    case = bench()
    git(case.root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    git(case.root, "commit", "-qm", "sub")
    write(case.root, {"sub/x": "2\n", "sub/new": "3\n"})
    git(tmp_path, "clone", "-q", str(inner.root), str(case.root / "loose"))
    before = state_of(case.root)
    base = take_snapshot(open_repository(case.root))
    assert state_of(case.root) == before
    assert base.left_out == ("loose/",)
    assert git(case.root, "rev-parse", f"{base.commit}:sub") == git(case.root, "rev-parse", "HEAD:sub")


def test_hooks_filters_and_monitors_do_not_run(bench):
    case = bench({**FILES, ".gitattributes": "*.py filter=spy diff=spy\n"})
    trace = case.root.parent / "trace"
    spy = case.root.parent / "spy.sh"
    spy.write_text(f"#!/bin/sh\necho $0 $@ >> {trace}\ncat\n")
    spy.chmod(0o755)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit", "post-commit"):
        hook = case.root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(spy.read_text())
        hook.chmod(0o755)
    for key in ("filter.spy.clean", "filter.spy.smudge", "filter.spy.process", "diff.spy.textconv", "diff.spy.command"):
        git(case.root, "config", key, str(spy))
    for key, value in (("core.fsmonitor", str(spy)), ("filter.spy.required", "true"), ("commit.gpgSign", "true")):
        git(case.root, "config", key, value)
    write(case.root, {"shop/cart.py": RIGHT})
    repo = open_repository(case.root)
    trace.unlink(missing_ok=True)
    base = take_snapshot(repo)
    keep(repo, "test/one", base.commit)
    with worktree(repo, base.commit, case.home) as folder:
        write(folder, {"shop/cart.py": CART})
        made = commit_worktree(folder, base.commit, "back")
    assert b"+    return sum(prices)" in diff(repo, base.commit, made)
    drop(repo, "test/one")
    assert not trace.exists()


def test_a_worktree_commit_holds_new_files_and_not_ignored_ones(bench):
    case = bench({**FILES, ".gitignore": "out/\n"})
    before = state_of(case.root)
    repo = open_repository(case.root)
    base = take_snapshot(repo)
    with worktree(repo, base.commit, case.home) as folder:
        assert (folder / "shop/cart.py").is_file()
        write(folder, {"new é.py": "X = 1\n", "out/x": "1\n", "shop/cart.py": None})
        made = commit_worktree(folder, base.commit, "work")
    assert not folder.exists()
    assert files_of(case.root, made) == {*FILES, ".gitignore", "new é.py"} - {"shop/cart.py"}
    keep(repo, "results/one", made)
    assert b"refs/acrouter/results/one" in git(case.root, "for-each-ref")
    drop(repo, "results/one")
    assert state_of(case.root) == before
    with worktree(repo, base.commit, case.home) as folder:
        (folder / ".git").write_text("gitdir: /elsewhere\n")
        with pytest.raises(RepositoryError, match="no longer leads"):
            commit_worktree(folder, base.commit, "work")
    assert state_of(case.root) == before


def test_files_are_laid_as_a_checkout_has_them(bench, tmp_path):
    case = bench(
        {".gitattributes": "*.bat eol=crlf filter=spy\n", "run.bat": "a\nb\n", "b c/é.py": "X = 1\n", "no": "x"}
    )
    git(case.root, "config", "filter.spy.smudge", f"touch {tmp_path}/spied; cat")
    (case.root / "run.sh").write_text("echo\n")
    (case.root / "run.sh").chmod(0o755)
    (case.root / "link").symlink_to("run.sh")
    repo = open_repository(case.root)
    tree = working_tree(repo)
    write(case.root, {".gitattributes": "", "run.bat": "other\n"})
    (folder := tmp_path / "into here").mkdir()
    lay(repo, tree, ["run.bat", "b c/é.py", "run.sh", "link"], folder)
    assert (folder / "run.bat").read_bytes() == b"a\r\nb\r\n"
    assert (folder / "b c/é.py").read_text() == "X = 1\n"
    assert os.access(folder / "run.sh", os.X_OK)
    assert not os.access(folder / "run.bat", os.X_OK)
    assert (folder / "link").readlink() == Path("run.sh")
    assert sorted(path.name for path in folder.iterdir()) == ["b c", "link", "run.bat", "run.sh"]
    assert not (tmp_path / "spied").exists()
    with pytest.raises(RepositoryError, match="none"):
        lay(repo, tree, ["none"], folder)


def test_the_working_tree_has_the_id_of_its_snapshot(bench):
    case = bench()
    write(case.root, {"shop/cart.py": RIGHT, "new.py": "X = 1\n"})
    before = state_of(case.root)
    repo = open_repository(case.root)
    assert working_tree(repo) == take_snapshot(repo).tree != take_snapshot(repo).head
    assert state_of(case.root) == before


@pytest.mark.parametrize(
    "commands",
    [
        ["sparse-checkout set --cone shop"],
        ["sparse-checkout set --no-cone /shop/*"],
        ["update-index --assume-unchanged shop/cart.py"],
        ["update-index --skip-worktree shop/cart.py"],
    ],
    ids=["cone", "patterns", "assume unchanged", "skip worktree"],
)
def test_a_tree_whose_files_are_not_what_the_index_says_is_no_ground_for_an_overlay(bench, commands):
    case = bench()
    write(case.root, {"new.py": "X = 1\n"})
    assert overlayable(open_repository(case.root))
    for command in commands:
        git(case.root, *command.split())
    assert not overlayable(open_repository(case.root))
    assert files_of(case.root, take_snapshot(open_repository(case.root)).commit) == {*FILES, "new.py"}


def test_a_diff_applies_again_binary_files_and_modes_included(bench):
    case = bench({"a.txt": "x\n", "run.sh": "echo\n", "b c.txt": "no end"})
    repo = open_repository(case.root)
    (case.root / "bin").write_bytes(bytes(range(256)))
    write(case.root, {"a.txt": None, "b c.txt": "other\n"})
    (case.root / "run.sh").chmod(0o755)
    base = take_snapshot(repo)
    patch = diff(repo, repo.head, base.commit)
    with worktree(repo, repo.head, case.home) as folder:
        git(folder, "apply", "--index", given=patch)
        assert git(folder, "write-tree").decode().strip() == base.tree


def test_files_that_cannot_be_removed_at_first_are_removed(bench):
    case = bench()
    repo = open_repository(case.root)
    with worktree(repo, repo.head, case.home) as folder:
        locked = folder / "locked"
        write(folder, {"locked/x": "1"})
        (folder / "out").symlink_to(case.root)
        locked.chmod(0o000)
    assert not folder.exists()
    assert (case.root / "shop").is_dir()


@pytest.mark.parametrize("isolation", ["auto", "none"] if SANDBOX else ["none"])
def test_a_kill_half_way_leaves_the_user_untouched_and_sweeping_leaves_nothing(bench, tmp_path, isolation):
    files = {"a.py": "X = 1\n", "test_a.py": "import time\n\ndef test_a():\n    time.sleep(300)\n"}
    case = bench(files)
    write(case.root, {"a.py": "X = 2\n", "new.py": "Y = 1\n"})
    git(case.root, "add", "a.py")
    before = state_of(case.root)
    home = tmp_path / "own-home"
    code = (
        "import sys; from pathlib import Path\n"
        "from mcp_router.config import Config\nfrom mcp_router.types import VerificationRequest\n"
        "from mcp_router.verifier.verifier import CheckVerifier\n"
        "config = Config.model_validate({'checks': {'isolation': sys.argv[3]}})\n"
        "CheckVerifier(Path(sys.argv[1]), config).verify(\n"
        "    VerificationRequest(repo=Path(sys.argv[2]), patch=sys.stdin.buffer.read()))\n"
    )
    argv = [sys.executable, "-c", code, str(home), str(case.root), isolation]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(case.patch({"a.py": "X = 3\n"}))
    process.stdin.close()
    children: list[psutil.Process] = []
    deadline = time.monotonic() + 30
    started = False
    while not started and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        children = psutil.Process(process.pid).children(recursive=True)
        started = any("pytest.main(" in words for words in command_lines(children))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert started, "the checks did not start"
    now = state_of(case.root)
    assert {key for key in now if now[key] != before.get(key)} <= {"worktree list"}
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert len(list((home / "worktrees").glob("*.json"))) == 1
    assert len(sweep(home)) == 1
    assert state_of(case.root) == before
    assert list((home / "worktrees").iterdir()) == []


@pytest.mark.parametrize("step", ["diff-files", "update-index", "write-tree", "worktree", "checkout-index"])
def test_a_kill_during_any_step_of_git_leaves_the_user_untouched_and_sweeping_leaves_nothing(bench, tmp_path, step):
    case = bench()
    write(case.root, {"shop/cart.py": RIGHT, "new.py": "Y = 1\n"})
    before = state_of(case.root)
    temporary, home, mark = tmp_path / "tmp", tmp_path / "own-home", tmp_path / "mark"
    temporary.mkdir()
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "git"
    real = shutil.which("git")
    stop = f'{real} "$@"; touch {mark}; exec sleep 300'
    shim.write_text(f'#!/bin/sh\nfor word in "$@"; do [ "$word" = {step} ] && {{ {stop}; }}; done\nexec {real} "$@"\n')
    shim.chmod(0o755)
    code = (
        "import sys; from pathlib import Path\n"
        "from mcp_router.verifier.workspace import *\n"
        "repo = open_repository(Path(sys.argv[1]))\n"
        "with worktree(repo, take_snapshot(repo).commit, Path(sys.argv[2])): pass\n"
    )
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(temporary)}
    process = subprocess.Popen([sys.executable, "-c", code, str(case.root), str(home)], env=environment)
    deadline = time.monotonic() + 30
    while not mark.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    left = psutil.Process(process.pid).children(recursive=True)
    for one in (process, *left):
        one.kill()
    process.wait()
    psutil.wait_procs(left, timeout=10)
    assert mark.exists(), f"git {step} was not reached"
    now = state_of(case.root)
    assert {key for key in now if now[key] != before.get(key)} <= {"worktree list"}
    sweeping = "import sys, pathlib, mcp_router.verifier.workspace as w; w.sweep(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", sweeping, str(home)], env=environment, check=True)
    assert state_of(case.root) == before
    assert list(temporary.iterdir()) == []
    assert not home.exists() or list((home / "worktrees").iterdir()) == []


def test_sweeping_spares_the_living(bench):
    case = bench()
    repo = open_repository(case.root)
    with worktree(repo, repo.head, case.home) as folder:
        record = json.loads(folder.with_suffix(".json").read_text())
        assert record["pid"] == os.getpid()
        assert sweep(case.home) == []
        assert folder.is_dir()
