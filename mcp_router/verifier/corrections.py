"""What says that a commit corrects something: its subject, or tests that came with it and fail without it."""

from __future__ import annotations

import re
from pathlib import Path

from mcp_router.errors import PatchRefused
from mcp_router.types import VerificationRequest, Verifier
from mcp_router.verifier.changes import changes_between
from mcp_router.verifier.commits import Commit
from mcp_router.verifier.integrity import judged_tree
from mcp_router.verifier.paths import classify
from mcp_router.verifier.workspace import commit_tree, diff, open_repository, tree_of

FIX = re.compile(
    r"\b(fix(es|ed|ing)?|bugs?|bug-?fix(es)?|hot-?fix(es)?|revert(s|ed)?|regressions?|correct(s|ed|ing)?"
    r"|repair(s|ed)?|broken|wrong(ly)?|mistakes?)\b",
    re.IGNORECASE,
)
FORM = re.compile(
    r"\b(typos?|spelling|grammar|lint(er|ing)?|format(ter|ting)?|style|white-?space|indentation|comments?|docs?"
    r"|docstrings?|doctests?|documentation|links?|readme|changelog|imports?|annotations?|type hints?|markup|line length"
    r"|ruff|black|flake8|mypy|eslint|prettier|warnings?)\b",
    re.IGNORECASE,
)
TICKET = re.compile(
    r"(?<=\S)\s*[(\[]?\b(fix(es|ed)?|close[sd]?|resolve[sd]?)\s+(#|gh-|[A-Z]+-)\d+[)\]]?\W*$", re.IGNORECASE
)
"""At a subject's end this only names what the commit closes, a wish as often as a fault."""
OTHER_WORK = re.compile(
    r"^(\w+(\([^)]*\))?!?:\s*)?(feat|add|support|implement|introduce|allow|extend|new|refactor|rename|move|remove|drop"
    r"|deprecate|replace|rewrite|bump|update|upgrade|clean|simplif|speed|optimi[sz]e)",
    re.IGNORECASE,
)


def says_so(commit: Commit) -> bool:
    """Whether the subject says that behaviour is corrected; form alone (typos, style, types) is none.

    >>> subjects = ("Fix negative totals", "fix: typo", "Add coupons (fixes #12)", "Fixture for carts")
    >>> [says_so(Commit("", 0, 0, subject, "")) for subject in subjects]
    [True, False, False, False]
    """
    subject = TICKET.sub("", commit.subject)
    return FIX.search(subject) is not None and FORM.search(subject) is None


def shown_by_tests(verifier: Verifier, root: Path, commit: Commit) -> bool:
    """Whether tests that came with a commit fail without the rest of it, by running them on both.

    Not asked of a commit that says that it adds or reshapes something: its tests fail without it too.
    """
    kinds = {classify(path) for _, path in commit.paths}
    if OTHER_WORK.match(commit.subject) or "test" not in kinds or "source" not in kinds:
        return False
    repo = open_repository(root)
    after = tree_of(repo, commit.id)
    try:
        changes = changes_between(root, tree_of(repo, f"{commit.id}^"), after)
    except PatchRefused:
        return False
    rest = [change for change in changes if classify(change.path) not in ("test", "test_support")]
    before = commit_tree(
        repo, judged_tree(root, after, rest), f"{commit.id}^", "The tests of a commit without the rest"
    )
    request = VerificationRequest(repo=root, patch=diff(repo, before, commit.id), base=before)
    return bool(verifier.verify(request).checks.get("fixed"))
