"""What is kept of a client's session while it is read: subtasks, who worked on them, and what tells of success."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mcp_router.imports.shell import Shell, read_shell
from mcp_router.imports.summaries import Signal, signal
from memory_store.records import Tokens

TEXT_CHARACTERS = 100_000
"""Of a prompt, from which features and kind are taken; the text itself is not kept."""
WORKTREES = "/.claude/worktrees/"


@dataclass(frozen=True, slots=True)
class Source:
    """One session on disk. `mark` changes when there is something new in it; size is in bytes, or 1."""

    key: str
    files: tuple[Path, ...]
    mark: str
    size: int


@dataclass(slots=True)
class Reading:
    """What could not be read, counted; `advance` is told of bytes, or of sessions where they have no size."""

    advance: Callable[[int], None] = lambda _: None
    broken: int = 0
    too_long: int = 0
    unreadable: int = 0
    unanswered: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Author:
    """A model's part in a subtask: whom an edit belongs to. `model` is "" for somebody who left no file."""

    subtask: str
    model: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A change in a tree; path is None where it is not known which files were changed."""

    at: str
    tree: str
    author: Author
    path: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of tests that says something. Runs of the same folder and command can be compared."""

    at: str
    tree: str
    author: Author
    folder: str
    command: str
    signal: Signal


@dataclass(slots=True)
class Call:
    """One answer of a model; cost_usd is what the client says that it cost. `at` is when it came. `hour_writes`: of the
    tokens written to the cache those that are kept for an hour.
    """

    at: str
    tokens: Tokens
    asked: str | None = None
    cost_usd: float | None = None
    hour_writes: int = 0


@dataclass(slots=True)
class Part:
    """What one model did for a subtask. effort was asked for in the call, `ran_at` is what the session had set."""

    served: str | None
    asked: str
    calls: list[Call] = field(default_factory=list)
    effort: str | None = None
    ran_at: str | None = None


@dataclass(slots=True)
class Subtask:
    """One prompt and the work that followed. `resolved` is what a benchmark's results say of it; `call` is the session
    and the id of the call of a tool that started a subagent, as hooks know it.
    """

    key: str
    text: str
    at: str
    cwd: str | None
    is_agent: bool
    end: str = ""
    fault: str | None = None
    resolved: bool | None = None
    call: tuple[str, str] | None = None
    cost_usd: float | None = None
    parts: dict[str, Part] = field(default_factory=dict)


class Session:
    """A session as it is read. Events of all its threads are judged together, because they share a tree."""

    def __init__(self) -> None:
        self.root = ""
        self.subtasks: dict[str, Subtask] = {}
        self.events: list[Edit | Run] = []

    def begin(self, key: str, text: str, at: str, cwd: str | None, *, is_agent: bool = False) -> Subtask:
        """A new subtask, or the known one of that key."""
        self.root = self.root or (cwd or "").partition(WORKTREES)[0]
        return self.subtasks.setdefault(key, Subtask(key, text[:TEXT_CHARACTERS], at, cwd, is_agent, at))

    def answered(self, subtask: Subtask, served: str | None, asked: str, call: Call) -> Part:
        """A model answered; an answer mends an earlier fault."""
        part = subtask.parts.setdefault(served or asked, Part(served, asked))
        part.calls.append(call)
        subtask.end, subtask.fault = max(subtask.end, call.at), None
        return part

    def edited(self, author: Author, at: str, path: str | None, cwd: str | None) -> None:
        """A tool of the client changed a file; None: nobody knows which."""
        self.events.append(Edit(at, self._tree(path if path and path.startswith("/") else cwd), author, path))

    def ran(self, author: Author, at: str, command: str, cwd: str | None, exit_code: int | None, output: str) -> Shell:
        """A shell command ended; exit_code is None where it is not known, as for one in the background."""
        shell = read_shell(command, cwd or "")
        for path in shell.edits:
            self.edited(author, at, path, cwd)
        self._tested(author, shell, at, exit_code, output)
        return shell

    def _tested(self, author: Author, shell: Shell, at: str, exit_code: int | None, output: str) -> None:
        if len(shell.tests) != 1:
            return
        found = signal(output, exit_code, plain=shell.plain)
        if found is not None:
            folder, command = shell.tests[0]
            self.events.append(Run(at, self._tree(folder), author, folder, command, found))

    def _tree(self, path: str | None) -> str:
        """The working tree that a path lies in: a worktree of the client's, the session's folder, or another one."""
        path = path or self.root
        before, mark, rest = path.partition(WORKTREES)
        if mark:
            return before + mark + rest.partition("/")[0]
        # A session may begin in a folder of the tree: what lies beside it is taken to be of the same.
        above = self.root.rstrip("/").rpartition("/")[0] or self.root
        return self.root if path == self.root or path.startswith(f"{above}/") else path
