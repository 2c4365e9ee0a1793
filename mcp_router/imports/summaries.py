"""What a test runner's output says: the summary line of each runner, and when an exit code counts.

An exit code alone lies: `pytest | tail -1` exits with 0 on a failure. So a failing summary beats exit code 0, any other
disagreement says nothing, and a code without a summary counts only for a plain command.
"""

from __future__ import annotations

import re
from typing import Literal

Signal = Literal["pass", "fail"]
OUTPUT_CHARACTERS, LINE_CHARACTERS = 200_000, 500
ANSI = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07")
FAILED_CODES = (1, 101)
"""What runners exit with when tests fail; other codes tell of usage, a timeout or a missing program."""

_COUNT = r"\d+\ [a-z]+(?:\ passed)?"
_COUNTS = rf"(?:{_COUNT},\ )*{_COUNT}"
_LINES = re.compile(
    rf"""(?:
        (?P<pytest>{_COUNTS})\ in\ [\d.]+\ ?s.*
      | Tests:[\ \t]+(?P<jest>.*\d+\ total)
      | (?:Test\ Suites:|Test\ Files)[\ \t]+(?P<files>\d+\ .*)
      | Tests[\ \t]+(?P<vitest>\d+\ (?:failed|passed|skipped|todo)\b.*\(\d+\))
      | (?P<mocha>\d+\ (?:passing|failing))\b.*
      | (?:\#|\u2139)\ (?P<node>(?:pass|fail)\ \d+)
      | test\ result:\ \w+\.\ (?P<cargo>\d+\ passed;\ \d+\ failed).*
      | Summary\ \[.*?\]\ .*?run:\ (?P<nextest>.*)
      | (?P<go>ok|FAIL|---\ FAIL:)[\ \t]+\S+.*
      | (?P<unittest>OK(?:\ \(.*\))?|FAILED\ \((?:failures|errors|unexpected).*\))
      | (?P<rspec>\d+\ examples?,\ \d+\ failures?(?:,\ \d+\ errors?\ occurred)?).*
      | (?:\[\w+\]\ )?BUILD\ (?P<build>FAILURE)
      | error:\ (?P<targets>\d+\ targets?\ failed).*
      | Tests\ run:\ \d+,\ (?P<maven>Failures:\ \d+,\ Errors:\ \d+).*
      | \d+%\ tests\ passed,\ (?P<ctest>\d+\ tests\ failed\ out\ of\ \d+)
    )""",
    re.VERBOSE,
)
_BAD = re.compile(
    r"""\b(?!0+\b)\d+\ (?:failed|failing|errors?|failures?|timed\ out|tests\ failed|targets?\ failed)\b
      | \bfail\ (?!0+\b)\d+
      | (?:Failures|Errors):\ (?!0+\b)\d+ | FAIL""",
    re.VERBOSE,
)
_GOOD = re.compile(
    r"\b(?!0+\b)\d+ (?:passed|passing|examples?)\b|\bpass [1-9]|^ok$|^OK|^Failures: 0|^0 tests failed out of [1-9]"
)
_ABSENT = re.compile(r"No module named|Missing script|[Cc]ommand not found|not recognized as an internal")
"""What is said where the runner itself is missing, at times with the exit code of failing tests."""
_RAN = re.compile(r"^Ran (?!0 )\d+ tests? in", re.MULTILINE)


def summary(output: str) -> Signal | None:
    """What the summary lines of a run say together; None without any, or where no test ran.

    >>> summary("== 1 failed, 1 passed in 0.02s =="), summary("2 passed in 0.1s"), summary("4 deselected in 0.01s")
    ('fail', 'pass', None)
    """
    text = ANSI.sub("", output[-OUTPUT_CHARACTERS:]).replace("\r", "\n")
    found: list[Signal] = []
    for line in text.splitlines():
        match = _LINES.fullmatch(line.strip(" \t=")) if len(line) < LINE_CHARACTERS else None
        if match is None:
            continue
        said = str(match[match.lastgroup or 0])
        if (match["unittest"] or "").startswith("OK") and not _RAN.search(text):
            continue
        if _BAD.search(said):
            found.append("fail")
        elif match["files"] is None and _GOOD.search(said):
            found.append("pass")
    return "fail" if "fail" in found else found[-1] if found else None


def signal(output: str, exit_code: int | None, *, plain: bool) -> Signal | None:
    """What a run of tests tells. plain: nothing but the tests' own exit code can be in `exit_code`.

    >>> signal("1 failed in 0.1s", 0, plain=False), signal("2 passed in 0.1s", 3, plain=False)
    ('fail', None)
    >>> signal("", 1, plain=True), signal("", 0, plain=False)
    ('fail', None)
    """
    said = summary(output)
    if said == "fail":
        return "fail"
    if said == "pass":
        return "pass" if exit_code == 0 else None
    if _ABSENT.search(output[-OUTPUT_CHARACTERS:]):
        return None
    if plain and exit_code == 0:
        return "pass"
    return "fail" if plain and exit_code in FAILED_CODES else None
