"""The tools of a delegated model: what they do, and that nothing outside the folder can be reached by them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mcp_router.executors import files
from mcp_router.executors.conversation import ToolCall
from mcp_router.executors.files import Folder, ToolError
from mcp_router.executors.toolbox import TOOLS, use


@pytest.fixture
def root(worktree: Path) -> Path:
    """A worktree with ways out of it."""
    outside = worktree.parent / "secret.txt"
    outside.write_text("SECRET")
    (worktree / "out.txt").symlink_to(outside)
    (worktree / "up").symlink_to("..")
    (worktree / "git").symlink_to(".git")
    (worktree / "loop").symlink_to("loop")
    (worktree / "null").symlink_to("/dev/null")
    (worktree / "inner").symlink_to("app")
    (worktree / "dangling").symlink_to(worktree.parent / "new.txt")
    os.mkfifo(worktree / "pipe")
    (worktree / "sub/.git").mkdir(parents=True)
    (worktree / "sub/.git/config").write_text("SECRET")
    return worktree


ESCAPES = (
    "../secret.txt",
    "app/../../secret.txt",
    "/etc/passwd",
    "~/x",
    "C:/x",
    "\\\\host\\x",
    "..\\secret.txt",
    "out.txt",
    "up/secret.txt",
    "dangling",
    "loop",
    "loop/x",
    "null",
    "/dev/null",
    ".git",
    ".git/config",
    ".GIT/config",
    ".git./config",
    "git~1/config",
    "git",
    "sub/.git/config",
    "app/../.git",
    "",
    "a\0b",
)


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_leads_out_of_the_folder_or_into_git(root: Path, path: str) -> None:
    folder = Folder(root)
    before = sorted(str(p) for p in root.parent.rglob("*") if "main" not in p.parts)
    tries = (
        lambda: folder.read_file(path),
        lambda: folder.write_file(path, "x"),
        lambda: folder.edit_file(path, "SECRET", "x"),
        lambda: folder.delete_file(path),
        lambda: folder.list_files(path),
        lambda: folder.search("SECRET", path),
    )
    for attempt in tries:
        with pytest.raises(ToolError) as caught:
            attempt()
        assert str(caught.value).endswith(".")
        assert "SECRET" not in str(caught.value)
    assert sorted(str(p) for p in root.parent.rglob("*") if "main" not in p.parts) == before
    assert (root.parent / "secret.txt").read_text() == "SECRET"


def test_listing_and_searching_do_not_follow_links_or_show_git(root: Path) -> None:
    folder = Folder(root)
    assert folder.list_files() == "app/greet.py"
    assert folder.search("SECRET|gitdir") == "No line matches."


@pytest.mark.parametrize("path", ["pipe", "app"])
def test_what_is_no_plain_file_is_not_opened(root: Path, path: str) -> None:
    folder = Folder(root)
    for attempt in (lambda: folder.read_file(path), lambda: folder.write_file(path, "x")):
        with pytest.raises(ToolError, match="is no file"):
            attempt()


def test_a_link_within_the_folder_can_be_used(root: Path) -> None:
    assert "hello" in Folder(root).read_file("inner/greet.py")


def test_files_are_listed_by_folder_and_pattern(worktree: Path) -> None:
    folder = Folder(worktree)
    for name in ("app/a.txt", "docs/ü b.md", "node_modules/x.js"):
        folder.write_file(name, "x\n")
    assert folder.list_files() == "app/a.txt\napp/greet.py\ndocs/ü b.md"
    assert folder.list_files("app", "*.py") == "app/greet.py"
    assert folder.list_files(pattern="docs/*") == "docs/ü b.md"
    assert folder.list_files(pattern="*.zip") == "No file matches."


def test_lines_are_read_by_range(worktree: Path) -> None:
    folder = Folder(worktree)
    folder.write_file("n.txt", "one\ntwo\nthree\n")
    assert folder.read_file("n.txt", 2, 2) == "n.txt, lines 2 to 2 of 3:\ntwo\n"
    assert folder.read_file("n.txt", 2) == "n.txt, lines 2 to 3 of 3:\ntwo\nthree\n"
    with pytest.raises(ToolError, match="has only 3 lines"):
        folder.read_file("n.txt", 4)


def test_a_long_file_is_read_in_parts(worktree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_TEXT_CHARS", 9)
    folder = Folder(worktree)
    folder.write_file("n.txt", "one\ntwo\nthree\n")
    assert folder.read_file("n.txt") == "n.txt, lines 1 to 3 of 3:\none\ntwo\nt\n... cut here; go on with first_line=3."


def test_lines_are_found_by_expression(worktree: Path) -> None:
    folder = Folder(worktree)
    assert folder.search(r"ret\w+ .hello") == 'app/greet.py:2: return "hello"\n'
    assert folder.search("hello", files="*.txt") == "No line matches."
    with pytest.raises(ToolError, match="no Python regular expression"):
        folder.search("(")


def test_a_pattern_that_never_ends_is_stopped(worktree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SEARCH_SECONDS", 0.5)
    folder = Folder(worktree)
    folder.write_file("a.txt", "a" * 60)
    started = time.monotonic()
    with pytest.raises(ToolError, match="use a simpler pattern"):
        folder.search("(a+)+$b")
    assert time.monotonic() - started < 5


def test_an_edit_replaces_exactly_one_passage(worktree: Path) -> None:
    folder = Folder(worktree)
    folder.edit_file("app/greet.py", '"hello"', '"bye"')
    assert (worktree / "app/greet.py").read_text() == 'def greet():\n    return "bye"\n'
    for old, why in (("hello", "is not there"), ("e", "occurs more than once"), ("", "is not there")):
        with pytest.raises(ToolError, match=why):
            folder.edit_file("app/greet.py", old, "x")
    assert (worktree / "app/greet.py").read_text() == 'def greet():\n    return "bye"\n'


def test_an_edit_keeps_line_ends_and_the_mode_of_a_file(worktree: Path) -> None:
    path = worktree / "run.sh"
    path.write_bytes(b"one\r\ntwo\r\nthree\r\n")
    path.chmod(0o755)
    Folder(worktree).edit_file("run.sh", "one\ntwo", "1\n2")
    assert path.read_bytes() == b"1\r\n2\r\nthree\r\n"
    assert path.stat().st_mode & 0o777 == 0o755


def test_files_are_made_and_deleted(worktree: Path) -> None:
    folder = Folder(worktree)
    folder.write_file("new/deep/x.txt", "x")
    assert (worktree / "new/deep/x.txt").read_text() == "x"
    folder.delete_file("new/deep/x.txt")
    assert not (worktree / "new/deep/x.txt").exists()
    with pytest.raises(ToolError, match="is no file"):
        folder.delete_file("new/deep/x.txt")


def test_what_is_no_text_or_too_large_is_left_alone(worktree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(worktree)
    (worktree / "a.bin").write_bytes(b"\xff\xfe")
    with pytest.raises(ToolError, match="is not UTF-8 text"):
        folder.read_file("a.bin")
    with pytest.raises(ToolError, match="surrogate"):
        folder.write_file("b.txt", "\ud800")
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 10)
    with pytest.raises(ToolError, match="more than 10 bytes"):
        folder.read_file("app/greet.py")
    with pytest.raises(ToolError, match="more than 10 bytes"):
        folder.write_file("b.txt", "x" * 11)


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("run", {}, "There is no tool 'run'; use list_files, read_file"),
        ("__init__", {"root": "/"}, "There is no tool '__init__'"),
        ("read_file", "{broken", "The arguments of read_file are no JSON object"),
        ("read_file", {}, "read_file needs path"),
        ("read_file", {"path": 3}, "path of read_file must be of type string"),
        ("read_file", {"path": "app/greet.py", "first_line": True}, "first_line of read_file must be of type integer"),
        ("read_file", {"path": "app/greet.py", "mode": "x"}, "read_file takes no mode"),
        ("write_file", {"path": "app/greet.py/x", "text": ""}, "write_file could not be done"),
        ("write_file", {"path": "x" * 300, "text": ""}, "write_file could not be done: File name too long."),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(worktree: Path, name: str, arguments: object, answer: str) -> None:
    result = use(Folder(worktree), ToolCall("1", name, arguments))
    assert result.error
    assert result.text.startswith(answer)


def test_every_tool_that_is_offered_can_be_used(worktree: Path) -> None:
    given = {"path": "app/greet.py", "pattern": "hello", "old": '"hello"', "new": "1", "text": "2"}
    for tool in TOOLS:
        arguments = {name: given[name] for name in tool.parameters["required"]}
        result = use(Folder(worktree), ToolCall("1", tool.name, arguments))
        assert not result.error, result.text
    assert not (worktree / "app/greet.py").exists()
