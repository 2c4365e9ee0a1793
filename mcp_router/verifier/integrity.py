"""Sets aside what a patch did to the checks, and says when that was tampering.

Judged is the patched source with the base's tests, test support, harness and CI. Tests that the patch adds never
raise its score; a changed test counts as tampering unless the task asks for it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from mcp_router.verifier.additions import only_adds
from mcp_router.verifier.changes import Change, Tree
from mcp_router.verifier.cheats import findings
from mcp_router.verifier.git import git, temporary_index
from mcp_router.verifier.paths import classify, shadows
from mcp_router.verifier.settings import harness_part
from mcp_router.verifier.task_asks import asks_for, asks_for_test_changes
from mcp_router.verifier.text import one_line

FILTER = re.compile(r"\bfilter=(?!lfs\b)")


@dataclass(slots=True)
class Integrity:
    """What was found in the changed files. classes: path to class; restored: changes that are not judged with the
    patch; tests_changed: existing tests that differ because the task asks for it; added_tests: set aside."""

    classes: dict[str, str] = field(default_factory=dict)
    tampered: list[str] = field(default_factory=list)
    suspect: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    restored: list[Change] = field(default_factory=list)
    tests_changed: list[str] = field(default_factory=list)
    added_tests: list[str] = field(default_factory=list)


def inspect(base: Tree, patched: Tree, changes: tuple[Change, ...], task: str | None) -> Integrity:
    """Judge every changed path by its class."""
    found = Integrity()
    paths = [change.path for change in changes]
    old, new = base.texts(paths), patched.texts(paths)
    asked = asks_for_test_changes(task)
    for change in changes:
        path = change.path
        kind = "harness" if change.added and shadows(path) else classify(path)
        found.classes[path] = kind
        if kind in ("test", "test_support"):
            _test(
                found, change, old.get(path), new.get(path), asked and _legitimate(change, changes, base, patched, old)
            )
        elif kind in ("harness", "ci"):
            _protected(found, change, kind, asks_for(task, path, kind == "ci"))
        elif kind == "build":
            if harness_part(path, old.get(path, "")) != harness_part(path, new.get(path, "")):
                found.tampered.append(f"It changes how the checks run, in {one_line(path)}.")
        elif kind == "git":
            _git(found, change, new.get(path, ""))
        elif path.endswith(".py") and path in new:
            found.suspect += [f"{one_line(path)}: {reason}." for reason in findings(path, old.get(path), new[path])]
    return found


def judged_tree(root: Path, patched: str, restored: list[Change]) -> str:
    """The tree to run the checks on: the patched one with the base's version of what is restored."""
    if not restored:
        return patched
    absent = "0" * len(patched)
    lines = [
        f"{change.old[0]} {change.old[1]}\t{change.path}" if change.old else f"0 {absent}\t{change.path}"
        for change in restored
    ]
    with temporary_index() as env:
        git(root, "read-tree", patched, env=env)
        git(root, "update-index", "-z", "--replace", "--index-info", input="\0".join(lines).encode() + b"\0", env=env)
        return git(root, "write-tree", env=env).decode().strip()


def _test(found: Integrity, change: Change, old: str | None, new: str | None, asked: bool) -> None:
    shown = one_line(change.path)
    if change.added or (new is not None and old is not None and only_adds(change.path, old, new)):
        found.added_tests.append(change.path)
        if not asked:
            found.restored.append(change)
    elif asked:
        found.tests_changed.append(change.path)
        found.notes.append(f"It {'deletes' if change.deleted else 'changes'} {shown}, as the task asks.")
    else:
        found.tampered.append(f"It {'deletes' if change.deleted else 'changes'} existing tests in {shown}.")
        found.restored.append(change)


def _legitimate(change: Change, changes: tuple[Change, ...], base: Tree, patched: Tree, old: dict[str, str]) -> bool:
    """A test may go when the task asks for it and what it tested is gone, or when it only moved."""
    if not change.deleted:
        return True
    if any(other.added and other.new and change.old and other.new[1] == change.old[1] for other in changes):
        return True
    sources = [other.path for other in changes if classify(other.path) == "source"]
    before, after = _definitions(base.texts(sources)), _definitions(patched.texts(sources))
    return bool((before - after) & set(re.findall(r"\w+", old.get(change.path, ""))))


def _definitions(texts: dict[str, str]) -> set[str]:
    names = set()
    for path, text in texts.items():
        names.add(path.rpartition("/")[2].partition(".")[0])
        if path.endswith(".py"):
            try:
                nodes = list(ast.walk(ast.parse(text)))
            except (SyntaxError, ValueError, RecursionError):
                continue
            names |= {
                node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            }
        else:
            names |= set(re.findall(r"\b(?:fn|func|function|class|def|struct|interface|type)\s+(\w+)", text))
    return names


def _protected(found: Integrity, change: Change, kind: str, asked: bool) -> None:
    shown, verb = one_line(change.path), "adds" if change.added else "deletes" if change.deleted else "changes"
    found.restored.append(change)
    if asked or (kind == "ci" and change.added):
        found.notes.append(f"It {verb} {shown}; that was not used for the checks.")
    else:
        what = "the project's CI" if kind == "ci" else "how the checks run"
        found.tampered.append(
            f"It {verb} {shown}, which decides {what}." if kind != "ci" else f"It {verb} {what} ({shown})."
        )


def _git(found: Integrity, change: Change, new: str) -> None:
    if change.path.endswith(".gitattributes") and FILTER.search(new):
        found.tampered.append(f"It makes git run a filter ({one_line(change.path)}).")
    if not change.path.endswith(".gitignore"):
        found.restored.append(change)
