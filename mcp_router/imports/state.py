"""Which sessions were read already: `imports.json` in the state folder. Lost, it costs time and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mcp_router.imports.lines import table
from mcp_router.imports.session import Source
from memory_store.store import MemoryStore

RULES = 2
"""Grows when the same sessions would teach something else: then all are read anew."""


class ReadSessions:
    """The mark of each session when it was last read, and one decision that it became."""

    def __init__(self, home: Path, client: str, store: MemoryStore) -> None:
        self._path, self._client, self._store = home / "imports.json", client, store
        try:
            data = table(json.loads(self._path.read_bytes()))
        except (OSError, ValueError):
            data = {}
        self._all: dict[str, Any] = table(data.get("sessions")) if data.get("rules") == RULES else {}
        self._own = table(self._all.setdefault(client, {}))

    def has(self, source: Source) -> bool:
        """Whether a session was read as it is now, and the memory still knows of it."""
        known = table(self._own.get(source.key))
        decision = known.get("decision")
        return known.get("mark") == source.mark and (decision is None or self._store.decision(decision) is not None)

    def add(self, source: Source, decision: str | None) -> None:
        """Remember a session that was read and written down."""
        self._own[source.key] = {"mark": source.mark, "decision": decision}

    def save(self) -> None:
        """Write it down, as a whole."""
        self._all[self._client] = self._own
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"rules": RULES, "sessions": self._all}), encoding="utf-8")
        fresh.replace(self._path)
