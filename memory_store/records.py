"""The records of the journal. Each is one line of `journal.jsonl`; `docs/memory.md` describes the format.

Records hold plain JSON values only. Unknown is None, never 0. Money is in USD, time in milliseconds,
`at` is UTC in ISO 8601 with a Z.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

VERSION = 1


def now() -> str:
    """The current time, as records write it: UTC, milliseconds, for example 2026-11-24T09:30:00.000Z."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment as records write it; of two stamps the later one is the greater string."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Token counts of one or more calls. The four are disjoint: `input` excludes both cache counts."""

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None

    @property
    def prompt(self) -> int:
        """All that went in, cached or not; what is not known is left out."""
        return (self.input or 0) + (self.cache_read or 0) + (self.cache_write or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One candidate in a decision's chain, with what was believed of it then.

    p_success is in [0, 1] with its 80 % interval [low, high]; cost_usd is the expected cost of one attempt.
    `outcomes` counts the attempts behind the estimate, `verified` those of them whose checks ran here,
    `neighbours` names the most similar past decisions that moved it.
    """

    candidate: str
    model: str
    effort: str | None = None
    p_success: float
    low: float
    high: float
    cost_usd: float | None
    outcomes: int = 0
    verified: int = 0
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The state of a repository when a task was routed: a commit that holds the uncommitted work too.

    `commit` is that snapshot and `tree` its tree; `head` the user's own commit, None in a repository without
    any; `left_out` names untracked files that were too large to take along.
    """

    commit: str
    tree: str
    head: str | None
    dirty: bool
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Which candidates to try for one task, in which order, and why.

    `propensity` is the probability with which the first candidate was chosen, in (0, 1]. `title` is the
    task's first line, cut and redacted; the task's text itself is not kept. `features` are hashes of its
    words, by which similar tasks are found; `names` the tests, files and identifiers that it names, by which its
    result is judged. `eligible` are the candidates that were chosen among. `path` is the folder on this machine.
    """

    kind: ClassVar[str] = "decision"

    decision_id: str
    at: str
    repo: str | None
    path: str | None = None
    title: str
    features: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    dimension: str = "unknown"
    dimension_confidence: float | None = None
    language: str | None = None
    mode: str = "advise"
    client: str | None = None
    eligible: tuple[str, ...] = ()
    chain: tuple[Choice, ...]
    propensity: float
    policy: str
    reason: str
    checks: str | None = None
    base: Base | None = None
    max_cost_usd: float | None = None
    max_attempts: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One candidate's work on one task. It is paid for whatever came of it.

    `cost_source` is reported, computed, partial (some calls went unanswered) or unknown. `fault` names what kept
    the model from answering (None if it answered); a fault is not the model's failure. `result` is the ref of the
    commit that holds its work.
    """

    kind: ClassVar[str] = "attempt"

    attempt_id: str
    decision_id: str
    at: str
    candidate: str
    model_asked: str
    model_served: str | None = None
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    cost_source: str = "unknown"
    latency_ms: float | None = None
    turns: int | None = None
    patch_sha256: str | None = None
    result: str | None = None
    summary: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A verdict on an attempt. Of several on one the last verified one with a score holds, else the last reported.

    `score` is in [0, 1], None where the verdict is no_signal. `source` is verified (our own run of the checks),
    reported (a claim) or imported (read off the transcript of a past session). `strength` in [0, 1] is how much the
    evidence binds: the weight with which it teaches. `candidate` is the one that the outcome counts for: the one that
    ran.
    """

    kind: ClassVar[str] = "outcome"

    outcome_id: str
    attempt_id: str
    decision_id: str
    at: str
    candidate: str
    verdict: str
    score: float | None
    source: str
    strength: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """A step in the life of work that outlasts one call: a delegated run, or the checks of a report.

    `work` is delegate or verify; `status` is running, done, failed, cancelled or interrupted. pid and
    pid_started (seconds since the epoch) tell a living worker from a dead one.
    """

    kind: ClassVar[str] = "run"

    event_id: str
    decision_id: str
    at: str
    work: str
    status: str
    note: str | None = None
    attempt_id: str | None = None
    result: str | None = None
    pid: int | None = None
    pid_started: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Money set aside before a call, so that two clients cannot both spend the last dollar.

    It counts in full until an event with the same id settles it: `spent_usd` is then what was really spent;
    None leaves the whole amount counted, because an unknown cost must not look free.
    """

    kind: ClassVar[str] = "reservation"

    reservation_id: str
    decision_id: str
    at: str
    amount_usd: float
    settled: bool = False
    spent_usd: float | None = None


Record = Decision | Attempt | Outcome | RunEvent | Reservation
KINDS: dict[str, type[Record]] = {cls.kind: cls for cls in (Decision, Attempt, Outcome, RunEvent, Reservation)}


def to_line(record: Record) -> str:
    """One line of the journal, without its newline: version, content id, kind, data.

    Raises:
        ValueError: a number is not finite, or a value is not plain JSON; names the kind of record.
    """
    data = {key: value for key, value in dataclasses.asdict(record).items() if value is not None}
    try:
        body = canonical(data)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a {record.kind} record cannot be written: {error}") from None
    head = json.dumps({"v": VERSION, "id": content_id(record.kind, body), "kind": record.kind})
    return f'{head[:-1]}, "data": {body}}}'


def canonical(data: dict[str, Any]) -> str:
    """The one way to write `data` as JSON, over which the content id is taken."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_id(kind: str, body: str) -> str:
    """The first 128 bits of SHA-256 over kind and canonical data, in hex: equal records have equal ids."""
    return hashlib.sha256(f"{kind}\n{body}".encode()).hexdigest()[:32]


