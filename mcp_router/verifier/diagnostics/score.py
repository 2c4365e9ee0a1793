"""What a patch added to the findings of the repository's checkers, and what that costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.diagnostics.finding import ERROR, Checker, Finding
from mcp_router.verifier.diagnostics.suppressions import CODE, suppressions
from mcp_router.verifier.git import git

Answers = Mapping[Checker, tuple[Counter[Finding] | None, Counter[Finding] | None]]
MOST_SHOWN = 20
SPARED_LINES = 10
"""Changed lines that make room for one more finding of style."""


def part(new: int, changed_lines: int) -> float:
    """The part of the score that the checkers give, in [0.5, 1]: 1 - 0.5 * new / (new + 2 + changed_lines / 10).

    `new` is the weight of the new findings, one of style 1, one of a type checker or compiler or a suppression 3. A
    pass stays a pass, so half is never lost; the first finding costs most, since none is what the project asks for;
    a large change is forgiven more than a small one, because findings grow with the lines written.

    >>> [round(part(new, lines), 2) for new, lines in ((0, 10), (1, 10), (3, 10), (3, 300), (100, 10))]
    [1.0, 0.88, 0.75, 0.96, 0.51]
    """
    return 1.0 - 0.5 * new / (new + 2 + changed_lines / SPARED_LINES)


def new_findings(before: Counter[Finding], after: Counter[Finding]) -> tuple[Finding, ...]:
    """The findings that the patch added on balance, in order.

    Lines that shifted do not count, nor what is gone in one file and found word for word in another: it moved there
    with its code, or its file was renamed.
    """
    gone = Counter((finding.code, finding.message) for finding in (before - after).elements())
    added = []
    for finding in sorted((after - before).elements()):
        if gone[finding.code, finding.message] > 0:
            gone[finding.code, finding.message] -= 1
        else:
            added.append(finding)
    return tuple(added)


def diagnose(base: Tree, judged: Tree, answers: Answers, missing: Sequence[str] = ()) -> dict[str, Any]:
    """The part of the score with all that it comes from, as plain JSON values.

    Args:
        answers: what each checker said of the base and of the judged tree, as `read` gives it.
        missing: checkers that are configured and not installed.
    """
    changed_lines, paths = _changes(base, judged)
    added = {
        checker: new_findings(before, after)
        for checker, (before, after) in answers.items()
        if before is not None and after is not None
    }
    silenced = new_findings(suppressions(base.texts(paths)), suppressions(judged.texts(paths)))
    weight = _weight([*((checker.weight, found) for checker, found in added.items()), (ERROR, silenced)])
    named = [(checker.name, finding) for checker, found in added.items() for finding in found]
    named += [(CODE, finding) for finding in silenced]
    return {
        "part": round(part(weight, changed_lines), 4),
        "changed_lines": changed_lines,
        "checkers": {checker.name: _counts(*answers[checker], found) for checker, found in added.items()},
        CODE: len(silenced),
        "new": [_shown(name, finding) for name, finding in named[:MOST_SHOWN]],
        "no_answer": [checker.name for checker in answers if checker not in added],
        "not_installed": list(missing),
    }


def _weight(added: Iterable[tuple[int, Sequence[Finding]]]) -> int:
    """What new findings weigh together; of several checkers that find fault with one line the strictest counts."""
    lines: Counter[tuple[str, int | None]] = Counter()
    for weight, found in added:
        counts = Counter((finding.path, finding.line) for finding in found)
        lines |= Counter({line: weight * count for line, count in counts.items()})
    return lines.total()


def _counts(
    before: Counter[Finding] | None, after: Counter[Finding] | None, found: Sequence[Finding]
) -> dict[str, int]:
    return {"before": (before or Counter()).total(), "after": (after or Counter()).total(), "new": len(found)}


def _shown(checker: str, finding: Finding) -> dict[str, Any]:
    return {
        "checker": checker,
        "path": finding.path,
        "line": finding.line,
        "code": finding.code,
        "message": finding.message,
    }


def _changes(base: Tree, judged: Tree) -> tuple[int, list[str]]:
    """Lines added and removed, renamed files counted once, and the paths in either tree."""
    raw = git(base.root, "diff-tree", "-r", "-z", "-M", "--numstat", base.id, judged.id)
    fields = iter(raw.decode("utf-8", "surrogateescape").split("\0"))
    lines, paths = 0, list[str]()
    for field in filter(None, fields):
        added, removed, path = field.split("\t", 2)
        lines += sum(int(count) for count in (added, removed) if count != "-")
        # A rename has no path here, and its two paths as the next fields.
        paths += [path] if path else [next(fields), next(fields)]
    return lines, paths
