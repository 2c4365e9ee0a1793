"""What each client's file looks like after an install, byte for byte, and that removing gives it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_router.clients import Client, Place, clients
from mcp_router.clients.install import Status, plan, write

from .stand import GOLDEN, NAMES, client, golden, place

EXAMPLES = Path(__file__).parents[2] / "examples" / "clients"
EXAMPLE_NAMES = {
    "claude-code": "claude-code.mcp.json",
    "cursor": "cursor.mcp.json",
    "codex": "codex.config.toml",
    "vscode": "vscode.mcp.json",
    "opencode": "opencode.json",
    "claude-desktop": "claude_desktop_config.json",
}


def do(client: Client, remove: bool = False) -> Status:
    change = plan(client, "user", remove)
    write(change)
    return change.status


def existing(name: str, folder: Path) -> tuple[Client, Path, bytes]:
    """A client whose file is the golden one with entries and comments of the user's own."""
    one = client(name, folder)
    file = one.file("user")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(golden(name, "existing").read_bytes())
    return one, file, file.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_new_file_holds_our_entry_and_is_gone_with_its_folders_when_removed(name: str, tmp_path: Path) -> None:
    one = client(name, tmp_path)
    assert do(one) == "installed"
    assert one.file("user").read_bytes() == golden(name, "new").read_bytes()
    assert one.entry("user") == one.written
    assert do(one) == "unchanged"
    assert do(one, remove=True) == "deleted"
    assert list((tmp_path / "home").iterdir()) == []
    assert do(one, remove=True) == "absent"


@pytest.mark.parametrize("name", NAMES)
def test_an_existing_file_keeps_everything_else_and_comes_back_byte_for_byte(name: str, tmp_path: Path) -> None:
    one, file, before = existing(name, tmp_path)
    assert do(one) == "installed"
    assert file.read_bytes() == golden(name, "existing.installed").read_bytes()
    assert len(list(file.parent.glob(f"{file.name}.acrouter-*.bak"))) == 1
    assert do(one) == "unchanged"
    assert do(one, remove=True) == "restored"
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("name", NAMES)
def test_without_a_backup_only_our_entry_is_taken_out(name: str, tmp_path: Path) -> None:
    one, file, before = existing(name, tmp_path)
    do(one)
    for backup in file.parent.glob("*.bak"):
        backup.unlink()
    assert do(one, remove=True) == "removed"
    # opencode's file had no servers: an empty table of them is left.
    assert file.read_bytes().replace(b'  "mcp": {},\n', b"") == before


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_was_touched_meanwhile_loses_only_our_entry(name: str, tmp_path: Path) -> None:
    one, file, before = existing(name, tmp_path)
    do(one)
    touch = {"codex": (b"My Codex", b"Our Codex")}.get(name, (b'"', b'"touched": 1, "'))
    if name != "codex" and name != "opencode" and name != "claude-code":
        touch = (b'"files"', b'"more": {"command": "m"}, "files"')
    file.write_bytes(file.read_bytes().replace(*touch, 1))
    assert do(one, remove=True) == "removed"
    assert file.read_bytes().replace(b'  "mcp": {},\n', b"") == before.replace(*touch, 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_stale_entry_is_mended_keeps_what_the_user_added_and_is_undone_exactly(name: str, tmp_path: Path) -> None:
    one, file, before = existing(name, tmp_path)
    do(one)
    moved = place(tmp_path)
    new = next(c for c in clients(Place(moved.env, moved.project, python="/new/python")) if c.name == name)
    assert do(new) == "updated"
    assert new.entry("user") == new.written
    assert do(new, remove=True) == "restored"
    assert file.read_bytes() == before
    assert not list(file.parent.glob("*.bak"))


def test_there_is_a_golden_folder_for_each_client(tmp_path: Path) -> None:
    assert {one.name for one in clients(place(tmp_path))} == set(NAMES) == {path.name for path in GOLDEN.iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_are_what_is_written(name: str, tmp_path: Path) -> None:
    where = place(tmp_path)
    example = EXAMPLES / EXAMPLE_NAMES[name]
    one = next(
        c for c in clients(Place(where.env, where.project, python="/path/to/acrouter/bin/python")) if c.name == name
    )
    do(one)
    assert one.file("user").read_text() == example.read_text()
