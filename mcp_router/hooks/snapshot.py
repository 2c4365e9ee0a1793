"""The memory's snapshot, one file a client: what a choice needs, in a form that is read where it lies.

    line       acrouter-snapshot FORMAT PYTHON
    8 bytes    length of the head, little-endian
    head       plain values, by marshal, with the places of the sections
    sections   32-bit numbers of the similarity index

The worker and the server write it anew after learning; a hook only reads it.
"""

from __future__ import annotations

import marshal
import mmap
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

FORMAT = 4
MARK = f"acrouter-snapshot {FORMAT} {sys.implementation.cache_tag}-{sys.hexversion:x}-{sys.byteorder}\n".encode()


class Snapshot:
    """An open snapshot. `route` is the setting; `values` are the head's, `sections` the index's."""

    def __init__(self, values: dict[str, Any], sections: Mapping[str, memoryview[int]]) -> None:
        self.values, self.sections = values, sections
        self.route: str = values["route"]


def path_of(home: str | Path, client: str) -> str:
    """Where the snapshot for a client is."""
    return f"{home}/hooks/snapshot-{client}"


def open_snapshot(home: str | Path, client: str) -> Snapshot | None:
    """The snapshot as it stands; None where there is none that can be used.

    One of an older state of the memory is used: the worker is about to renew it. One of another memory, another
    configuration or another Python is not.
    """
    try:
        with open(path_of(home, client), "rb", buffering=0) as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (FileNotFoundError, ValueError):
        return None
    if data[: len(MARK)] != MARK:
        return None
    start = len(MARK) + 8
    end = start + int.from_bytes(data[len(MARK) : start], "little")
    values = marshal.loads(data[start:end])
    if not fits(values, home):
        return None
    begin = -(-end // 4) * 4
    sections = {}
    for name, (place, size) in values["sections"].items():
        sections[name] = data[begin + place : begin + place + size].cast("I")
    return Snapshot(values, sections)


def fits(values: Mapping[str, Any], home: str | Path) -> bool:
    """Whether a snapshot is of this memory, or an earlier state of it, and of this configuration."""
    now = states(home)
    kept, found = values["journal"], now["journal"]
    same_journal = kept is None or (found is not None and found[0] == kept[0] and found[1] >= kept[1])
    return bool(same_journal and values["config"] == now["config"])


def states(home: str | Path) -> dict[str, tuple[int, ...] | None]:
    """What tells one state of the memory and the configuration from another."""
    return {
        "journal": _state(f"{home}/journal.jsonl", "st_ino", "st_size"),
        "config": _state(f"{home}/config.toml", "st_ino", "st_size", "st_mtime_ns"),
    }


def pack(values: dict[str, Any], sections: Mapping[str, bytes]) -> bytes:
    """A snapshot as bytes."""
    places, at = {}, 0
    for name, data in sections.items():
        places[name] = (at, len(data))
        at += len(data)
    head = marshal.dumps({**values, "sections": places})
    filling = -(len(MARK) + 8 + len(head)) % 4
    return b"".join((MARK, len(head).to_bytes(8, "little"), head, bytes(filling), *sections.values()))


def _state(path: str, *parts: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return tuple(getattr(status, part) for part in parts)
