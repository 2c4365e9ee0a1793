"""Patches to small repositories, honest, wrong and hostile, with the verdicts that are right for each."""

from __future__ import annotations

from . import cheating, escapes, honest, tampering, wrong
from .case import Case

CASES: tuple[Case, ...] = (*honest.CASES, *wrong.CASES, *tampering.CASES, *cheating.CASES, *escapes.CASES)
QUICK: tuple[Case, ...] = tuple({(case.kind, case.cls, case.repository): case for case in reversed(CASES)}.values())
"""One of each kind and class on each repository."""
