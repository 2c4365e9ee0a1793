"""`go test -json`. Ids are PACKAGE::Test/Sub; a package that does not compile, or that breaks off, is PACKAGE alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mcp_router.verifier.runners import BROKEN, CHANNEL, OUTPUT_CHARS, CheckRun, Problem, by_signal
from mcp_router.verifier.runners.javascript import split_settings, without
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

MESSAGE_CHARS = 300
DROPPED = {"-json", "--json", "-v", "--v", "-failfast", "--failfast", "-cover", "--cover"}
DROPPED_WITH_VALUE = {"-coverprofile", "-coverpkg", "-covermode", "-o", "-outputdir"}
REFUSED = {"-c", "-list", "-bench", "-fuzz", "-exec", "-h"}
VALUED = {
    *("-run", "-skip", "-tags", "-timeout", "-parallel", "-p", "-count", "-cpu", "-mod", "-modfile", "-ldflags"),
    *("-gcflags", "-asmflags", "-vet", "-shuffle", "-C", "-overlay", "-pgo"),
}
TO_CHANNEL = f'exec "$@" >&{CHANNEL} {CHANNEL}>&-'
ENDS = {"pass": "passed", "fail": "failed", "skip": "skipped"}
WORST = ("error", "failed", "skipped", "passed")
FRAME = re.compile(r"^\s*(=== |--- |FAIL\b|ok\b|PASS\b|exit status)")
PLACE = re.compile(r"^\s*[\w./-]+_test\.go:\d+: ")
STACK = re.compile(r"^goroutine \d+ ", re.MULTILINE)
RAW_FAILURE = re.compile(r"^FAIL\t(?P<package>\S+) \[(?:build|setup) failed\]$")
"""Until go 1.23 a package that does not compile is told of without JSON."""


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for `go test` when a command line only runs it, variables first."""
    settings, rest = split_settings(words)
    if len(rest) < 2 or PurePosixPath(rest[0]).name != "go" or rest[1] != "test":
        return None
    return None if REFUSED & {word.partition("=")[0] for word in rest} else [*settings[1:], *rest[2:]]


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:
    """go test, its lines on the channel; `only` names packages or files of tests."""
    settings, words = split_settings(checks.argv)
    options = without(words, DROPPED, DROPPED_WITH_VALUE)
    if only:
        options = [
            word for at, word in enumerate(options) if word.startswith("-") or (at and options[at - 1] in VALUED)
        ]
        options += dict.fromkeys(str(root / PurePosixPath(one).parent) if one.endswith(".go") else one for one in only)
    ours = ["-json", *([f"-p={checks.parallel}", f"-parallel={checks.parallel}"] if checks.parallel else [])]
    # go counts its own use in the user's folder of settings, where nothing else of the checks should write.
    apart = ["env", *settings[1:], f"XDG_CONFIG_HOME={place / 'config'}"]
    return [*apart, "/bin/sh", "-c", TO_CHANNEL, "sh", "go", "test", *ours, *options]


@dataclass(slots=True)
class _Told:
    """What the lines say. began: tests, and packages, that have no end yet; forged: what ended without a beginning."""

    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    began: set[str] = field(default_factory=set)
    forged: bool = False

    def take(self, event: dict[str, Any]) -> None:
        """One line."""
        package, test, action = event.get("Package", event.get("ImportPath", "")), event.get("Test"), event["Action"]
        name = f"{package}::{test}" if test else package.partition(" ")[0]
        if action in ("output", "build-output"):
            self._print(name, event["Output"])
        elif action in ("run", "start"):
            self.began.add(name)
        elif action in ENDS and test:
            self.forged |= name not in self.began
            self._end(name, ENDS[action])
        elif action in ENDS:
            self.packages[name] = ENDS[action]

    def close(self) -> None:
        """Take in the packages: one that failed beside its tests is broken as a whole. A test without an end failed."""
        for test in [name for name in self.began if "::" in name and name not in self.results]:
            self._end(test, "failed")
        for package, outcome in self.packages.items():
            own = {test for test in self.results if test.startswith(f"{package}::")}
            if outcome == "failed" and not any(self.results[test] in BROKEN for test in own):
                for test in own:
                    del self.results[test]
                self._end(package, "error")

    def _end(self, name: str, outcome: str) -> None:
        if WORST.index(outcome) <= WORST.index(self.results.get(name, "passed")):
            self.results[name] = outcome
        said = one_line(STACK.split(self.printed.get(name, ""))[0], MESSAGE_CHARS)
        if outcome in BROKEN and said:
            self.messages[name] = said

    def _print(self, name: str, output: str) -> None:
        said = self.printed.get(name, "")
        if len(said) < MESSAGE_CHARS and not FRAME.match(output) and not output.startswith("# "):
            self.printed[name] = said + PLACE.sub("", output)


def read(ran: Ran, place: Path) -> CheckRun:  # noqa: ARG001
    """A run from go's lines; sound only when all that began has ended and it fits the exit code."""
    told, output = _Told(), []
    for event in _events(ran.channel.decode("utf-8", "replace")):
        output.append(event.get("Output", ""))
        told.take(event)
    told.close()
    shown = ("".join(output) + ran.output)[-OUTPUT_CHARS:]
    problem = ran.stopped or _problem(ran, told)
    if problem:
        return CheckRun(ran.exit_code, ran.seconds, output=shown, problem=problem)
    return CheckRun(ran.exit_code, ran.seconds, told.results, told.messages, shown, evidence="report")


def _problem(ran: Ran, told: _Told) -> Problem | None:
    if by_signal(ran.exit_code):
        return "crashed"
    if any("::" not in name and name not in told.packages for name in told.began):
        return "report_missing"
    if not told.results:
        return "not_started" if ran.exit_code else "no_tests"
    broken = any(outcome in BROKEN for outcome in told.results.values())
    return "disagree" if told.forged or broken != (ran.exit_code != 0) else None


def _events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and "Action" in event:
            yield event
        elif failed := RAW_FAILURE.match(line):
            yield {"Action": "fail", "Package": failed["package"]}
        elif line.strip():
            yield {"Action": "build-output", "ImportPath": "", "Output": f"{line}\n"}
