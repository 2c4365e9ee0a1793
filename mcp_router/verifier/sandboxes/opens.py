"""Which of a few files were opened, seen from outside by inotify: nothing in the sandbox can hide it."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from mcp_router.verifier.text import one_line

IN_OPEN = 0x20
EVENT = struct.Struct("iIII")


class Opens:
    """Watches files on this machine by name. Sees nothing where there is no inotify."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._names: dict[int, str] = {}
        self._stream = -1
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "inotify_init1"):
            return
        self._stream = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for name, path in files.items():
            mark = library.inotify_add_watch(self._stream, os.fsencode(path), IN_OPEN) if self._stream >= 0 else -1
            if mark >= 0:
                self._names[mark] = name

    def read(self) -> list[str]:
        """What was read so far, in words."""
        return [f"read {one_line(name)}" for name in sorted(self._opened())]

    def _opened(self) -> set[str]:
        found: set[str] = set()
        while self._stream >= 0:
            try:
                piece = os.read(self._stream, 1 << 16)
            except BlockingIOError:
                break
            at = 0
            while at < len(piece):
                mark, _, _, length = EVENT.unpack_from(piece, at)
                at += EVENT.size + length
                if mark in self._names:
                    found.add(self._names[mark])
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream >= 0:
            os.close(self._stream)
