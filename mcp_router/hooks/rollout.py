"""What a subagent of Codex did, from its rollout file. Codex notes no served model: there is only the one asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp_router.hooks.transcript import Work, lines_of, nanoseconds, take_counts


def read_rollout(path: Path) -> Work:
    """The work in a Codex rollout. Input tokens there include the cached ones."""
    work, calls = Work(), dict[str, tuple[str, list[int], int]]()
    for line in lines_of(path):
        payload = line.get("payload")
        if not isinstance(payload, dict):
            continue
        at = nanoseconds(line.get("timestamp"))
        work.saw(at)
        if line.get("type") == "turn_context":
            work.asked = payload.get("model") or work.asked
            work.effort = payload.get("effort") or work.effort
        elif line.get("type") == "token_usage_record" and isinstance(payload.get("usage"), dict):
            calls[str(payload.get("response_id") or len(calls))] = (work.asked or "", _counts(payload["usage"]), 0)
        elif line.get("type") == "event_msg":
            _take_event(work, payload, at)
    take_counts(work, list(calls.values()))
    return work


def parent_of(path: Path) -> dict[str, Any]:
    """What a rollout says of who started it: parent_thread_id, agent_path and such; empty if nobody did."""
    for line in lines_of(path):
        if line.get("type") == "session_meta":
            payload = line.get("payload") or {}
            source = payload.get("source")
            spawn = source.get("subagent", {}).get("thread_spawn", {}) if isinstance(source, dict) else {}
            return {**spawn, "id": payload.get("id")}
    return {}


def _counts(usage: dict[str, Any]) -> list[int]:
    def of(*names: str) -> int:
        return next((int(usage[name]) for name in names if isinstance(usage.get(name), int)), 0)

    read = of("cached_input_tokens", "cached_input")
    write = of("cache_write_input_tokens", "cache_write_input")
    return [max(0, of("input_tokens", "input") - read - write), read, write, of("output_tokens", "output")]


def _take_event(work: Work, payload: dict[str, Any], at: int | None) -> None:
    kind, item = payload.get("type"), payload.get("item")
    if kind in ("error", "stream_error"):
        work.failed = "the API failed"
    elif kind == "task_complete":
        work.failed = None
    if kind != "item_completed" or not isinstance(item, dict):
        return
    if item.get("type") == "FileChange":
        for path in item.get("changes") or {}:
            work.edited(str(path), at)
            work.editors.add(work.asked or "")
    elif item.get("type") == "CommandExecution":
        work.ran(at)
