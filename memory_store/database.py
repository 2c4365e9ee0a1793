"""`memory.json`: a TinyDB database made from the journal, for people and for tools that know TinyDB.

It is always made anew as a whole and put in place in one step; nothing reads it to decide. Writing to it has no
effect that lasts.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from tinydb import TinyDB
from tinydb.middlewares import CachingMiddleware
from tinydb.storages import Storage

from memory_store.files import Lock, unwritable
from memory_store.records import now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from memory_store.records import Record
    from memory_store.store import MemoryStore

FORMAT = 1
_LEFT_OUT = {"features"}
"""Hashes, a line each: they say nothing to a person and would be most of the file."""


class AtomicStorage(Storage):
    """A TinyDB storage in which readers see the old file or the new one, whole; a corrupt file reads as none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, dict[str, Any]] | None:
        """All tables; None if there is no file or it is not a database."""
        try:
            tables = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return None
        whole = isinstance(tables, dict) and all(isinstance(table, dict) for table in tables.values())
        return tables if whole else None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Put all tables in place in one step."""
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                file.write(json.dumps(data, indent=1, ensure_ascii=False, default=asdict))
            temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)


class Database:
    """The file `memory.json` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "memory.json"
        self._lock = Lock(folder / "memory.lock")
        self._known_good: tuple[str, int, int] | None = None

    def refresh(self, store: MemoryStore, min_age_s: float = 0.0) -> bool:
        """Make the database anew if it is missing, corrupt or not of what `store` has read; returns whether it was.

        A file younger than `min_age_s` seconds is left as it is: making it takes seconds with 100,000 records.

        Raises:
            JournalError: the file cannot be written; the journal is not touched by that.
        """
        if self._age_s() < min_age_s or self._is_current(store):
            return False
        with self._lock.held():
            if self._is_current(store):
                return False
            try:
                self._make(store)
            except OSError as error:
                raise unwritable(self.path, error) from None
        return True

    def _make(self, store: MemoryStore) -> None:
        mark = store.mark
        tables: dict[str, Sequence[Record]] = {
            "decisions": store.decisions(),
            "attempts": store.attempts(),
            "outcomes": store.outcomes(),
            "runs": store.run_events(),
            "reservations": store.reservations(),
        }
        database = TinyDB(self.path, storage=CachingMiddleware(AtomicStorage))  # type: ignore[no-untyped-call]
        database.drop_tables()
        database.table("_meta").insert({"format": FORMAT, "journal": mark, "made": now()})
        for name, records in tables.items():
            database.table(name).insert_multiple(map(_document, records))
        # Only here does it reach the disk, and only if all went well.
        database.close()
        self._known_good = self._signature(mark)

    def _is_current(self, store: MemoryStore) -> bool:
        mark = store.mark
        signature = self._signature(mark)
        if signature is None or signature == self._known_good:
            return signature is not None
        tables = AtomicStorage(self.path).read() or {}
        meta = tables.get("_meta", {}).get("1")
        if not isinstance(meta, dict) or (meta.get("format"), meta.get("journal")) != (FORMAT, mark):
            return False
        self._known_good = signature
        return True

    def _signature(self, mark: str) -> tuple[str, int, int] | None:
        """Tells, without reading it again, whether the file is still the one that was found good for `mark`."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return mark, status.st_size, status.st_mtime_ns

    def _age_s(self) -> float:
        try:
            return max(0.0, time.time() - self.path.stat().st_mtime)
        except OSError:
            return math.inf


def _document(record: Record) -> dict[str, Any]:
    names = (field.name for field in fields(record))
    return {name: getattr(record, name) for name in names if name not in _LEFT_OUT}
