"""Reads what cargo and the test programs of Rust's standard harness print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from mcp_router.verifier.text import one_line

KINDS = ("bin", "test", "example", "bench")
RUNNING = re.compile(r"^ *Running (?:.*\()?(?P<program>[^()]+?)\)?$")
DOCS = re.compile(r"^ *Doc-tests (?P<crate>\S+)$")
TEST = re.compile(r"^test (?P<name>.+?)(?: - should panic)? \.\.\. (?:(?P<result>ok|FAILED|ignored|bench:)(?:$|[ ,]))?")
LATE = re.compile(r"(?P<result>ok|FAILED)$")
"""The end of a line that a test which runs alone has written into."""
FAILURE = re.compile(r"^---- (?P<name>.+) stdout ----$")
END_OF_FAILURE = re.compile(r"^(?:failures:|stack backtrace:|note: )")
PANIC = re.compile(r"^thread '.*' (?:\(\d+\) )?(?=panicked)")
TOTAL = re.compile(r"^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; (\d+) measured;")
RERUN = re.compile(r"error: (?:doc)?test failed, to rerun pass ")
"""It may stand behind the name of a test that ran alone and ended its program."""
SIGNAL = re.compile(r"^  process didn't exit successfully: `[^`]*` \((?P<how>.*)\)$")
UNCOMPILED = re.compile(r'^error: could not compile `(?P<package>[^`]+)`(?: \((?P<kind>\w+)(?: "(?P<name>[^"]+)")?)?')
DOC_TEST = re.compile(r"^(?P<item>.+) \(line (?P<line>\d+)\)(?: - compile(?: fail)?)?$")
OUTCOMES = {"ok": "passed", "FAILED": "failed", "ignored": "skipped", "bench:": "passed"}
MESSAGE_CHARS = 300


@dataclass(slots=True)
class Suite:
    """What one test program said, by the names that it uses. total: its own count of tests; None: it broke off."""

    name: str
    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    total: int | None = None
    failed: bool = False
    how: str = ""
    running: str | None = None
    failing: str | None = None

    def take(self, line: str) -> None:
        """One line of its output."""
        if found := TEST.match(line):
            self.running = None if found["result"] else found["name"]
            if found["result"]:
                self.results[found["name"]] = OUTCOMES[found["result"]]
        elif self.running and (late := LATE.search(line)):
            self.results[self.running], self.running = OUTCOMES[late["result"]], None
        elif total := TOTAL.match(line):
            self.total = sum(int(number) for number in total.groups())
        elif told := FAILURE.match(line):
            self.failing = told["name"]
        elif END_OF_FAILURE.match(line):
            self.failing = None
        elif self.failing and line.strip():
            said = f"{self.messages.get(self.failing, '')} {PANIC.sub('', line)}"
            self.messages[self.failing] = one_line(said, MESSAGE_CHARS)

    def outcomes(self) -> dict[str, str]:
        """The outcome of each test, by names that last."""
        names = self._lasting()
        return {names[test]: outcome for test, outcome in self.results.items()}

    def said(self) -> dict[str, str]:
        """The message of each failure, by names that last."""
        names = self._lasting() | {_key(test): name for test, name in self._lasting().items()}
        return {names[test]: message for test, message in self.messages.items() if test in names}

    def broke_off(self) -> str:
        """Why there is no end to it."""
        at = f" in {self.running}" if self.running else ""
        return f"the test program broke off{at} ({self.how or 'no reason given'})"

    def _lasting(self) -> dict[str, str]:
        """Tests of documentation are counted within their item: the lines in their names move with every edit."""
        found = [(match["item"], int(match["line"]), test) for test in self.results if (match := DOC_TEST.match(test))]
        names = {test: test for test in self.results}
        counts: dict[str, int] = {}
        for item, _, test in sorted(found):
            counts[item] = counts.get(item, 0) + 1
            names[test] = item if counts[item] == 1 else f"{item} #{counts[item]}"
        return names


def _key(test: str) -> str:
    """A test of documentation as its failure names it: without how it is run."""
    return re.sub(r" - compile(?: fail)?$", "", test)


def parse(lines: Iterable[str]) -> tuple[list[Suite], dict[str, str]]:
    """The test programs in their order, and the targets that do not compile, each with the compiler's first error."""
    programs: dict[str, str] = {}
    suites: list[Suite] = []
    uncompiled: dict[str, str] = {}
    error = ""
    for line in lines:
        if line.startswith('{"reason":'):
            programs |= _program(line)
        elif started := _started(line, programs):
            suites.append(Suite(started))
        elif failed := UNCOMPILED.match(line):
            uncompiled[target_of(failed)], error = one_line(error, MESSAGE_CHARS), ""
        elif line.startswith("error") and not suites:
            error = error or line
        elif suites and (rerun := RERUN.search(line)):
            suites[-1].take(line[: rerun.start()])
            suites[-1].failed = True
        elif suites and (ended := SIGNAL.match(line)):
            suites[-1].how = ended["how"]
        elif suites and suites[-1].total is None:
            suites[-1].take(line)
    return suites, uncompiled


def uncompiled_in(text: str) -> dict[str, str]:
    """The targets that do not compile, in the output of a compiler alone."""
    return parse(text.splitlines())[1]


def _program(line: str) -> dict[str, str]:
    """From a message of cargo: the file name of a test program, and its library's doc tests, to PACKAGE/TARGET."""
    try:
        message: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    if message.get("reason") != "compiler-artifact":
        return {}
    package, kind, name = package_of(message["package_id"]), message["target"]["kind"][0], message["target"]["name"]
    target = f"{package}/{kind}/{name}" if kind in KINDS else f"{package}/lib"
    found = {PurePosixPath(message["executable"]).name: target} if message.get("executable") else {}
    return found if kind in KINDS else {**found, _docs(name): f"{package}/doc"}


def package_of(package_id: str) -> str:
    """The name in a package id of cargo's, of whichever form.

    >>> [package_of(i) for i in ("path+file:///w/app#0.1.0", "path+file:///w/core#my-core@0.1.0", "app 0.1.0 (path)")]
    ['app', 'my-core', 'app']
    """
    place, mark, version = package_id.partition("#")
    if not mark:
        return package_id.split()[0]
    return version.partition("@")[0] if "@" in version else PurePosixPath(place).name


def target_of(failed: re.Match[str]) -> str:
    """PACKAGE/TARGET of a complaint that something does not compile."""
    kind, name = failed["kind"], failed["name"]
    if kind in KINDS:
        return f"{failed['package']}/{kind}/{name}"
    return f"{failed['package']}/lib" if kind == "lib" else failed["package"]


def _started(line: str, programs: dict[str, str]) -> str | None:
    if found := DOCS.match(line):
        return programs.get(_docs(found["crate"]), f"{found['crate']}/doc")
    found = RUNNING.match(line)
    return programs.get(PurePosixPath(found["program"]).name) if found else None


def _docs(crate: str) -> str:
    """What a library's documentation is called among the programs; no program's name has a blank."""
    return f"doc {crate.replace('-', '_')}"
