"""Outcomes as records: what our own checks say of an attempt, and what others say of it."""

from __future__ import annotations

import hashlib

from mcp_router.models import same_model
from mcp_router.types import Attempt, Limits, Outcome, Verdict, Verification
from memory_store.records import now

CLAIM_STRENGTH = 0.25
"""What a host says of its own work weighs this much beside a run of the checks that binds fully."""


def verified(attempt: Attempt, verification: Verification) -> Outcome:
    """The outcome of a run of the checks."""
    return Outcome(
        outcome_id=digest(
            attempt.attempt_id, "verified", verification.verdict, repr(verification.strength), *verification.reasons
        ),
        attempt_id=attempt.attempt_id,
        decision_id=attempt.decision_id,
        at=now(),
        candidate=_ran(attempt),
        verdict=verification.verdict,
        score=verification.score,
        source="verified",
        strength=verification.strength,
        reasons=verification.reasons,
    )


def reported(attempt: Attempt, score: float, note: str | None) -> Outcome:
    """The outcome that somebody claims: weak evidence until a run of the checks agrees."""
    return Outcome(
        outcome_id=digest(attempt.attempt_id, "reported", repr(score), note or ""),
        attempt_id=attempt.attempt_id,
        decision_id=attempt.decision_id,
        at=now(),
        candidate=_ran(attempt),
        verdict=Verdict.PASS if score >= 0.5 else Verdict.FAIL,
        score=score,
        source="reported",
        strength=CLAIM_STRENGTH,
        reasons=(note,) if note else (),
    )


def unstarted(attempt: Attempt, limits: Limits) -> str | None:
    """Why a model that was never called did nothing: that is no failure of the model's."""
    if attempt.turns != 0:
        return None
    if limits.cost_usd is None or "limit on USD" not in (attempt.summary or ""):
        return f"limit: {attempt.candidate} was not called. {attempt.summary or ''}".rstrip()
    return (
        f"budget: ${limits.cost_usd:.4g} is left of max_cost_usd or budget.run_usd, too little for one call of "
        f"{attempt.candidate}; raise it or choose a cheaper model."
    )


def patch_digest(patch: bytes | None) -> str:
    """What tells one patch from another; empty where there is none."""
    return "" if patch is None else hashlib.sha256(patch).hexdigest()


def digest(*parts: str) -> str:
    """A short id that is the same for the same parts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _ran(attempt: Attempt) -> str:
    """The candidate that an outcome counts for: a provider's silent substitute stands for itself."""
    served, own = attempt.model_served, attempt.candidate.partition("@")[0]
    if served is None or served == attempt.model_asked or same_model(served, own):
        return attempt.candidate
    return served
