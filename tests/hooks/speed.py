"""How long hooks take, at an empty memory and at ten thousand outcomes: `python -m tests.hooks.speed`."""

from __future__ import annotations

import fcntl
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mcp_router.hooks.inbox import LOCK
from mcp_router.hooks.keep import Keeper
from mcp_router.session import Session

from .scene import COMMAND, TASK, Claude, make_repository
from .test_choice import remember

HOOKS = 40


def main() -> None:
    """Print milliseconds of wall clock and of CPU for each kind of hook."""
    print(f"{'outcomes':>9}  {'':32}{'wall p50':>9}{'p95':>6}{'CPU p50':>9}{'p95':>6}  in time")
    for outcomes in (0, 10_000):
        with tempfile.TemporaryDirectory() as name:
            claude = Claude(make_repository(Path(name) / "repo"), Path(name))
            claude.configure(route="set")
            session = Session(claude.home, claude.root)
            remember(session, outcomes)
            Keeper(session).keep("claude-code", claude.root)
            # Without a worker: what it does is not the hook's.
            with (claude.home / LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                _show(outcomes, claude)


def _show(outcomes: int, claude: Claude) -> None:
    base = f'"session_id": "s", "cwd": "{claude.root}", "transcript_path": "/s.jsonl"'
    call = f'{{{base}, "tool_name": "Agent", "tool_use_id": "t", "tool_input": {{"prompt": "{TASK}"}}}}'
    rows = {
        "a bare interpreter": ((sys.executable, "-c", "pass"), ""),
        "acrouter hook SubagentStop": ((*COMMAND, "SubagentStop"), f"{{{base}}}"),
        "acrouter hook PreToolUse, chosen": ((*COMMAND, "PreToolUse"), call),
    }
    for name, (argv, given) in rows.items():
        ran = [_measured(argv, given.encode(), claude) for _ in range(HOOKS)]
        wall, cpu = (sorted(column) for column in zip(*ran, strict=True))
        middle, high = HOOKS // 2, int(HOOKS * 0.95)
        plans = [path.read_text() for path in (claude.home / "hooks" / "inbox").glob("*.json")]
        chosen = sum('"plan"' in text for text in plans)
        told = f"{chosen}/{HOOKS}" if "chosen" in name else ""
        print(
            f"{outcomes:>9,}  {name:32}{wall[middle]:9.0f}{wall[high]:6.0f}{cpu[middle]:9.0f}{cpu[high]:6.0f}  {told}"
        )


def _measured(argv: tuple[str, ...], given: bytes, claude: Claude) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(argv, input=given, env=claude.env(), cwd=claude.root, capture_output=True, check=False)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1e3, cpu * 1e3


if __name__ == "__main__":
    main()
