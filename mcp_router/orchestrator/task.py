"""From the words of a subtask to a Task: dimension, language, features, size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mcp_router.errors import BadInput
from mcp_router.orchestrator.dimension import infer, language
from mcp_router.types import DIMENSIONS, Task
from memory_store.similarity import MAX_FEATURES, features

if TYPE_CHECKING:
    from pathlib import Path

MAX_TASK_CHARACTERS = 200_000
CHORE_SIZE = 0.1
LEAST_TITLE, HELD = 20, 0.9
"""Shorter titles stand in many a text; and of a task's features so many have to be in the text that holds it."""
_CHORE = re.compile(
    r"^\W*(?:please\s+)?(?:fix (?:a|the|this) typo|correct (?:a|the) (?:typo|spelling)|bump (?:the )?version|"
    r"rename (?:the )?(?:local )?variable|remove (?:an?|the) unused import|delete (?:a|the) trailing whitespace|"
    r"update (?:the )?(?:copyright )?year|add a (?:blank line|newline|semicolon))\b",
    re.IGNORECASE,
)


def make_task(
    text: str,
    *,
    repo: str | None = None,
    path: Path | None = None,
    files: Sequence[str] = (),
    dimension: str | None = None,
) -> Task:
    """The task that a caller's words describe.

    Raises:
        BadInput: the text is empty or over 200,000 characters, or the dimension is none of the known ones.
    """
    if not text.strip():
        raise BadInput("task is empty; say in a sentence or more what is to be done.")
    if len(text) > MAX_TASK_CHARACTERS:
        raise BadInput(
            f"task has {len(text):,} characters; give at most {MAX_TASK_CHARACTERS:,}, "
            "and name files instead of quoting them."
        )
    if dimension is not None and dimension not in (*DIMENSIONS, "unknown"):
        raise BadInput(f"dimension {dimension!r} is not known; leave it out or give one of {', '.join(DIMENSIONS)}.")
    guess, confidence = infer(text, files) if dimension is None else (dimension, None)
    return Task(
        text=text,
        repo=repo,
        path=path,
        files=tuple(files),
        dimension=guess,
        dimension_confidence=confidence,
        language=language(text, files),
        features=features(text, files),
        size=CHORE_SIZE if len(text) < 200 and _CHORE.search(text) else 1.0,
    )


def holds(task: Task, title: str, features: Sequence[int]) -> bool:
    """Whether a task is another one, known by its title and features, with more said around it or as it was.

    >>> step = make_task("Carry out step 1 of the plan in docs/plan.md.")
    >>> longer = make_task("You are in a shop. Carry out step 1 of the plan in docs/plan.md. Then run all tests.")
    >>> holds(longer, step.text, step.features), holds(step, "Carry out step 2 of the plan.", longer.features)
    (True, False)
    """
    first = " ".join(title.split())
    own, others = set(task.features), set(features)
    if len(first) < LEAST_TITLE:
        return bool(own) and own == others
    # Of a long text the last features are not kept.
    kept = len(own) >= MAX_FEATURES or len(own & others) >= HELD * len(others)
    return first in " ".join(task.text.split()) and kept


_NAME = re.compile(r"[\w./\\-]+(?:::[\w:\[\]-]+)*")


def names_in(text: str, limit: int = 40) -> tuple[str, ...]:
    """The tests, files and identifiers that a text names, in order of appearance.

    A name is what has a path, an underscore or inner capitals.

    >>> names_in("Make tests/test_cart.py::test_merge pass: Cart.merge loses the line_total of parseCSV")
    ('tests/test_cart.py::test_merge', 'Cart.merge', 'line_total', 'parseCSV')
    """
    found = (match.group().strip(".-/") for match in _NAME.finditer(text[:20_000]))
    telling = (n for n in found if 3 < len(n) <= 120 and re.search(r"\w[_/.:]\w|[a-z][A-Z]", n))
    return tuple(dict.fromkeys(telling))[:limit]
