"""Reads what our programs in the process of the checks told over the channel, and says whether it can be believed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcp_router.verifier.runners import BROKEN, OUTPUT_CHARS, WORST, CheckRun, Problem, by_signal
from mcp_router.verifier.text import one_line

if TYPE_CHECKING:
    from mcp_router.verifier.sandboxes.process import Ran

USAGE_ERROR = 4
NO_TESTS = 5


@dataclass(slots=True)
class _Told:
    """What came, in order. forged: a line that our program did not send, a test told of twice or never collected."""

    began: bool = False
    end: int | None = None
    forged: bool = False
    collected: Counter[str] = field(default_factory=Counter)
    phases: Counter[tuple[str, str]] = field(default_factory=Counter)
    results: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    def take(self, record: dict[str, Any]) -> None:
        """One record of a program of ours, in whatever order they come."""
        if self.end is not None:
            self.forged = True
        self.began |= "began" in record
        self.collected.update(record.get("collected", ()))
        self.end = record.get("end", self.end)
        if "file" in record:
            self._add(record["file"], record["outcome"], f"collection failure: {_last_error(record)}")
        elif "id" in record:
            test, when = record["id"], record["when"]
            self.phases[test, when] += 1
            # A test may be collected twice, and may have any number of subtests.
            self.forged |= when != "subtest" and self.phases[test, when] > self.collected[test]
            around = when in ("setup", "teardown") and record["outcome"] == "failed"
            self._add(test, "error" if around else record["outcome"], _message(record))

    def _add(self, test: str, outcome: str, message: str) -> None:
        before = self.results.get(test)
        if before is None or WORST.index(outcome) < WORST.index(before):
            self.results[test] = outcome
            if outcome in BROKEN:
                self.messages[test] = one_line(message, 300)


def read_channel(ran: Ran) -> CheckRun:
    """A run from how the process ended and what came over the channel; sound only when all of it agrees.

    Where it was stopped, the results so far are in it.
    """
    told = _parse(ran.channel)
    problem = ran.stopped or _problem(ran.exit_code, told)
    results = told.results if ran.stopped or problem is None else {}
    messages = told.messages if results else {}
    output = ran.output[-OUTPUT_CHARS:]
    return CheckRun(ran.exit_code, ran.seconds, results, messages, output, problem, "channel")


def _problem(exit_code: int, told: _Told) -> Problem | None:
    if by_signal(exit_code):
        return "crashed"
    if told.forged:
        return "disagree"
    if told.end is None or told.end not in (0, 1, NO_TESTS):
        never = not told.began or told.end == USAGE_ERROR
        return "not_started" if never and exit_code != 0 else "report_missing"
    if told.end != exit_code:
        return "disagree"
    if told.end == NO_TESTS or not told.results:
        return "no_tests"
    if any(test not in told.results for test in told.collected):
        return "report_missing"
    broken = any(outcome in BROKEN for outcome in told.results.values())
    return None if broken == (exit_code == 1) else "disagree"


def signed_records(channel: bytes) -> tuple[list[dict[str, Any]], bool]:
    """What a program of ours told, in order, up to the first line that it did not sign; whether that was all of it.

    The first line is a key; each later one is a mark, made of key, number and text, and a text of JSON.
    """
    key, *lines = channel.decode("utf-8", "replace").split("\n")
    # Torn, or written to after the last line.
    whole = not (lines and lines.pop())
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines):
        mark, _, text = line.partition(" ")
        if mark != hashlib.sha256(f"{key} {number} {text}".encode()).hexdigest()[:16]:
            return records, False
        records.append(json.loads(text))
    return records, whole


def _parse(channel: bytes) -> _Told:
    records, whole = signed_records(channel)
    told = _Told(forged=not whole)
    for record in records:
        told.take(record)
    return told


def _message(record: dict[str, Any]) -> str:
    said = one_line(record.get("message", ""), 200)
    if record["when"] in ("setup", "teardown"):
        said = f'failed on {record["when"]} with "{said}"'
    elif "::" not in record["id"]:
        said = f"collection failure: {_last_error(record)}"
    return f"{said} ({record['where']})" if "where" in record else said


def _last_error(record: dict[str, Any]) -> str:
    """The last line that pytest marks as the error, else the last line."""
    lines = str(record.get("message", "")).strip().splitlines()
    errors = [line[2:].strip() for line in lines if line.startswith("E ")]
    return errors[-1] if errors else lines[-1] if lines else ""
