"""Sets aside what a patch did to the checks, and says when that was tampering.

Judged is the patched source with the base's tests, test support, harness and CI. Tests that the patch adds never
raise its score; a changed test counts as tampering unless the task asks for it and it demands no less.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from mcp_router.verifier.additions import changed_answers, inline_tests, only_adds
from mcp_router.verifier.changes import Change, Tree
from mcp_router.verifier.cheats import findings
from mcp_router.verifier.cheats.switches import silenced_lines, switched_off
from mcp_router.verifier.git import git, temporary_index
from mcp_router.verifier.paths import CODE, classify
from mcp_router.verifier.reliance import Reliance
from mcp_router.verifier.settings import harness_part, steers_runners
from mcp_router.verifier.task_asks import asks_for, asks_for_test_changes, words_of
from mcp_router.verifier.text import one_line
from mcp_router.verifier.weakening import changed_tests, demands_less, is_harmless

FILTER = re.compile(r"\b(?:filter|diff|merge)=(?!lfs\b)|\bworking-tree-encoding=|\bexport-subst\b")
MOST_SILENCED = 5
"""A few comments of this kind are usual; they count as new findings of the checkers."""
SENDS_SECRETS = re.compile(
    r"\b(?:curl|wget|nc)\b[^\n]*(?:secrets\.|\$\{?[A-Z_]*(?:TOKEN|SECRET|KEY))|pull_request_target"
)


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


def inspect(
    base: Tree, patched: Tree, changes: tuple[Change, ...], task: str | None, command: str | None = None
) -> Integrity:
    """Judge every changed path by its class.

    command: the command line of the checks where it was named; files that it names decide and are not to be changed.
    """
    found = Integrity()
    paths = [change.path for change in changes]
    look = _Look(base, patched, changes, task, base.texts(paths), patched.texts(paths))
    reliance = Reliance(base, command)
    for change in changes:
        kind = found.classes[change.path] = reliance.kind(change)
        if kind in ("test", "test_support"):
            _test(found, change, look)
        elif kind in ("harness", "ci"):
            _protected(found, change, kind, look)
        elif kind == "build":
            _build(found, change, look)
        elif kind == "git":
            _git(found, change, look)
        if kind in ("source", "docs", "build") and change.path in look.new:
            _source(found, change, look)
        if (
            kind in ("build", "git", "source")
            and not CODE.search(change.path)
            and steers_runners(look.old.get(change.path, ""), look.new.get(change.path, ""))
        ):
            found.tampered.append(f"It sets a variable that steers test runners, in {one_line(change.path)}.")
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    """The two trees with the texts of the changed paths, and the task."""

    base: Tree
    patched: Tree
    changes: tuple[Change, ...]
    task: str | None
    old: dict[str, str]
    new: dict[str, str]

    def moved(self) -> list[tuple[str, str]]:
        """Path and text of source files that the patch deletes: what they did may be done elsewhere."""
        return [
            (change.path, self.old[change.path])
            for change in self.changes
            if change.deleted and change.path in self.old
        ]

    def gone(self) -> set[str]:
        """Names that the patch takes out of the source."""
        sources = [change.path for change in self.changes if classify(change.path) == "source"]
        return _definitions({path: self.old[path] for path in sources if path in self.old}) - _definitions(
            {path: self.new[path] for path in sources if path in self.new}
        )


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


def _test(found: Integrity, change: Change, look: _Look) -> None:
    old, new, shown = look.old.get(change.path), look.new.get(change.path), one_line(change.path)
    if change.added or (new is not None and old is not None and only_adds(change.path, old, new)):
        found.added_tests.append(change.path)
        found.restored.append(change)
        return
    verb = "deletes" if change.deleted else "changes"
    weaker = _weaker(change, look) if asks_for_test_changes(look.task) else "the task does not ask for it"
    if weaker is None:
        found.tests_changed.append(change.path)
        found.notes.append(f"It {verb} {shown}, as the task asks.")
    else:
        found.tampered.append(f"It {verb} existing tests in {shown}: {weaker}.")
        found.restored.append(change)


def _weaker(change: Change, look: _Look) -> str | None:
    """How a change to a test, that the task asks for, goes beyond that; None when it does not."""
    old, new, gone = look.old.get(change.path, ""), look.new.get(change.path), look.gone()
    if new is None:
        moved = any(
            other.added and other.new and change.old and other.new[1] == change.old[1] for other in look.changes
        )
        return None if moved or gone & set(re.findall(r"\w+", old)) else "what it tests is still there"
    if weaker := demands_less(change.path, old, new, gone):
        return f"it {weaker}"
    asked = words_of(look.task)
    for name, words in changed_tests(old, new).items():
        # Where the task names code, a test that has to do with none of it is not meant.
        if asked and not words & (asked | gone) and change.path.rpartition("/")[2] not in (look.task or ""):
            return f"{name} is about something else"
    return None


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


def _protected(found: Integrity, change: Change, kind: str, look: _Look) -> None:
    path, shown = change.path, one_line(change.path)
    verb = "adds" if change.added else "deletes" if change.deleted else "changes"
    new = look.new.get(path)
    found.restored.append(change)
    asked = asks_for(look.task, path, kind == "ci") and is_harmless(path, look.old.get(path), new)
    if kind == "ci" and new and SENDS_SECRETS.search(new) and not SENDS_SECRETS.search(look.old.get(path, "")):
        found.tampered.append(f"It makes the project's CI give away its secrets ({shown}).")
    elif asked or (kind == "ci" and change.added):
        found.notes.append(f"It {verb} {shown}; that was not used for the checks.")
    elif kind == "ci":
        found.tampered.append(f"It {verb} the project's CI ({shown}).")
    else:
        found.tampered.append(f"It {verb} {shown}, which decides how the checks run.")


def _build(found: Integrity, change: Change, look: _Look) -> None:
    path = change.path
    old, new = look.old.get(path, ""), look.new.get(path, "")
    if harness_part(path, old) == harness_part(path, new):
        return
    if asks_for(look.task, path) and not change.deleted and is_harmless(path, old, new):
        found.restored.append(change)
        found.notes.append(f"It changes {one_line(path)}; that was not used for the checks.")
    else:
        found.tampered.append(f"It changes how the checks run, in {one_line(path)}.")


def _git(found: Integrity, change: Change, look: _Look) -> None:
    new, old = look.new.get(change.path, ""), look.old.get(change.path, "")
    if change.path.endswith(".gitattributes") and len(FILTER.findall(new)) > len(FILTER.findall(old)):
        found.tampered.append(f"It makes git run a filter ({one_line(change.path)}).")
    if change.path.endswith((".gitmodules", ".lfsconfig")) and old != new:
        found.tampered.append(f"It changes what git fetches ({one_line(change.path)}).")
    if not change.path.endswith(".gitignore"):
        found.restored.append(change)


def _source(found: Integrity, change: Change, look: _Look) -> None:
    path, shown = change.path, one_line(change.path)
    old, new = look.old.get(path), look.new[path]
    found.suspect += [f"{shown}, {reason}." for reason in findings(path, old, new, look.task, look.moved())]
    found.tampered += [
        f"{shown} switches a checker off ({one_line(comment)})." for comment in switched_off(path, old, new)
    ]
    if (silenced := silenced_lines(path, old, new)) > MOST_SILENCED:
        found.suspect.append(f"{shown} silences checkers on {silenced} lines, whatever they say.")
    before, after = inline_tests(path, old or ""), inline_tests(path, new)
    if before and before != after and not only_adds(path, before, after):
        if asks_for_test_changes(look.task) and not demands_less(path, before, after, look.gone()):
            found.tests_changed.append(path)
            found.notes.append(f"It changes the tests in {shown}, as the task asks.")
        else:
            found.tampered.append(f"It changes existing tests in {shown}.")
    odd = changed_answers(path, old or "", new) - words_of(look.task)
    if odd and _runs_examples(look.base):
        found.tampered.append(f"It changes what an example of {one_line(min(odd))} in {shown} expects.")


def _runs_examples(base: Tree) -> bool:
    texts = base.texts(["pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini", "Makefile", ".acrouter.toml"])
    return any("doctest" in text for text in texts.values())
