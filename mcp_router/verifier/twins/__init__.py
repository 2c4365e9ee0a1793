"""Twins of test files: what the assertions expect is something else, so honest code must fail them.

Code that cheats the comparison (an `__eq__` that is always true, reading the expected value from the caller's frame,
patching the runner, forging its report) goes on passing. A twin that lives where it should have died is tampering,
or a test that binds nothing. Only the expected side is changed, never an input: a changed input makes honest code
loop, sleep or pass by chance. Answers that are hard-coded for the tests' own inputs are not exposed.

`python.py` and `javascript.py` make them; `python -m mcp_router.verifier.twins REPO` measures them on real suites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TEST_LIMIT_S = 10
"""What one test of a twin may take, in seconds; `limit.py` sees to it."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A test file with other expectations. Lines keep their numbers.

    changed: the tests that have at least one changed expectation, as FILE::CLASS::NAME without parameters, for
    JavaScript as FILE::TITLE > TITLE; a title that is computed there is `*`.
    """

    path: str
    text: str
    changed: frozenset[str]

    def changes(self, test: str) -> bool:
        """Whether a test, by the id that its runner gives it, has a changed expectation."""
        name = test.partition("[")[0] if self.path.endswith(".py") else test
        return name in self.changed or any(_fits(test, title) for title in self.changed if "*" in title)


def make_twin(path: str, text: str) -> Twin | None:
    """The twin of a test file.

    Args:
        path: where it lies in the repository; its ending tells the language and it begins the tests' names.
        text: its content, with its line endings as they are.

    Returns:
        None when the language has no twins, the file cannot be parsed, or no test of it has anything to change.
    """
    if path.endswith(".py"):
        from mcp_router.verifier.twins.python import twin_of
    elif path.endswith((".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")):
        from mcp_router.verifier.twins.javascript import twin_of
    else:
        return None
    from mcp_router.verifier.twins.limit import with_limit

    try:
        found = twin_of(path, text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return Twin(path, with_limit(path, found[0]), found[1]) if found else None


def _fits(test: str, title: str) -> bool:
    """Whether a test's id is that name, with anything but another title in the place of each `*`."""
    return re.fullmatch("(?:(?! > ).)*".join(map(re.escape, title.split("*"))), test, re.DOTALL) is not None
