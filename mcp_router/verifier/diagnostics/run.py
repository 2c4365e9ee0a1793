"""Runs the repository's checkers over base and patched tree, in the sandbox; the base's answers are kept."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
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
    """Each checker's findings; an empty count where none of the files is there, nothing for one with no file at all."""
    names = set(tree.names())
    present = [path for path in changed if path in names]
    commands = {checker: command(checker, present) for checker in checkers if command(checker, changed)}
    key = hashlib.sha256(
        repr((tree.id, sorted(present), list(commands), trees.checks[0].environment.fingerprint())).encode()
    ).hexdigest()[:32]
    file = trees.home / "cache" / "diagnostics" / f"{key}.json"
    try:
        kept = [_counter(one) for one in json.loads(file.read_text(encoding="utf-8"))]
        return dict(zip(commands, kept, strict=True))
    except (OSError, ValueError, TypeError):
        found = _run(trees, tree, commands)
        write_json(file, [one and [asdict(finding) for finding in one.elements()] for one in found.values()])
        return found


def _counter(kept: list[dict[str, Any]] | None) -> Counter[Finding] | None:
    return None if kept is None else Counter(Finding(**finding) for finding in kept)


def _run(trees: Trees, tree: Tree, commands: Mapping[Checker, list[str] | None]) -> Answers:
    def over(view: View) -> Answers:
        environment, root = trees.checks[0].environment, trees.sandbox.seen_at(view)
        found: Answers = {}
        for checker, argv in commands.items():
            if argv is None:
                found[checker] = Counter()
                continue
            ran = trees.execute(argv, view, environment, "", {})
            found[checker] = None if ran.stopped else read(checker, ran.exit_code, ran.output, root)
        return found

    return trees.on(tree.id, over) if commands else {}
