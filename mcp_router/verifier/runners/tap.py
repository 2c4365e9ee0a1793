"""The Test Anything Protocol on standard output: tape, node-tap, bats, and what a repository says prints it; prove.

Ids are FILE::NAME > NAME where a file is known, else tap::NAME > NAME. Source of the format: testanything.org, versions
12 to 14.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import BROKEN, OUTPUT_CHARS, CheckRun, Problem
from mcp_router.verifier.runners.javascript import tool_arguments
from mcp_router.verifier.runners.program import inside
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

STDOUT = "stdout.tap"
TO_FILE = 'exec "$@" >"$0"'
FILES = "prove"
"""The folder into which prove's harness writes what each test file printed."""
PRODUCERS = {"tape": (), "bats": ("--tap",), "tap": ("--reporter=tap",), "prove": ()}
TEST = re.compile(r"^(not )?ok\b(?: +\d+)?(?: *- *| +|$)(.*?)(?: *(?<!\\)#\s*(todo|skip)\S*\s*(.*))?$", re.IGNORECASE)
TITLE = re.compile(r"^# (?!tests |pass |fail |skip |todo |ok$|Subtest)(\S.*)$")
"""How tape heads a group of tests."""
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*(skip\S*)?\s*(.*))?$", re.IGNORECASE)


