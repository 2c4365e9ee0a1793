"""From a choice to the hook's answer: the call with the chosen model in it, or a word of advice, or nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mcp_router.hooks.events import CODEX
from mcp_router.types import HOST

if TYPE_CHECKING:
    from mcp_router.hooks.snapshot import Snapshot
    from mcp_router.types import Candidate, Plan

GENERAL = ("", "general-purpose")
"""Kinds of subagent that are nobody's own: only these are given another kind to reach a model."""
EFFORT = {CODEX: "reasoning_effort"}


def rewrite(
    snapshot: Snapshot, client: str, given: dict[str, Any], chosen: Candidate, plan: Plan
) -> dict[str, Any] | None:
    """What to print before a subagent starts; None leaves the call as it is."""
    said: dict[str, Any] = {"hookEventName": "PreToolUse"}
    if snapshot.route == "advise":
        return {"hookSpecificOutput": {**said, "additionalContext": advice(chosen, plan)}}
    call = given["tool_input"]
    names = snapshot.values["names"].get(chosen.id)
    changed = _codex(call, names) if client == CODEX else _claude_code(call, names, given)
    if changed is None:
        return None
    if chosen.effort:
        changed = {**changed, EFFORT.get(client, "effort"): chosen.effort}
    if changed == call:
        return None
    # Codex takes a changed call only together with leave to run it; Claude Code asks its user as ever.
    leave = {"permissionDecision": "allow"} if client == CODEX else {}
    return {"hookSpecificOutput": {**said, **leave, "updatedInput": changed}}


def advice(chosen: Candidate, plan: Plan) -> str:
    """At most 100 tokens for the model that is about to start a subagent."""
    if chosen.id == HOST:
        return "ACRouter: this subtask is likely cheaper done by yourself than by a subagent."
    first = plan.chain[0]
    cost = "" if first.cost_usd is None else f", about ${first.cost_usd:.2g}"
    effort = f" at effort {chosen.effort}" if chosen.effort else ""
    return f"ACRouter: for a subtask like this choose model {chosen.model[:60]}{effort} ({first.p_success:.0%}{cost})."


def _codex(call: dict[str, Any], names: dict[str, Any] | None) -> dict[str, Any] | None:
    return {**call, "model": names["codex"]} if names and names["codex"] else None


def _claude_code(call: dict[str, Any], names: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any] | None:
    """By the field `model` where it takes the chosen one, else by a kind of subagent whose file names it."""
    kind = str(call.get("subagent_type") or "")
    agents = agents_of(str(given.get("cwd") or "."))
    pinned = agents.get(kind)
    if names is None or (kind not in GENERAL and (pinned is None or pinned not in ("", "inherit"))):
        return None
    if names["claude-code"]:
        return {**call, "model": names["claude-code"]}
    if kind not in GENERAL:
        return None
    found = next((name for name, model in agents.items() if model in names["all"]), None)
    if found is None:
        return None
    return {**{key: value for key, value in call.items() if key != "model"}, "subagent_type": found}


def agents_of(cwd: str) -> dict[str, str]:
    """The kinds of subagent that files define, with the model that each names ("" if none): the project's, the
    user's, this plugin's under the name that the client gives them."""
    config = os.environ.get("CLAUDE_CONFIG_DIR") or os.path.expanduser("~/.claude")
    plugin = os.environ.get("CLAUDE_PLUGIN_ROOT")
    folders = [(f"{cwd}/.claude/agents", ""), (f"{config}/agents", "")]
    if plugin:
        folders.append((f"{plugin}/agents", "acrouter:"))
    found: dict[str, str] = {}
    for folder, prefix in folders:
        for name, model in _read_agents(folder):
            found.setdefault(prefix + name, model)
    return found


def _read_agents(folder: str) -> list[tuple[str, str]]:
    try:
        files = sorted(os.listdir(folder))
    except OSError:
        return []
    found = []
    for file in files:
        if file.endswith(".md"):
            head = _frontmatter(f"{folder}/{file}")
            found.append((head.get("name") or file.removesuffix(".md"), head.get("model", "")))
    return found


def _frontmatter(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            head = file.read(4_000)
    except OSError:
        return {}
    if not head.startswith("---"):
        return {}
    lines = (line.partition(":") for line in head[3:].partition("\n---")[0].splitlines())
    return {key.strip(): value.strip().strip("\"'") for key, between, value in lines if between and key[:1].isalpha()}
