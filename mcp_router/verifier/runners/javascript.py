"""What the runners for JavaScript share: their command lines, reporters of our own, and how those are read.

A reporter writes a line of JSON a result to the channel, {"id", "outcome", "message"}, and {"end": how many} last;
{"fault": message} is an error that belongs to no test. How lines are signed: reporters/channel.cjs.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mcp_router.verifier.runners import BROKEN, OUTPUT_CHARS, WORST, CheckRun, Problem, by_signal, file_of
from mcp_router.verifier.runners.channel import signed_records
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

REPORTERS = Path(__file__).with_name("reporters")
BIN = "node_modules/.bin"
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
PACKAGE_MANAGERS = {"npm", "pnpm", "yarn", "bun"}
EXECUTORS = {"npx", "bunx", "pnpx", "env", "cross-env", "cross-env-shell"}
COVERAGE = {"c8", "nyc"}
VALUED_OPTIONS = {"-p", "--package", "-c", "--call"}
NO_TESTS = re.compile(r"No tests? (?:files? )?found|No test files found", re.IGNORECASE)


def tool_arguments(words: Sequence[str], tool: str) -> list[str] | None:
    """The arguments of a tool when a command line only runs it, behind whatever launchers; else None.

    Variables that launchers set and options for node come first, as NAME=VALUE.

    >>> tool_arguments(["cross-env", "TZ=UTC", "npx", "--no-install", "jest", "--ci"], "jest")
    ['TZ=UTC', '--ci']
    >>> tool_arguments(["node", "--experimental-vm-modules", "node_modules/jest/bin/jest.js"], "jest")
    ['NODE_OPTIONS=--experimental-vm-modules']
    """
    rest, settings = list(words), []
    while rest:
        word = rest.pop(0)
        name = re.sub(r"\.[cm]?js$|\.cmd$", "", PurePosixPath(word).name)
        if ASSIGNMENT.match(word):
            settings.append(word)
        elif name == tool or name == f"_{tool}":
            return [*settings, *rest]
        elif name in EXECUTORS:
            rest = _past_options(rest)
        elif name in PACKAGE_MANAGERS:
            rest = _past_options(rest[1:] if rest[:1] and rest[0] in ("exec", "x", "run") else rest)
        elif name in COVERAGE:
            rest = _past_wrapper(rest, tool)
        elif name == "node" and tool != "node":
            options = rest[: next((at for at, one in enumerate(rest) if names_tool(one, tool)), len(rest))]
            settings += [f"NODE_OPTIONS={' '.join(options)}"] if options else []
            rest = rest[len(options) :]
        else:
            return None
    return None


def names_tool(word: str, tool: str) -> bool:
    """Whether a word is the tool's name or the path of its program."""
    return re.fullmatch(rf"(?:.*/)?_?{tool}(?:\.[cm]?js)?", word) is not None


def _past_options(words: list[str]) -> list[str]:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        rest = rest[2 if rest[0] in VALUED_OPTIONS else 1 :]
    return rest


def _past_wrapper(words: list[str], tool: str) -> list[str]:
    """What a program for coverage runs: it is left out, since it changes no result."""
    starts = {*EXECUTORS, "node"}
    return words[next((at for at, word in enumerate(words) if word in starts or names_tool(word, tool)), len(words)) :]


def without(words: Sequence[str], flags: Collection[str] = (), valued: Collection[str] = ()) -> list[str]:
    """The words without some options: `--flag`, `--flag=VALUE`, and `--valued VALUE` with its value."""
    kept: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name = word.partition("=")[0]
        if name in valued and "=" not in word:
            rest = rest[1:]
        elif name not in flags and name not in valued:
            kept.append(word)
    return kept


def options_of(words: Sequence[str], valued: Collection[str]) -> list[str]:
    """The words without the files that they name, for a run of other ones. valued: options with a value."""
    return [word for at, word in enumerate(words) if word.startswith("-") or (at and words[at - 1] in valued)]


def split_settings(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The NAME=VALUE words in front, behind the program that sets them, and the rest."""
    count = next((at for at, word in enumerate(argv) if not ASSIGNMENT.match(word)), len(argv))
    return ["env", *argv[:count]] if count else [], list(argv[count:])


def program(checks: Checks, root: Path, tool: str) -> str:
    """The tool of the nearest node_modules, as the tree is seen; its bare name when none has it."""
    folder = PurePosixPath(checks.folder)
    for above in (folder, *folder.parents):
        if (checks.environment.root / above / BIN / tool).exists():
            return str(root / above / BIN / tool)
    return tool


def lay_reporter(name: str, root: Path, place: Path, only: Sequence[str]) -> Path:
    """Our reporter in `place`, told where the tree is and which files were asked for; returns its path."""
    (place / "tree.json").write_text(json.dumps({"root": str(root), "only": list(only)}), encoding="utf-8")
    for file in ("channel.cjs", name):
        shutil.copyfile(REPORTERS / file, place / file)
    return place / name


def read(ran: Ran, place: Path) -> CheckRun:  # noqa: ARG001
    """A run from what our reporter said; sound only when it ended and fits the exit code."""
    output = ran.output[-OUTPUT_CHARS:]

    def bad(problem: Problem) -> CheckRun:
        return CheckRun(ran.exit_code, ran.seconds, output=output, problem=problem)

    if ran.stopped:
        return bad(ran.stopped)
    if by_signal(ran.exit_code):
        return bad("crashed")
    records, whole = signed_records(ran.channel)
    if not whole or (ran.channel and b"\n" not in ran.channel):
        return bad("disagree")
    said = [record for record in records if "id" in record]
    if not records or "end" not in records[-1]:
        return bad(_unfinished(ran, said))
    if records[-1]["end"] != len(said):
        return bad("disagree")
    if len(said) < len(records) - 1:
        return bad("crashed")
    results, messages = _results(said)
    if not results:
        return bad("no_tests")
    if any(outcome in BROKEN for outcome in results.values()) != (ran.exit_code != 0):
        return bad("disagree")
    return CheckRun(ran.exit_code, ran.seconds, results, messages, output, evidence="channel")


def _unfinished(ran: Ran, said: Sequence[Any]) -> Problem:
    """Why there is no whole report: a runner that could not start says nothing of tests and ends with a fault."""
    if said or not ran.exit_code:
        return "report_missing"
    return "no_tests" if NO_TESTS.search(ran.output) else "not_started"


def _results(said: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    results: dict[str, str] = {}
    messages: dict[str, str] = {}
    for line in said:
        test, outcome = line["id"], line["outcome"]
        if WORST.index(outcome) <= WORST.index(results.get(test, "passed")):
            results[test] = outcome
            if outcome in BROKEN:
                messages[test] = one_line(str(line.get("message", "")), 300)
    # What ran in a file that broke off as a whole is not known to have passed.
    broken = {test for test, outcome in results.items() if "::" not in test and outcome in BROKEN}
    kept = {test: outcome for test, outcome in results.items() if outcome != "passed" or file_of(test) not in broken}
    return kept, messages
