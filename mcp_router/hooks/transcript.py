"""What a subagent did, from its own file: who answered, what it cost, which files it edited, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mcp_router.hooks.calls import Call
from mcp_router.models import cost_usd, hour_writes, resolve
from memory_store.records import Tokens

EDITS = {"Edit": "file_path", "Write": "file_path", "MultiEdit": "file_path", "NotebookEdit": "notebook_path"}
SYNTHETIC = "<synthetic>"


@dataclass(slots=True)
class Work:
    """served: models that answered, in order. edits: when each file was first edited, in nanoseconds since 1970;
    editors: the models that edited or ran commands. commands: when the first shell command ran. failed: what kept
    the model from going on, if that was the last word."""

    served: list[str] = field(default_factory=list)
    asked: str | None = None
    effort: str | None = None
    tokens: Tokens = field(default_factory=Tokens)
    cost_usd: float | None = None
    turns: int = 0
    edits: dict[str, int] = field(default_factory=dict)
    editors: set[str] = field(default_factory=set)
    commands_ns: int | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    failed: str | None = None

    def edited(self, path: str, at: int | None) -> None:
        """Take in an edit of a file."""
        self.edits.setdefault(path, at or 0)

    def ran(self, at: int | None) -> None:
        """Take in a shell command."""
        self.commands_ns = at or 0 if self.commands_ns is None else self.commands_ns

    def saw(self, at: int | None) -> None:
        """Take in that something happened."""
        self.first_ns = at if self.first_ns is None else self.first_ns
        self.last_ns = at or self.last_ns


def read_transcript(path: Path, since: int = 0) -> Work:
    """The work in a Claude Code file from byte `since` on. One answer fills several lines that repeat its usage: it
    counts once."""
    work, usage = Work(), dict[str, tuple[str, dict[str, Any]]]()
    for line in lines_of(path, since):
        message = line.get("message")
        if line.get("type") not in ("assistant", "user") or not isinstance(message, dict):
            continue
        at = nanoseconds(line.get("timestamp"))
        work.saw(at)
        if line["type"] == "user":
            continue
        model = str(message.get("model") or "")
        if line.get("isApiErrorMessage") or model == SYNTHETIC:
            work.failed = f"the API failed ({line.get('apiErrorStatus') or 'no status'})"
            continue
        work.failed = None
        if model and model not in work.served:
            work.served.append(model)
        work.asked = line.get("requestedModel") or work.asked
        work.effort = line.get("effort") or work.effort
        if isinstance(message.get("usage"), dict):
            usage[str(message.get("id") or line.get("uuid"))] = (model, message["usage"])
        _take_tools(work, message.get("content"), at, model)
    _count(work, list(usage.values()))
    return work


def _take_tools(work: Work, content: Any, at: int | None, model: str) -> None:
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict) or block.get("type") != "tool_use":
            continue
        name, given = block.get("name"), block.get("input")
        if name in EDITS and isinstance(given, dict) and given.get(EDITS[name]):
            work.edited(str(given[EDITS[name]]), at)
            work.editors.add(model)
        elif name == "Bash":
            work.ran(at)


def _count(work: Work, calls: list[tuple[str, dict[str, Any]]]) -> None:
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    counts = [(model, [int(usage.get(name) or 0) for name in names], hour_writes(usage)) for model, usage in calls]
    take_counts(work, counts)


def take_counts(work: Work, calls: list[tuple[str, list[int], int]]) -> None:
    """Tokens and USD of all calls, each given by its model, then input, cache read, cache write and output, and the
    part of the cache write that is kept for an hour."""
    work.turns = len(calls)
    if not calls:
        return
    work.tokens = _tokens([sum(column) for column in zip(*(counts for _, counts, _ in calls), strict=True)])
    costs = [_cost(model, _tokens(counts), hour) for model, counts, hour in calls]
    work.cost_usd = None if None in costs else sum(cost for cost in costs if cost is not None)


def _tokens(counts: list[int]) -> Tokens:
    return Tokens(input=counts[0], cache_read=counts[1], cache_write=counts[2], output=counts[3])


def _cost(model: str, tokens: Tokens, hour: int) -> float | None:
    known = resolve(model)
    return cost_usd(known.price_at(tokens.prompt), tokens, hour) if known else None


def lines_of(path: Path, since: int = 0) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines; what is no object, or cut off, is passed over."""
    try:
        with path.open("rb") as file:
            file.seek(since)
            for raw in file:
                try:
                    line = json.loads(raw)
                except ValueError:
                    continue
                if isinstance(line, dict):
                    yield line
    except OSError:
        return


def nanoseconds(stamp: Any) -> int | None:
    """A moment in ISO 8601 as nanoseconds since 1970; None if it is none."""
    try:
        return int(datetime.fromisoformat(str(stamp)).timestamp() * 1e9)
    except ValueError:
        return None


def meta_of(transcript: Path) -> dict[str, Any]:
    """What Claude Code notes beside a subagent's file."""
    try:
        found = json.loads(transcript.with_suffix(".meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def transcripts_of(main: str | None) -> list[Path]:
    """The files of a session's subagents."""
    return sorted((Path(main).with_suffix("") / "subagents").glob("agent-*.jsonl")) if main else []


def find_transcript(call: Call) -> str | None:
    """A subagent's own file: the one that is known, or of its id, or whose note names the call."""
    for path in transcripts_of(call.main_transcript) if call.transcript is None else ():
        if path.stem == f"agent-{call.agent_id}" or meta_of(path).get("toolUseId") == call.tool_use_id:
            return str(path)
    return call.transcript
