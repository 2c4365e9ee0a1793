"""Reads from the task's text what a patch may do beyond the source."""

from __future__ import annotations

import re

VERB = (
    r"(?:updat|chang|remov|delet|fix|renam|rewrit|adapt|adjust|modif|refactor|replac|mov|drop|migrat|convert|extend|improv|edit|"
    r"correct|clean)(?:e|es|ed|ing|y|ies|s)?(?:\s+up)?"
)
KIND = (
    r"(?:(?:the|a|an|any|all|its|their|that|this|these|those|old|obsolete|outdated|stale|flaky|broken|dead|unused|unit|existing|"
    r"corresponding|related|matching|whole|affected|integration|regression|python|own)\s+)*"
)
TESTS = r"(?:tests?|test (?:file|case|suite|function|module)s?|test_\w+|tests/\S+|specs?)\b"
WITHIN = r"(?:[^.;\n]|\.(?=\S))"
"""Within one sentence; a dot inside a file's name does not end it."""
ASKS = (
    re.compile(rf"\b{VERB}\s+{KIND}`?{TESTS}", re.IGNORECASE),
    re.compile(
        rf"\b{VERB}\s{WITHIN}{{0,120}}?\b(?:and|with|including|plus|as well as)\s+{KIND}`?{TESTS}", re.IGNORECASE
    ),
)
REFUSES = re.compile(
    rf"\b(?:not|n't|never|without|don't|no|avoid|leave|keep)\b{WITHIN}{{0,40}}\btests?\b"
    rf"|tests?\b{WITHIN}{{0,40}}\b(?:unchanged|untouched|as (?:they|it))",
    re.IGNORECASE,
)
WANTS = re.compile(
    rf"\b(?:{VERB}|add|creat|set up|configur|enabl|introduc|writ|mak|put|bump|switch|teach|allow|turn|let|use)",
    re.IGNORECASE,
)
LEAVES = re.compile(
    r"\b(?:not|n't|never|without|no|avoid|leave|keep|must stay|unchanged|untouched|see|as (?:set|given) in)\b",
    re.IGNORECASE,
)
CI = re.compile(r"\b(ci|workflows?|pipelines?|github actions?|pre-commit|continuous integration)\b", re.IGNORECASE)


def asks_for_test_changes(task: str | None) -> bool:
    """Whether the task wants existing tests changed; "make the failing tests pass" does not.

    >>> [asks_for_test_changes(t) for t in ("Delete parse_v1 and its tests", "Fix parse() so that the tests pass")]
    [True, False]
    """
    for sentence in re.split(r"(?<=[.;!?])\s|\n", task or ""):
        if any(pattern.search(sentence) for pattern in ASKS) and not REFUSES.search(sentence):
            return not REFUSES.search(task or "")
    return False


def asks_for(task: str | None, path: str, ci: bool = False) -> bool:
    """Whether the task asks for a change to a file of the harness; to name it, or to speak of CI, is not enough.

    >>> [asks_for(t, "mypy.ini") for t in ("Make mypy.ini check tests too.", "Fix total(); mypy.ini must stay.")]
    [True, False]
    """
    name = path.rpartition("/")[2]
    for sentence in re.split(r"(?<=[.;!?])\s|\n", task or ""):
        spoken = CI.search(sentence) if ci else None
        at = sentence.find(name) if name in sentence else spoken.start() if spoken else -1
        if at >= 0 and WANTS.search(sentence) and not LEAVES.search(sentence):
            return True
    return False


def words_of(task: str | None) -> set[str]:
    """Words of the task that look like names of the code: in backticks, called, with _ or capitals inside."""
    text = task or ""
    found = set(re.findall(r"\b([A-Za-z_]\w*)\(", text)) | set(
        re.findall(r"\b(?:[a-z]+_\w+|[a-z]+[A-Z]\w*|[A-Z]\w+[A-Z]\w*)\b", text)
    )
    return found | {word for quoted in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", quoted)}
