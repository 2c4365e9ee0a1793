"""Whose provider failed lately, through no fault of a task: told from the attempts in the memory, by any process.

A model stands aside for a minute after such a failure, for twice as long after each further one in a row, at most
for an hour. An answer ends the row. What is wrong with an address or its key concerns all models behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mcp_router.types import HOST, Attempt, Candidate

if TYPE_CHECKING:
    from mcp_router.config import ModelConfig

FIRST_S, LONGEST_S = 60.0, 3600.0
LOOK_BACK = timedelta(days=1)
OF_THE_ADDRESS = ("auth", "unreachable")
OF_THE_PROVIDER = (*OF_THE_ADDRESS, "rate_limit", "server", "timeout", "garbage", "refused", "the API failed")
"""Kinds of fault, as `Attempt.fault` begins with them. Others, such as a spent budget, are nobody's outage."""


def standing_aside(
    candidates: Sequence[Candidate], attempts: Sequence[Attempt], models: Mapping[str, ModelConfig], moment: datetime
) -> dict[str, str]:
    """Who stands aside at a moment, by id, with a sentence that says why and until when; as `outages`."""
    return {name: why for name, (_, why) in outages(candidates, attempts, models, moment).items()}


def outages(
    candidates: Sequence[Candidate], attempts: Sequence[Attempt], models: Mapping[str, ModelConfig], moment: datetime
) -> dict[str, tuple[datetime, str]]:
    """Until when each candidate stands aside that does, and why.

    attempts: of the memory, oldest first. models: where those that are configured are called.
    """
    recent: list[Attempt] = []
    for attempt in reversed(attempts):
        if datetime.fromisoformat(attempt.at) < moment - LOOK_BACK:
            break
        recent.append(attempt)
    if not any(_kind(attempt) in OF_THE_PROVIDER for attempt in recent):
        return {}
    found = {}
    for candidate in candidates:
        here = _address(candidate.model, models)
        own = _row((a for a in recent if a.model_asked == candidate.model), OF_THE_PROVIDER)
        shared = _row((a for a in recent if _address(a.model_asked, models) == here), OF_THE_ADDRESS)
        until, row = max(
            ((_until(row), row) for row in (own, shared) if row), key=lambda one: one[0], default=(moment, [])
        )
        if candidate.id != HOST and until > moment:
            times = f"{len(row)} times in a row" if len(row) > 1 else "lately"
            why = f"its provider failed {times} ({_kind(row[0])})"
            found[candidate.id] = until, f"{candidate.id} stands aside until {until:%H:%M:%S} UTC: {why}"
    return found


def _row(newest_first: Iterable[Attempt], kinds: Sequence[str]) -> list[Attempt]:
    """The failures of these kinds since the last answer, newest first."""
    row = []
    for attempt in newest_first:
        if attempt.fault is None:
            break
        if _kind(attempt) in kinds:
            row.append(attempt)
    return row


def _until(row: Sequence[Attempt]) -> datetime:
    last = row[0]
    ended = datetime.fromisoformat(last.at) + timedelta(milliseconds=last.latency_ms or 0.0)
    return ended + timedelta(seconds=min(FIRST_S * 2.0 ** (len(row) - 1), LONGEST_S))


def _kind(attempt: Attempt) -> str:
    return (attempt.fault or "").partition(":")[0]


def _address(model: str, models: Mapping[str, ModelConfig]) -> tuple[str | None, ...]:
    """What models behind one endpoint with one key have in common; a model that is not configured stands alone."""
    config = models.get(model)
    return (config.provider, config.base_url, config.key_env) if config else (model,)
