"""`acrouter memory import`: read the sessions of a client, write down what is new, and say what was learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from mcp_router.errors import BadInput
from mcp_router.imports import claude_code, codex, mini_swe_agent, opencode
from mcp_router.imports.names import Names
from mcp_router.imports.records import SOURCE, Imported, imported
from mcp_router.imports.seen import Seen
from mcp_router.imports.session import Reading
from mcp_router.imports.state import ReadSessions
from mcp_router.imports.table import Learned
from mcp_router.models import client_candidates, configured_candidates
from mcp_router.outcomes import digest
from mcp_router.session import Session
from mcp_router.types import Decision, Outcome
from memory_store.records import stamp

UNREADABLE = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What a file that is not of its client's form may lead to; the others are read all the same."""
CLIENTS: dict[str, ModuleType] = {
    "claude-code": claude_code,
    "codex": codex,
    "opencode": opencode,
    "mini-swe-agent": mini_swe_agent,
}


def import_history(
    session: Session,
    client: str,
    path: Path | None = None,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """Take the past sessions of a client into the memory; what was taken in before is left as it is.

    path: a folder or file of the client's; its own place otherwise. dry_run: write nothing. progress is told how
    much of how much was read. Returns what `--json` prints: see `Learned.told`.

    Raises:
        BadInput: the path is not there, or holds no session of that client.
    """
    reader = CLIENTS[client]
    place = (path or reader.default_path()).expanduser()
    if not place.exists():
        raise BadInput(f"PATH: {place} does not exist; name the folder where {client} keeps its sessions.")
    sources = list(reader.sources(place))
    if not sources:
        raise BadInput(f"PATH: {place} holds no session of {client}; name the folder where it keeps them.")
    known = ReadSessions(session.home, client, session.store)
    fresh = [source for source in sources if not known.has(source)]
    total, done = sum(source.size for source in fresh), 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress(done, total)

    seen = Seen(session.store)
    reading, names = Reading(advance), Names(_candidates(session, client))
    learned = Learned(client, str(place), dry_run, sessions=len(fresh), unchanged=len(sources) - len(fresh))
    try:
        for source in fresh:
            unreadable = reading.unreadable
            try:
                found = [
                    one
                    for read in reader.read(source, reading)
                    for one in imported(read, client, names, session.title, seen.has)
                ]
            except UNREADABLE:
                reading.unreadable += 1
            if reading.unreadable > unreadable:
                # Half of a session would teach something else than the whole; the next import looks again.
                continue
            learned.add(found)
            if not dry_run:
                learned.records += write(session, found)
                known.add(source, found[0].decision.decision_id if found else None)
    finally:
        if not dry_run:
            known.save()
    return learned.told(reading)


def write(session: Session, found: Sequence[Imported]) -> int:
    """Append what the memory lacks; returns how many records that were. A repository that is gone stays known."""
    decisions = {one.decision.decision_id: _kept(session, one.decision) for one in found}
    attempts = [one.attempt for one in found]
    outcomes = [one.outcome for one in found if one.outcome is not None]
    before = session.store.journal.health()["records"]
    session.store.append(*decisions.values(), *attempts, *outcomes)
    session.store.append(*filter(None, (_instead(session, outcome) for outcome in outcomes)))
    return int(session.store.journal.health()["records"]) - int(before)


def _instead(session: Session, outcome: Outcome) -> Outcome | None:
    """An outcome again, after the one that holds, where what was imported before said something else."""
    held = session.store.effective_outcome(outcome.attempt_id)
    if held is None or held.source != SOURCE or _said(held) == _said(outcome):
        return None
    at = stamp(datetime.fromisoformat(held.at) + timedelta(milliseconds=1))
    return replace(outcome, at=at, outcome_id=digest(outcome.outcome_id, at))


def _said(outcome: Outcome) -> tuple[str, float | None, float]:
    return outcome.verdict, outcome.score, outcome.strength


def _kept(session: Session, decision: Decision) -> Decision:
    held = session.store.decision(decision.decision_id)
    if held is None or held.repo is None or decision.repo is not None:
        return decision
    return replace(decision, repo=held.repo, path=held.path)


def _candidates(session: Session, client: str) -> tuple[Any, ...]:
    configured = configured_candidates(session.config)
    own = client_candidates(client) if client in ("claude-code", "codex") else ()
    return (*(configured or ()), *own)
