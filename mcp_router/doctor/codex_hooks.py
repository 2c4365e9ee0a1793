"""Whether Codex runs our hooks: it skips those that the user has not trusted, or that changed since, without a word.

Only Codex itself knows (it keeps hashes of its own making), so its app server is asked, by `hooks/list`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from threading import Timer
from typing import Any

from mcp_router.clients import Client
from mcp_router.doctor.findings import Finding, Ground, ok, warning

CHECK = "plugin codex"
WITHIN_S = 8.0
TRUSTED = ("trusted", "managed")
FIX = "codex, then /hooks, and trust those of acrouter"


def hook_trust(ground: Ground, client: Client) -> Iterator[Finding]:
    """What Codex says of our hooks in this folder."""
    command = client.executable()
    listed = _hooks(ground, command) if command else None
    if listed is None:
        yield warning(CHECK, "enabled; whether its hooks are trusted could not be asked", FIX)
        return
    ours = [hook for hook in listed if "acrouter" in str(hook.get("command"))]
    waiting = [hook for hook in ours if hook.get("trustStatus") not in TRUSTED or not hook.get("enabled")]
    if waiting:
        yield warning(CHECK, f"Codex skips {len(waiting)} of {len(ours)} hooks, because they are not trusted", FIX)
    elif ours:
        yield ok(CHECK, f"enabled, and all {len(ours)} hooks are trusted")
    else:
        yield warning(CHECK, "enabled, but Codex knows none of its hooks", "codex plugin add acrouter@acrouter")


def _hooks(ground: Ground, command: str) -> list[dict[str, Any]] | None:
    """The hooks that Codex has found; None where it does not answer as is known."""
    start = {"clientInfo": {"name": "acrouter", "version": "1"}}
    process = subprocess.Popen(
        [command, "app-server"],
        cwd=ground.folder,
        env=dict(ground.env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    timer = Timer(WITHIN_S, _end, (process,))
    timer.start()
    try:
        _ask(process, 1, "initialize", start)
        found = _ask(process, 2, "hooks/list", {"cwds": [str(ground.folder)]})
        return [hook for place in found["data"] for hook in place["hooks"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    finally:
        timer.cancel()
        _end(process)
        process.communicate()


def _end(process: subprocess.Popen[str]) -> None:
    """With what it started: npm's command is a script around the program."""
    if os.name != "posix":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _ask(process: subprocess.Popen[str], number: int, method: str, params: dict[str, Any]) -> Any:
    """The result of one request.

    Raises:
        ValueError, KeyError: it ended, or refused.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"id": number, "method": method, "params": params}) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        answer = json.loads(line)
        if isinstance(answer, dict) and answer.get("id") == number:
            return answer["result"]
    raise ValueError("it ended without an answer")