def from_data(kind: str, data: dict[str, Any]) -> Record:
    """The record of a journal line.

    Raises:
        ValueError: the kind is unknown, or a field is missing or of the wrong type.
    """
    cls = KINDS.get(kind)
    if cls is None:
        raise ValueError(f"unknown kind of record {kind!r}")
    try:
        return typing.cast("Record", _build(cls, data))
    except TypeError as error:
        raise ValueError(f"a {kind} record does not fit its format: {error}") from None


def _build(cls: type, data: dict[str, Any]) -> Any:
    """A dataclass from JSON values; unknown keys are ignored, so that a newer writer's extra fields do no harm."""
    fields, nullable = _fields(cls)
    values = dict.fromkeys(nullable)
    for key, value in data.items():
        if key in fields:
            kind, read = fields[key]
            values[key] = value if type(value) is kind else read(value)
    return cls(**values)


Reader = Callable[[Any], Any]


@functools.cache
def _fields(cls: type) -> tuple[dict[str, tuple[type, Reader]], tuple[str, ...]]:
    """How to read each field, worked out once a class, because reading is hot: the type that is right as it
    stands, and what to do with any other. Then the fields without a default that a line leaves out for None.
    """
    hints = typing.get_type_hints(cls)
    fields = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(cls)}
    required = (field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING)
    return fields, tuple(name for name in required if type(None) in typing.get_args(hints[name]))


def _reader(hint: Any) -> tuple[type, Reader]:
    if isinstance(hint, types.UnionType):
        kind, read = _reader(next(arm for arm in typing.get_args(hint) if arm is not type(None)))
        return kind, lambda value: None if value is None else read(value)
    if typing.get_origin(hint) is tuple:
        return tuple, functools.partial(_read_tuple, typing.get_args(hint)[0])
    return hint, functools.partial(_read_one, hint)


def _read_tuple(kind: type, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    if set(map(type, value)) <= {kind}:
        return tuple(value)
    return tuple(_read_one(kind, item) for item in value)


def _read_one(kind: type, value: Any) -> Any:
    if type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        return _build(kind, value)
    raise TypeError(f"{value!r} is not of type {kind.__name__}")
