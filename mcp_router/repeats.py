"""The same subtask asked again: one decision holds until it is over."""

from __future__ import annotations

from mcp_router.types import Decision, Verdict
from memory_store.store import MemoryStore


def standing_key(store: MemoryStore, words: str) -> str:
    """The idempotency key of the decision that stands for these words, or of the next one where it is over."""
    number = 0
    while (known := store.find_by_key(f"{words}.{number}")) is not None and is_over(store, known):
        number += 1
    return f"{words}.{number}"


def failed(store: MemoryStore, decision_id: str) -> tuple[str, ...]:
    """Candidates that had their try at a decision and did not pass; what says nothing does not count."""
    verdicts = _verdicts(store, decision_id)
    return tuple(dict.fromkeys(c for c, v in verdicts if v not in (Verdict.PASS, Verdict.NO_SIGNAL)))


def is_over(store: MemoryStore, decision: Decision) -> bool:
    """Whether somebody passed, or nobody is left who may try."""
    passed = any(verdict == Verdict.PASS for _, verdict in _verdicts(store, decision.decision_id))
    most = min(len(decision.eligible), decision.max_attempts or len(decision.eligible))
    return passed or len(failed(store, decision.decision_id)) >= most


def _verdicts(store: MemoryStore, decision_id: str) -> list[tuple[str, str]]:
    attempts = [attempt for attempt in store.attempts(decision_id) if attempt.fault is None]
    held = ((attempt.candidate, store.effective_outcome(attempt.attempt_id)) for attempt in attempts)
    return [(candidate, outcome.verdict) for candidate, outcome in held if outcome is not None]
