"""Where everything that lasts is, and whether all of it shall stand aside. Imports nothing that takes time."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def home_path() -> str:
    """`state_home` as text, for processes that have no time for more."""
    named = os.environ.get("ACROUTER_HOME")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    if sys.platform == "win32":
        data = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        data = os.path.expanduser("~/Library/Application Support")
    else:
        data = os.environ.get("XDG_DATA_HOME", "").strip() or os.path.expanduser("~/.local/share")
    return os.path.join(data, "acrouter")


def state_home() -> Path:
    """The folder of everything that lasts: $ACROUTER_HOME, else `acrouter` in the platform's user data folder."""
    from pathlib import Path

    return Path(home_path())


def is_off() -> bool:
    """Whether the user asked all of it to stand aside, by ACROUTER_OFF=1."""
    return os.environ.get("ACROUTER_OFF", "") not in ("", "0")
