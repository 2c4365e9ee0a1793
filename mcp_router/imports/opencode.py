"""opencode: one SQLite database of sessions, messages and parts; opened so that nothing of it is written.

The model is the configured one; a different served name is recorded nowhere. Costs are those that opencode recorded.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from mcp_router.errors import BadInput
from mcp_router.imports.lines import count, moment, table, usd, word
from mcp_router.imports.session import Author, Call, Reading, Session, Source, Subtask
from memory_store.records import Tokens

EPOCH = "1970-01-01T00:00:00.000Z"
"""Stands for a time that is missing."""
EDITS = ("edit", "write", "multiedit", "patch", "apply_patch")


def default_path() -> Path:
    """Where opencode keeps its sessions."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "opencode" / "opencode.db"


def sources(path: Path) -> Iterator[Source]:
    """The sessions of a database that nobody started as a subagent.

    Raises:
        BadInput: it is no database of opencode's.
    """
    file = path / "opencode.db" if path.is_dir() else path
    try:
        with closing(_open(file)) as database:
            rows = database.execute("SELECT id, parent_id, time_updated FROM session ORDER BY id").fetchall()
    except sqlite3.Error as error:
        raise BadInput(f"{file} is no database of opencode's ({error}); name its opencode.db.") from None
    parents = {key: parent for key, parent, _ in rows}
    marks: dict[str, list[str]] = {}
    for key, _, updated in rows:
        marks.setdefault(_root(key, parents), []).append(f"{key}-{updated}")
    for key, own in marks.items():
        yield Source(key, (file,), " ".join(own), 1)


def read(source: Source, reading: Reading) -> Iterator[Session]:
    """The session of a source, with its subagents' sessions."""
    session = Session()
    try:
        with closing(_open(source.files[0])) as database:
            parents = dict(database.execute("SELECT id, parent_id FROM session").fetchall())
            own = [key for key in parents if _root(key, parents) == source.key]
            for key in sorted(own, key=lambda one: (parents[one] is not None, one)):
                _thread(database, session, key, parents[key] is not None, reading)
    except sqlite3.Error:
        reading.unreadable += 1
    reading.advance(source.size)
    yield session


def _open(file: Path) -> sqlite3.Connection:
    """Read-only. With no log beside it nothing is being written: then not even a lock is taken."""
    log = file.with_name(file.name + "-wal")
    still = not log.exists() or log.stat().st_size == 0
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}", uri=True)


def _root(key: str, parents: dict[str, str | None]) -> str:
    seen = {key}
    while (parent := parents.get(key)) is not None and parent in parents and parent not in seen:
        seen.add(parent)
        key = parent
    return key


def _thread(database: sqlite3.Connection, session: Session, key: str, is_agent: bool, reading: Reading) -> None:
    folder = database.execute("SELECT directory FROM session WHERE id = ?", (key,)).fetchone()[0]
    subtask: Subtask | None = None
    rows = database.execute("SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id", (key,))
    for message_id, text in rows:
        data = _object(text, reading)
        role, at = data.get("role"), _moment(table(data.get("time")).get("created"))
        if role == "user" and not (is_agent and subtask):
            words = _words(database, message_id, reading)
            subtask = session.begin(key if is_agent else message_id, words, at, folder, is_agent=is_agent)
        elif role == "assistant" and subtask is not None:
            _answer(database, session, subtask, message_id, data, folder, reading)
        elif role not in ("user", "assistant"):
            reading.unknown[str(role)] += 1


def _answer(
    database: sqlite3.Connection,
    session: Session,
    subtask: Subtask,
    message_id: str,
    data: dict[str, Any],
    folder: str,
    reading: Reading,
) -> None:
    model, times = word(data.get("modelID")) or "", table(data.get("time"))
    at = _moment(times.get("completed") or times.get("created"))
    error = table(data.get("error"))
    if error:
        aborted = error.get("name") == "MessageAbortedError"
        subtask.fault = "interrupted by the user" if aborted else f"api error: {error.get('name')}"
    if not model:
        return
    if table(data.get("tokens")).get("output") or not error:
        fault = subtask.fault
        call = Call(at, _tokens(table(data.get("tokens"))), model, usd(data.get("cost")))
        session.answered(subtask, None, model, call)
        subtask.fault = fault if error else None
    for part in _parts(database, message_id, reading):
        if part.get("type") == "tool":
            _tool(session, Author(subtask.key, model), part, word(table(data.get("path")).get("cwd")) or folder)


def _tool(session: Session, author: Author, part: dict[str, Any], cwd: str) -> None:
    state, name = table(part.get("state")), part.get("tool")
    given, metadata = table(state.get("input")), table(state.get("metadata"))
    at = _moment(table(state.get("time")).get("end"))
    if state.get("status") != "completed":
        return
    if name == "bash":
        folder, code = word(given.get("workdir")) or cwd, count(metadata.get("exit"))
        session.ran(author, at, str(given.get("command") or ""), folder, code, str(state.get("output") or ""))
    elif name in EDITS:
        session.edited(author, at, word(given.get("filePath")), cwd)


def _words(database: sqlite3.Connection, message_id: str, reading: Reading) -> str:
    """What the user wrote; `opencode run` puts it in quotes."""
    parts = _parts(database, message_id, reading)
    texts = [str(part.get("text") or "") for part in parts if part.get("type") == "text" and not part.get("synthetic")]
    text = "\n".join(texts).strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _parts(database: sqlite3.Connection, message_id: str, reading: Reading) -> Iterator[dict[str, Any]]:
    for (text,) in database.execute("SELECT data FROM part WHERE message_id = ? ORDER BY id", (message_id,)):
        yield _object(text, reading)


def _object(text: Any, reading: Reading) -> dict[str, Any]:
    try:
        return table(json.loads(text))
    except (TypeError, ValueError, RecursionError):
        reading.broken += 1
        return {}


def _tokens(tokens: dict[str, Any]) -> Tokens:
    cache, output = table(tokens.get("cache")), count(tokens.get("output"))
    thought = count(tokens.get("reasoning")) or 0
    return Tokens(
        input=count(tokens.get("input")),
        cache_read=count(cache.get("read")),
        cache_write=count(cache.get("write")),
        output=None if output is None else output + thought,
    )


def _moment(milliseconds: Any) -> str:
    return moment(milliseconds / 1000 if isinstance(milliseconds, int | float) else None, EPOCH)
