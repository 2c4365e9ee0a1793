"""The memory: whether it can be read and written, what is damaged, how large it is, who holds it, what is open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mcp_router.doctor.findings import Finding, Ground, failure, ok, told, warning
from memory_store.files import Lock
from memory_store.journal import JournalError
from memory_store.records import stamp
from memory_store.store import MemoryStore

LOCK_WAIT_S = 1.0
OPEN_AFTER = timedelta(days=1)
OPEN_FEW = 10


def memory(ground: Ground) -> Iterator[Finding]:
    """The journal's health."""
    journal = ground.home / "journal.jsonl"
    yield _writable(ground.home)
    if not journal.exists():
        yield ok("memory", f"empty yet; {journal} is made with the first decision")
        return
    try:
        store = MemoryStore(ground.home)
        health = store.health()
    except JournalError as error:
        yield told("memory", error)
        return
    size = f"{health['bytes'] / 1e6:.1f} MB"
    if health["problem"]:
        yield told("memory", JournalError(health["problem"]))
    else:
        yield ok("memory", f"{health['records']:,} records, {size}, {health['decisions']:,} decisions")
    if health["damaged_lines"]:
        first = health["damaged"][0]
        says = (
            f"{health['damaged_lines']} damaged lines are left out, the first is line {first['line']}: {first['why']}"
        )
        yield warning("memory", says, f"look at {health['quarantine'] or journal}; nothing else is lost")
    yield from _locks(ground.home)
    yield from _open(store)


def _writable(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if os.access(there, os.W_OK | os.X_OK) and there.is_dir():
        return ok("state folder", f"{home} can be written to" if there == home else f"{home} can be made")
    return failure("state folder", f"{there} cannot be written to", f"chmod u+rwx {there}  # or set ACROUTER_HOME")


def _locks(home: Path) -> Iterator[Finding]:
    """Held only for milliseconds by who works as it should."""
    for name in ("journal.lock", "memory.lock"):
        if not (home / name).exists():
            continue
        try:
            with Lock(home / name, LOCK_WAIT_S).held():
                pass
        except JournalError as error:
            yield told("locks", error)


def _open(store: MemoryStore) -> Iterator[Finding]:
    """Decisions of which nobody ever said what became of them teach nothing."""
    since = stamp(datetime.now(UTC) - OPEN_AFTER)
    old = [one.decision_id for one in store.decisions() if one.at < since]
    silent = [one for one in old if not store.attempts(one) and not store.outcomes(one)]
    says = f"{len(silent)} of {len(old)} decisions older than a day have no outcome"
    if len(silent) > max(OPEN_FEW, len(old) // 2):
        yield warning("decisions", f"{says}, so they teach nothing", "acrouter report DECISION_ID, or use the plugin")
    elif old:
        yield ok("decisions", says)
