"""From a session that was read to records of the memory: equal sessions give equal records, written once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import fsum

from mcp_router.imports.names import Names, repository
from mcp_router.imports.session import Author, Part, Session, Subtask
from mcp_router.imports.verdict import NO_RUN, Verdict, judge, resolved
from mcp_router.orchestrator.task import make_task, names_in
from mcp_router.outcomes import digest
from mcp_router.types import Attempt, Decision, Outcome, Task, Tokens
from memory_store.redact import redact

MODE, POLICY, SOURCE = "import", "imported", "imported"
WORDLESS = "(a prompt without words)"


@dataclass(frozen=True, slots=True)
class Imported:
    """One model's part in a subtask, as it is written down. outcome is None where a fault kept it from ending."""

    decision: Decision
    attempt: Attempt
    outcome: Outcome | None


def imported(
    session: Session,
    client: str,
    names: Names,
    title: Callable[[str], str],
    is_known: Callable[[Subtask], bool] = lambda _: False,
) -> Iterator[Imported]:
    """What a session teaches. A subtask that nobody answered, or that the memory knows already, is left out."""
    verdicts = judge(session.events)
    for subtask in session.subtasks.values():
        if not subtask.parts or is_known(subtask):
            continue
        decision = _decision(subtask, client, names, title)
        for n, part in enumerate(subtask.parts.values(), 1):
            attempt = _attempt(subtask, part, decision.decision_id, n, names)
            verdict = verdicts.get(Author(subtask.key, part.served or part.asked), NO_RUN)
            if subtask.resolved is not None:
                verdict = resolved(subtask.resolved)
            yield Imported(decision, attempt, None if subtask.fault else _outcome(attempt, verdict))


def _decision(subtask: Subtask, client: str, names: Names, title: Callable[[str], str]) -> Decision:
    repo, root = repository(subtask.cwd)
    text = subtask.text if subtask.text.strip() else WORDLESS
    task: Task = make_task(text, repo=repo)
    parts = list(subtask.parts.values())
    candidates = (_candidate(part, names) for part in parts)
    efforts = sorted({part.ran_at for part in parts if part.ran_at})
    who = "a subagent's run" if subtask.is_agent else "a turn of the main thread"
    return Decision(
        decision_id=f"i_{digest(client, subtask.key)}",
        at=subtask.at,
        repo=repo,
        path=root,
        title=title(text),
        features=task.features,
        # Redacted before it is cut: a key that stands alone is no longer known as one.
        names=names_in(redact(text)),
        dimension=task.dimension,
        dimension_confidence=task.dimension_confidence,
        language=task.language,
        mode=MODE,
        client=client,
        eligible=tuple(dict.fromkeys(candidates)),
        chain=(),
        propensity=1.0,
        policy=POLICY,
        reason=f"imported: {who}" + (f" at effort {', '.join(efforts)}" if efforts else ""),
        idempotency_key=f"import:{client}:{subtask.key}",
    )


def _candidate(part: Part, names: Names) -> str:
    return names.candidate(part.served or part.asked, part.effort, part.ran_at)


def _attempt(subtask: Subtask, part: Part, decision_id: str, n: int, names: Names) -> Attempt:
    cost, source = _cost(subtask, part, names)
    alone = len(subtask.parts) == 1
    start, end = (subtask.at, subtask.end) if alone else (part.calls[0].at, part.calls[-1].at)
    return Attempt(
        attempt_id=f"{decision_id}.{n}",
        decision_id=decision_id,
        at=end or subtask.at,
        candidate=_candidate(part, names),
        model_asked=part.asked,
        model_served=part.served,
        tokens=total([call.tokens for call in part.calls]),
        cost_usd=cost,
        cost_source=source,
        latency_ms=_milliseconds(start, end),
        turns=len(part.calls),
        fault=subtask.fault,
    )


def _cost(subtask: Subtask, part: Part, names: Names) -> tuple[float | None, str]:
    """What the client recorded, else the list price of each call. A client that knows no price records 0."""
    if subtask.cost_usd is not None and len(subtask.parts) == 1:
        return subtask.cost_usd, "reported"
    told = [call.cost_usd for call in part.calls]
    if None not in told and (reported := fsum(cost for cost in told if cost is not None)) > 0:
        return reported, "reported"
    listed = [names.cost_usd(part.served or part.asked, call) for call in part.calls]
    if None in listed:
        return None, "unknown"
    return fsum(cost for cost in listed if cost is not None), "computed"


def _outcome(attempt: Attempt, verdict: Verdict) -> Outcome:
    at = max(verdict.at, attempt.at)
    return Outcome(
        outcome_id=digest(attempt.attempt_id, SOURCE, verdict.verdict, verdict.reason, at),
        attempt_id=attempt.attempt_id,
        decision_id=attempt.decision_id,
        at=at,
        candidate=attempt.candidate,
        verdict=verdict.verdict,
        score=verdict.score,
        source=SOURCE,
        strength=verdict.strength,
        reasons=(verdict.reason,),
    )


def total(tokens: Sequence[Tokens]) -> Tokens:
    """The sum of each count; None where one of them is not known."""

    def add(counts: list[int | None]) -> int | None:
        return None if None in counts else sum(count for count in counts if count is not None)

    return Tokens(
        input=add([one.input for one in tokens]),
        cache_read=add([one.cache_read for one in tokens]),
        cache_write=add([one.cache_write for one in tokens]),
        output=add([one.output for one in tokens]),
    )


def _milliseconds(start: str, end: str) -> float | None:
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (ValueError, TypeError):
        return None
    return round(1000 * seconds, 3) if seconds > 0 else None
