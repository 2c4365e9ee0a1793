"""`cargo nextest run`, which runs each test in a process of its own and says what came of it in lines of JSON.

Ids are those of cargo.py, without documentation, which nextest does not test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_router.verifier.runners import BROKEN, CHANNEL, OUTPUT_CHARS, CheckRun, Problem, by_signal
from mcp_router.verifier.runners.cargo import selected, split, subcommand, unselected
from mcp_router.verifier.runners.javascript import without
from mcp_router.verifier.runners.libtest import KINDS, uncompiled_in
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

DROPPED = {"--no-capture", "--nocapture", "--ff", "--fail-fast", "--no-fail-fast", "--no-tests"}
DROPPED_WITH_VALUE = {
    *("--message-format", "--message-format-version", "--max-fail", "--status-level", "--final-status-level"),
    *("--failure-output", "--success-output", "--no-tests"),
}
OURS = ("--no-fail-fast", "--color=never", "--message-format=libtest-json-plus")
TO_CHANNEL = f'exec "$@" >&{CHANNEL} {CHANNEL}>&-'
OUTCOMES = {"ok": "passed", "failed": "failed", "ignored": "skipped"}
NO_TESTS = 4
ATTEMPT = re.compile(r"#\d+$")
PANIC = re.compile(r"^thread '.*' (?:\(\d+\) )?(?=panicked)", re.MULTILINE)


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for `cargo nextest run` when a command line only runs it, the toolchain and variables first."""
    found = subcommand(words, {"nextest"}, {"--no-run", "--help", "-h"})
    if found is None or "run" not in found:
        return None
    found.remove("run")
    return found


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:  # noqa: ARG001
    """cargo nextest, its standard output on the channel, where no test can write; `only` as in cargo.py."""
    settings, cargo, options, filters = split(checks.argv)
    options = without(options, DROPPED, DROPPED_WITH_VALUE)
    if only:
        # Documentation is no target here.
        options = [*unselected(options), *selected([name for name in only if not name.endswith("/doc")])]
    options += [f"--test-threads={checks.parallel}"] if checks.parallel else []
    after = ["--", *filters] if filters else []
    env = ["env", *settings[1:], "NEXTEST_EXPERIMENTAL_LIBTEST_JSON=1", "NEXTEST_NO_INPUT_HANDLER=1"]
    return [*env, "/bin/sh", "-c", TO_CHANNEL, "sh", *cargo, "nextest", "run", *OURS, *options, *after]


def read(ran: Ran, place: Path) -> CheckRun:  # noqa: ARG001
    """A run from nextest's lines; sound only when they fit the exit code."""
    output = ran.output[-OUTPUT_CHARS:]
    messages = uncompiled_in(ran.output)
    results = dict.fromkeys(messages, "error")
    for test, event in _tests(ran.channel):
        # An ignored test begins, and does not always end.
        results[test] = OUTCOMES.get(event["event"], "skipped")
        if results[test] == "failed":
            messages[test] = _message(event)
    problem = ran.stopped or _problem(ran, results)
    if problem:
        return CheckRun(ran.exit_code, ran.seconds, output=output, problem=problem)
    return CheckRun(ran.exit_code, ran.seconds, results, messages, output, evidence="channel")


def _problem(ran: Ran, results: dict[str, str]) -> Problem | None:
    if by_signal(ran.exit_code):
        return "crashed"
    if ran.exit_code == NO_TESTS:
        return "no_tests"
    if not results:
        return "not_started" if ran.exit_code else "no_tests"
    broken = any(outcome in BROKEN for outcome in results.values())
    return None if broken == (ran.exit_code != 0) else "disagree"


def _tests(channel: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each event of a test with its id. The lines of a suite say of what kind its target is."""
    targets: dict[str, str] = {}
    for line in channel.splitlines():
        event = json.loads(line)
        if event["type"] == "suite" and "nextest" in event:
            crate, kind, name = (event["nextest"][key] for key in ("crate", "kind", "test_binary"))
            targets[f"{crate}::{name}"] = f"{crate}/{kind}/{name}" if kind in KINDS else f"{crate}/lib"
        elif event["type"] == "test":
            program, _, test = event["name"].partition("$")
            yield f"{targets.get(program, program)}::{ATTEMPT.sub('', test)}", event


def _message(event: dict[str, Any]) -> str:
    said = str(event.get("stdout") or event.get("reason") or "it ended without a word")
    return one_line(PANIC.sub("", said.partition("stack backtrace:")[0].strip()), 300)
