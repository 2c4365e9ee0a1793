"""Who is at work: enough to tell a living process from a dead one, also after its number was given out again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def stamp() -> dict[str, Any]:
    """This process: pid, start time (seconds since the epoch) and the boot of the machine."""
    import psutil

    return {"pid": os.getpid(), "pid_started": psutil.Process().create_time(), "boot": boot()}


def alive(record: dict[str, Any]) -> bool:
    """Whether the process of a stamp still runs; a record that cannot be read counts as dead."""
    import psutil

    try:
        started = psutil.Process(int(record["pid"])).create_time()
        # The clock that create_time is computed from may be adjusted while a process lives.
        return bool(record["boot"] == boot()) and abs(started - float(record["pid_started"])) < 2
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


def boot() -> str:
    """Names the time since this machine was started."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        import psutil

        return str(round(psutil.boot_time() / 60))
