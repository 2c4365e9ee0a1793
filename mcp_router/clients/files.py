"""Files of others, written with care: a backup beside them, all or nothing, through links, in their mode."""

from __future__ import annotations

import os
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from mcp_router.clients.client import NAME


def backups_of(file: Path) -> list[Path]:
    """The backups of a file, oldest first."""
    return sorted(path for path in file.parent.glob("*.bak") if path.name.startswith(f"{file.name}.{NAME}-"))


def back_up(file: Path) -> Path:
    """Copy the file, with its mode, to a name that tells the time."""
    time = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    backup = file.with_name(f"{file.name}.{NAME}-{time}.bak")
    descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(file.read_bytes())
    except OSError:
        backup.unlink(missing_ok=True)
        raise
    backup.chmod(stat.S_IMODE(file.stat().st_mode))
    return backup


def replace(file: Path, data: bytes, private: bool) -> None:
    """Put the data in the place of the file that a link leads to, all or nothing, keeping its mode.

    A new file is its owner's alone if `private`: clients keep the mode and may add keys.
    """
    target = file.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    new_mode = 0o600 if private else 0o666 & ~_umask()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else new_mode
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def delete(file: Path, kept: set[Path]) -> None:
    """Remove a file that we made, and the folders above it that are empty now, up to one to be kept.

    A link that leads to it is the user's and stays.
    """
    file.resolve().unlink()
    if file.is_symlink():
        return
    for folder in file.parents:
        if folder in kept:
            return
        try:
            folder.rmdir()
        except OSError:
            return