def arguments(words: list[str]) -> list[str] | None:
    """The command, made to print TAP, when its program is known to."""
    for name, options in PRODUCERS.items():
        if tool_arguments(words, name) is not None:
            return [*words, *(word for word in options if word not in words)]
    return None


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The command with its standard output in a file; only prove is given other files than the command names."""
    argv = list(checks.argv)
    if Path(argv[0]).name != FILES:
        return ["/bin/sh", "-c", TO_FILE, str(place / STDOUT), *argv]
    (place / FILES).mkdir()
    kept = [word for word in argv if word.startswith("-")] if only else argv[1:]
    return ["env", f"PERL_TEST_HARNESS_DUMP_TAP={place / FILES}", argv[0], *kept, *inside(only, checks.folder)]


def read(ran: Ran, place: Path) -> CheckRun:
    """A run from what was printed; sound only when every plan is met and the exit code says the same."""
    files = sorted(path for path in (place / FILES).rglob("*") if path.is_file())
    streams = [(str(path.relative_to(place / FILES)), path) for path in files] or [("", place / STDOUT)]
    results: dict[str, str] = {}
    messages: dict[str, str] = {}
    problem: Problem | None = None
    said = ran.output
    for name, path in streams:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        stream = read_tap(text, name)
        said += "" if name else text
        if stream.skipped:
            stream.add([], "skipped", "")
        elif not stream.whole and name and ran.exit_code != 0:
            # prove goes on with the other files.
            stream.add([], "error", "the file ended before its plan was met")
        elif not stream.whole:
            problem = "report_missing" if ran.exit_code == 0 else "crashed"
        results |= stream.results
        messages |= stream.messages
    problem = ran.stopped or problem or _agreement(ran.exit_code, results)
    return CheckRun(
        ran.exit_code,
        ran.seconds,
        results if problem is None else {},
        messages if problem is None else {},
        said[-OUTPUT_CHARS:],
        problem,
        "report",
    )


def _agreement(exit_code: int, results: dict[str, str]) -> Problem | None:
    broken = any(outcome in BROKEN for outcome in results.values())
    if not results:
        return "no_tests" if exit_code == 0 else "not_started"
    return None if broken == (exit_code != 0) else "disagree"


@dataclass(slots=True)
class Stream:
    """What one stream of TAP says.

    whole: its plan, and that of each subtest, was met, and nothing bailed out. skipped: the plan is to skip it.
    """

    file: str
    whole: bool = True
    skipped: bool = False
    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    def add(self, names: list[str], outcome: str, message: str) -> None:
        """One test, named by the tests around it and itself; of two with one name the second is told apart."""
        head, rest = (self.file, names) if self.file else ("tap", names)
        if not self.file and len(names) > 1 and re.fullmatch(r"[^\s:]+\.\w+", names[0]):
            head, rest = names[0], names[1:]
        plain = "::".join([head, " > ".join(rest)]) if rest else head
        test, number = plain, 1
        while test in self.results:
            number += 1
            test = f"{plain} ({number})"
        self.results[test] = outcome
        if outcome in BROKEN:
            self.messages[test] = one_line(message, 300)


@dataclass(slots=True)
class _Test:
    """One test line, with the names of the tests around it once these are known."""

    names: list[str]
    outcome: str
    message: str = ""


def read_tap(text: str, file: str = "") -> Stream:
    """Read one stream of TAP; `file` is the test file that printed it, where that is known.

    >>> read_tap('''
    ...     ok 1 - b
    ...     1..1
    ... not ok 1 - a
    ... ok 2 # SKIP c
    ... 1..2''').results
    {'tap::a > b': 'passed', 'tap::a': 'failed', 'tap::2': 'skipped'}
    """
    reader = _Reader(Stream(file))
    for line in text.splitlines():
        reader.line(line)
    reader.end()
    return reader.stream


class _Reader:
    """Reads one stream line by line. Tests of a deeper level wait in it until the test that they belong to ends."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.waiting: dict[int, list[_Test]] = {}
        self.planned: dict[int, int] = {}
        self.seen: Counter[int] = Counter()
        self.opened: dict[int, _Test] = {}
        self.title = ""
        self.titled = False
        self.last: _Test | None = None
        self.notes: list[str] | None = None

    def line(self, line: str) -> None:
        """One line; what is no TAP is passed over."""
        body = line.strip()
        depth = (len(line) - len(line.lstrip(" "))) // 4
        if self.notes is not None or (body == "---" and self.last):
            self._note(body)
        elif body.startswith("Bail out!"):
            self.stream.whole = False
        elif body == "}" and depth in self.opened:
            self._end(depth, self.opened.pop(depth))
        elif test := TEST.match(body):
            self._test(depth, test)
        elif plan := PLAN.match(body):
            self.planned[depth] = int(plan[1])
            if plan[1] == "0" and depth == 0:
                self.stream.skipped = bool(plan[2])
        elif body.startswith("TAP version 13"):
            self.titled = True
        elif self.titled and depth == 0 and (title := TITLE.match(body)):
            self.title = title[1]

    def _note(self, body: str) -> None:
        """A block of YAML after a test says what was wrong."""
        if self.notes is None:
            self.notes = []
        elif body == "..." and self.last:
            self.last.message = " ".join([self.last.names[-1], *self.notes])
            self.notes = None
        else:
            self.notes.append(body)

    def _test(self, depth: int, found: re.Match[str]) -> None:
        name, directive = found[2].strip() or str(self.seen[depth] + 1), (found[3] or "").lower()
        outcome = "failed" if found[1] else "passed"
        if directive == "skip":
            outcome = "skipped"
        elif directive == "todo" and found[1]:
            outcome = "xfailed"
        opens = name.endswith(" {") or name == "{"
        test = self.last = _Test([name.removesuffix("{").strip()], outcome)
        if opens:
            self.opened[depth] = test
        else:
            self._end(depth, test)

    def _end(self, depth: int, test: _Test) -> None:
        inner = self.waiting.pop(depth + 1, [])
        if inner or depth + 1 in self.planned:
            self._meet(depth + 1)
        for one in inner:
            one.names[:0] = test.names
        if depth == 0 and self.title:
            for one in [*inner, test]:
                one.names.insert(0, self.title)
        self.seen[depth] += 1
        self.waiting.setdefault(depth, []).extend([*inner, test])

    def _meet(self, depth: int) -> None:
        self.stream.whole &= self.planned.pop(depth, None) == self.seen.pop(depth, 0)

    def end(self) -> None:
        """All lines were read."""
        self._meet(0)
        self.stream.whole &= set(self.waiting) <= {0} and not self.opened
        for test in self.waiting.get(0, []):
            self.stream.add(test.names, test.outcome, test.message or test.names[-1])
