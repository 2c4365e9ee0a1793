"""Files that several processes share: a lock with a name on it, an append that is all or none, and what to say
when the disk is full or the folder cannot be written to.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import BaseFileLock

LOCK_TIMEOUT_S = 10.0
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


class JournalError(Exception):
    """The memory cannot be read or written safely; its text is one sentence that says what to do."""


class Lock:
    """A lock of all processes on this machine; the same thread may take it again while it holds it.

    The lock file stays; it holds the id of the process that took it last. A process that dies lets go.
    """

    def __init__(self, path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.path = path
        self.timeout_s = timeout_s
        self._lock: BaseFileLock | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Take the lock, making its folder if need be.

        Raises:
            JournalError: another process held it for `timeout_s` seconds, or the folder cannot be written to.
        """
        lock = self._acquire()
        try:
            yield
        finally:
            lock.release()

    def _acquire(self) -> BaseFileLock:
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = self._lock or FileLock(self.path, timeout=self.timeout_s, poll_interval=0.005)
            self._lock.acquire()
        except Timeout:
            raise JournalError(
                f"{self.path} has been held by {self._holder()} for {self.timeout_s:g} s; "
                "nothing was written; end that process if it hangs, and try again."
            ) from None
        except OSError as error:
            raise unwritable(self.path, error) from None
        with suppress(OSError):
            self.path.write_text(f"{os.getpid()}\n", encoding="ascii")
        return self._lock

    def _holder(self) -> str:
        with suppress(OSError, ValueError):
            return f"process {int(self.path.read_text(encoding='ascii'))}"
        return "another process"


def append_durably(path: Path, data: bytes) -> None:
    """Append in one piece and reach the disk before returning; on an error the file is as it was before.

    To be called under a lock.

    Raises:
        JournalError: nothing was written: the disk is full, or the file cannot be written to.
    """
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            end = os.fstat(descriptor).st_size
            try:
                _write(descriptor, data)
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if end == 0:
            _sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from None


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    # One write is the rule; a nearly full disk takes a part and refuses the rest.
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name reach the disk too, where folders can be synced (not on Windows)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def unwritable(path: Path, error: OSError) -> JournalError:
    """What to tell the user when writing `path` failed with `error`."""
    if error.errno in _FULL:
        return JournalError(f"{path} was not written because the disk is full; free some space and try again.")
    if error.errno in _DENIED:
        return JournalError(
            f"{path.parent} cannot be written to ({error.strerror}); make it writable, "
            "or name another folder in ACROUTER_HOME."
        )
    return JournalError(f"{path} cannot be written ({error.strerror or error}).")
