"""The demo's data: the sample repository's subtasks and the recorded answers to them.

A folder of subtasks holds `subtasks.toml`, `tests/` (the tests that fail until a subtask is done) and
`answers/ID.toml` (for each of the slots A, B and C the attempts in order). Which model gives which slot's
answers is for the demo's seed to say.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_router.errors import BadInput, RepositoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git.cmd import Git

SLOTS = ("A", "B", "C")
KINDS = ("right", "wrong", "half", "empty", "cut_off", "cheat")
"""What an answer is in truth. A cut_off one stops in the middle, as when the output tokens run out; a half one
passes some of the new tests; a cheat edits the tests."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `old`, which occurs once in the file `path`, by `new`; an empty `old` makes the file."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded attempt. The input tokens do not include those read from the cache."""

    kind: str
    edits: tuple[Edit, ...]
    text: str
    input_tokens: int
    cache_read_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Subtask:
    """A piece of work in the sample repository, worded in two ways, with its tests and the answers by slot."""

    id: str
    dimension: str
    phrasings: tuple[str, str]
    test_file: str
    test_source: str
    answers: dict[str, tuple[Answer, ...]]


def load_subtasks(folder: Path) -> tuple[Subtask, ...]:
    """All subtasks of a folder, in the order of its subtasks.toml.

    Raises:
        BadInput: a file is missing, is not TOML or lacks a key; names the file.
    """
    return tuple(_subtask(entry, folder) for entry in _read(folder / "subtasks.toml")["subtasks"])


def apply_edits(folder: Path, edits: Sequence[Edit]) -> None:
    """Carry out edits in order, line feeds kept as they are.

    Raises:
        BadInput: the text to replace does not occur exactly once, or a file to make exists; earlier edits stand.
    """
    for edit in edits:
        _apply(folder / edit.path, edit)


def make_repository(history: Path, folder: Path) -> None:
    """Make the git repository of a `git fast-export` file in a new folder, on its branch main.

    Raises:
        RepositoryError: git is missing or refuses; says what it said.
    """
    from git.exc import GitError

    try:
        folder.mkdir()
        git = sample_git(folder)
        git.init("--quiet", "-b", "main")
        with history.open("rb") as stream:
            git.fast_import("--quiet", istream=stream)
        git.reset("--quiet", "--hard", "main")
    except (GitError, OSError) as error:
        said = " ".join(str(error).split())[:300]
        raise RepositoryError(f"The sample repository cannot be made in {folder}: {said}; is git installed?") from None


def sample_git(folder: Path) -> Git:
    """Git for a sample repository of ours; inherited variables that would lead to another one are overruled."""
    from git.cmd import Git

    git = Git(folder)
    places = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_OBJECT_DIRECTORY": ".git/objects"}
    git.update_environment(GIT_WORK_TREE=str(folder), **{name: str(folder / at) for name, at in places.items()})
    git.set_persistent_git_options(c="core.autocrlf=false")
    return git


def _apply(path: Path, edit: Edit) -> None:
    if not edit.old:
        if path.exists():
            raise BadInput(f"{edit.path} exists already; an edit with an empty old text makes a new file.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(edit.new.encode())
        return
    text = path.read_bytes().decode() if path.exists() else ""
    if text.count(edit.old) != 1:
        raise BadInput(f"{edit.path} has the text to replace {text.count(edit.old)} times; it must occur once.")
    path.write_bytes(text.replace(edit.old, edit.new).encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} cannot be read as TOML: {error}.") from None


def _subtask(entry: dict[str, Any], folder: Path) -> Subtask:
    try:
        first, second = entry["phrasings"]
        answers = _read(folder / "answers" / f"{entry['id']}.toml")
        return Subtask(
            id=entry["id"],
            dimension=entry["dimension"],
            phrasings=(first, second),
            test_file=entry["test_file"],
            test_source=(folder / "tests" / entry["test"]).read_text(encoding="utf-8"),
            answers={slot: tuple(_answer(attempt) for attempt in answers[slot]) for slot in SLOTS},
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise BadInput(f"{folder}: the subtask {entry.get('id')!r} is not whole: {error!r}.") from None


def _answer(attempt: dict[str, Any]) -> Answer:
    edits = tuple(Edit(**edit) for edit in attempt.get("edits", ()))
    return Answer(**{**attempt, "edits": edits})
