"""`journal.jsonl`: the truth of the memory, append-only, one record a line. `docs/memory.md` has the format.

Writers of all processes take turns by one lock and write a batch in one piece; readers take no lock. What a
writer that died left unfinished at the end is cut by the next one; a damaged line stays where it is, is copied
aside and reported.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from memory_store.files import LOCK_TIMEOUT_S, JournalError, Lock, append_durably
from memory_store.lines import clean, id_of, parse
from memory_store.records import VERSION, Record, to_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DamagedLine", "Journal", "JournalError"]

_TAIL_BYTES = 64
_SHOWN_DAMAGES = 20


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line that holds no record. It stays in the journal; `line` counts from 1, `start` and `size` are bytes."""

    line: int
    start: int
    size: int
    why: str


class Journal:
    """One process's view of a journal file. Not for several threads at once: `MemoryStore` sees to that.

    `generation` grows when the file turned out to be another one than before (replaced, restored, shrunk):
    what `read_new` gave until then no longer counts, and the next call gives everything from the start.
    """

    def __init__(self, path: Path, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.path = path
        self.generation = 0
        self._lock = Lock(path.with_suffix(".lock"), lock_timeout_s)
        self._restart()

    def _restart(self) -> None:
        self.offset = 0
        self.damaged: list[DamagedLine] = []
        self.newest_version = 0
        self._lines = 0
        self._ids: set[str] = set()
        self._unread: list[Record] = []
        self._seen: tuple[int, int, int] | None = None
        self._tail = b""

    def read_new(self) -> list[Record]:
        """The records that were appended since the last call, in the order of the file.

        A missing file is an empty memory. What another process is still writing comes with the next call.

        Raises:
            JournalError: the file is there and cannot be read.
        """
        self._catch_up()
        records, self._unread = self._unread, []
        return records

    def append(self, *records: Record) -> None:
        """Write the records, all or none, secrets redacted; they are on disk when this returns.

        A record that is there already is not written again.

        Raises:
            JournalError: nothing was written: the disk is full, the folder is read-only, the lock is held by
                somebody else, or the file is of a newer version or holds no record at all.
            ValueError: a record holds something that is not plain JSON; nothing was written.
        """
        lines = {id_of(line): line for line in map(to_line, map(clean, records))}
        with self.transaction():
            fresh = [line for key, line in lines.items() if key not in self._ids]
            if fresh:
                append_durably(self.path, "".join(f"{line}\n" for line in fresh).encode())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock, with all that others wrote read in; what the body appends is one step for every process.

        What was appended stays when the body raises.

        Raises:
            JournalError: as `append`.
        """
        with self._lock.held():
            self._catch_up()
            problem = self._problem()
            if problem:
                raise JournalError(problem)
            self._finish_torn_line()
            yield

    def merge(self, other: Path) -> int:
        """Append what the journal `other` has and this one lacks; returns how many records that were.

        Damaged lines of `other` are not taken over.

        Raises:
            JournalError: `other` is missing, of a newer version or holds no record; else as `append`.
        """
        source = Journal(other)
        records = source.read_new()
        problem = source._problem() if other.is_file() else f"{other} is not a file; name the journal to merge."
        if problem:
            raise JournalError(problem)
        with self.transaction():
            before = len(self._ids)
            self.append(*(record for record in records if id_of(to_line(record)) not in self._ids))
            self._catch_up()
            return len(self._ids) - before

    def health(self) -> dict[str, Any]:
        """What is known of the file. `problem` is None if it can be written to, else one sentence; `damaged` shows
        the first 20 of the `damaged_lines`; `quarantine` and `torn` are the files that keep what was put aside.
        """
        self._catch_up()
        aside = {name: self.path.with_suffix(f".{name}") for name in ("quarantine", "torn")}
        return {
            "path": str(self.path),
            "bytes": self.offset,
            "records": len(self._ids),
            "version": self.newest_version or None,
            "damaged_lines": len(self.damaged),
            "damaged": [{"line": line.line, "why": line.why} for line in self.damaged[:_SHOWN_DAMAGES]],
            **{name: str(path) if path.exists() else None for name, path in aside.items()},
            "problem": self._problem(),
        }

    @property
    def mark(self) -> str:
        """Names the state that was read: two journals with equal marks hold the same lines."""
        return f"{self.offset}-{hashlib.sha256(self._tail).hexdigest()[:16]}"

    def _catch_up(self) -> None:
        try:
            status = self.path.stat()
            seen = (status.st_ino, status.st_size, status.st_mtime_ns)
            if seen != self._seen:
                with self.path.open("rb") as file:
                    if self._seen and not self._is_same(file, status):
                        self._begin_anew()
                    self._read_lines(file)
                self._seen = seen
        except FileNotFoundError:
            if self._seen:
                self._begin_anew()
        except OSError as error:
            raise JournalError(f"{self.path} cannot be read ({error.strerror}); make it a readable file.") from None

    def _begin_anew(self) -> None:
        self._restart()
        self.generation += 1

    def _is_same(self, file: BinaryIO, status: os.stat_result) -> bool:
        """Whether what was read is still there: an editor or a restored copy may have replaced it."""
        if self._seen is None or status.st_ino != self._seen[0] or status.st_size < self.offset:
            return False
        file.seek(self.offset - len(self._tail))
        return file.read(len(self._tail)) == self._tail

    def _read_lines(self, file: BinaryIO) -> None:
        known = len(self.damaged)
        file.seek(self.offset)
        for raw in file:
            if not raw.endswith(b"\n"):
                break
            self._lines += 1
            self._tail = raw[-_TAIL_BYTES:]
            if raw.strip():
                self._read_line(raw)
            self.offset += len(raw)
        if self._ids and len(self.damaged) > known:
            self._quarantine(file, self.damaged[known:])

    def _read_line(self, raw: bytes) -> None:
        try:
            key, version, record = parse(raw)
        except ValueError as error:
            self.damaged.append(DamagedLine(self._lines, self.offset, len(raw), str(error)))
            return
        self.newest_version = max(self.newest_version, version)
        if key not in self._ids:
            self._ids.add(key)
            if record is not None:
                self._unread.append(record)

    def _quarantine(self, file: BinaryIO, lines: list[DamagedLine]) -> None:
        """Copy damaged lines aside, each once; where that cannot be written, `health` alone tells of them."""
        path = self.path.with_suffix(".quarantine")
        with suppress(OSError, JournalError):
            there = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            for line in lines:
                file.seek(line.start)
                text = file.read(line.size).decode(errors="backslashreplace").rstrip("\n")
                entry = json.dumps({"line": line.line, "why": line.why, "text": text})
                if entry not in there:
                    append_durably(path, f"{entry}\n".encode())

    def _problem(self) -> str | None:
        """Why the file must not be written to; None if it may be."""
        if self.newest_version > VERSION:
            return (
                f"{self.path} was written by a newer acrouter (format {self.newest_version}, this one writes "
                f"{VERSION}); nothing was written; upgrade acrouter."
            )
        if not self._ids and (self.damaged or not _may_be_ours(self._torn_line())):
            return (
                f"{self.path} holds no readable record, so it is not taken for an empty memory; "
                "nothing was written; restore it from a copy, or move it away to begin anew."
            )
        return None

    def _torn_line(self) -> bytes:
        """What stands behind the last whole line: under the lock, what a writer that died left."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read()
        return b""

    def _finish_torn_line(self) -> None:
        torn = self._torn_line()
        if not torn:
            return
        try:
            parse(torn)
        except ValueError:
            append_durably(self.path.with_suffix(".torn"), torn + b"\n")
            os.truncate(self.path, self.offset)
        else:
            append_durably(self.path, b"\n")
        self._catch_up()


def _may_be_ours(torn: bytes) -> bool:
    start = b'{"v": '
    return torn[: len(start)] == start[: len(torn)]
