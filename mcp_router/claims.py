"""What others say of an attempt, and what the repository shows without any checks; written down once."""

from __future__ import annotations

from dataclasses import dataclass

from mcp_router.outcomes import reported, verified
from mcp_router.types import Attempt, Outcome, Verdict, Verification
from memory_store.store import MemoryStore


@dataclass(frozen=True, slots=True)
class Claim:
    """What an agent says became of a decision: the candidate that ran, and how it went."""

    attempt: Attempt
    score: float | None = None
    note: str | None = None


def take_claim(store: MemoryStore, claim: Claim) -> Outcome | None:
    """Write down what an agent says of an attempt: weak evidence until a run of the checks agrees."""
    attempt = claim.attempt
    with store.transaction():
        if all(known.attempt_id != attempt.attempt_id for known in store.attempts(attempt.decision_id)):
            store.append(attempt)
    return None if claim.score is None else _once(store, reported(attempt, claim.score, claim.note))


def nothing_changed(store: MemoryStore, attempt: Attempt, where: str) -> Outcome:
    """The outcome of work that left no trace: no verdict, because it may have been done elsewhere."""
    reason = f"nothing changed in {where} since the task was routed; name `worktree` if the work is elsewhere"
    return _once(store, verified(attempt, Verification(Verdict.NO_SIGNAL, None, 0.0, (reason,))))


def _once(store: MemoryStore, outcome: Outcome) -> Outcome:
    if all(known.outcome_id != outcome.outcome_id for known in store.outcomes(outcome.decision_id)):
        store.append(outcome)
    return outcome
