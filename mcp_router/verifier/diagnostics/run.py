"""Runs the repository's checkers over base and patched tree, in the sandbox; the base's answers are kept."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mcp_router.verifier.baseline import write_json
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.diagnostics.answers import read
from mcp_router.verifier.diagnostics.finding import Checker, Finding
from mcp_router.verifier.diagnostics.score import diagnose
from mcp_router.verifier.diagnostics.tools import command, find_checkers
from mcp_router.verifier.trees import Trees
from mcp_router.verifier.views import View

Answers = dict[Checker, Counter[Finding] | None]


def run_checkers(trees: Trees, base: Tree, judged: Tree, changed: Sequence[str]) -> dict[str, Any]:
    """What the checkers say of a patch, as `diagnose` gives it.

    Raises:
        Cancelled: it was asked to stop.
    """
    checkers, missing = find_checkers(base, trees.checks[0].environment)
    after = _answers(trees, judged, checkers, changed)
    before = _answers(trees, base, tuple(after), changed)
    return diagnose(base, judged, {checker: (before[checker], after[checker]) for checker in after}, missing)


def _answers(trees: Trees, tree: Tree, checkers: Sequence[Checker], changed: Sequence[str]) -> Answers:
    """Each checker's findings, kept by tree and command; no answer for one that none of the changed files is for."""
    names = set(tree.names())
    present = [path for path in changed if path in names]
    commands: dict[Checker, list[str]] = {}
    answers: Answers = {}
    for checker in checkers:
        if command(checker, changed) is None:
            continue
        # A checker of the whole project has its say on a base that has none of the changed files too.
        argv = command(checker, changed if checker.whole else present)
        answers[checker] = Counter() if argv is None else _kept(_file(trees, tree, argv))
        if argv is not None and answers[checker] is None:
            commands[checker] = argv
    found = _run(trees, tree, commands) if commands else {}
    for checker, counted in found.items():
        if counted is not None:
            kept = [asdict(finding) for finding in counted.elements()]
            write_json(_file(trees, tree, commands[checker]), kept)
    return answers | found


def _file(trees: Trees, tree: Tree, argv: Sequence[str]) -> Path:
    said = repr((tree.id, argv, trees.level(), trees.checks[0].environment.fingerprint()))
    return trees.home / "cache" / "diagnostics" / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.json"


def _kept(file: Path) -> Counter[Finding] | None:
    try:
        return Counter(Finding(**finding) for finding in json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _run(trees: Trees, tree: Tree, commands: Mapping[Checker, list[str]]) -> Answers:
    environment = trees.checks[0].environment

    def over(view: View) -> Answers:
        found: Answers = {}
        for checker, argv in commands.items():
            ran = trees.execute(argv, view, environment, "", {})
            root = trees.sandbox.seen_at(view)
            found[checker] = None if ran.stopped else read(checker, ran.exit_code, ran.output, root)
        return found

    return trees.on(tree.id, over)
