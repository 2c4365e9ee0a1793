"""A client of the server: where its configuration lies, how an entry is written there, how to see that it is here.

There is one module a client beside this one; each makes a `Client` for a `Place`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from mcp_router.clients import jsonc
from mcp_router.errors import BadInput

Scope = Literal["user", "project"]
NAME = "acrouter"
"""The entry's name in every client."""
START = ("-I", "-m", "mcp_router", "serve")
"""With -I, nothing in the user's folder can stand in for the server."""
VERSION_TIMEOUT_S = 10.0
INHERITED = ("ACROUTER_HOME", "ACROUTER_OFF", "XDG_DATA_HOME", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")
"""What the server reads of its environment, besides the keys that the configuration names."""


@dataclass(frozen=True)
class Place:
    """The environment in which clients are looked for."""

    env: Mapping[str, str]
    project: Path
    """The folder of files of scope "project": the root of the repository at hand, else the current folder."""
    platform: str = sys.platform
    python: str = sys.executable
    """The interpreter that runs the server: absolute, and not resolved, since a virtual environment's is a link."""
    keys: tuple[str, ...] = ()
    """Names of the environment variables in which the configuration has its keys."""

    @property
    def home(self) -> Path:
        """The user's home folder."""
        named = self.env.get("USERPROFILE" if self.platform == "win32" else "HOME")
        return Path(named) if named else Path.home()

    @property
    def app_data(self) -> Path:
        """Where graphical programs keep their settings on this platform."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            return self.folder("APPDATA", "AppData/Roaming")
        return self.folder("XDG_CONFIG_HOME", ".config")

    def folder(self, variable: str, otherwise: str) -> Path:
        """The folder that an environment variable names, else one in the home folder."""
        named = self.env.get(variable)
        return Path(named).expanduser() if named else self.home / otherwise

    def graphical_env(self) -> dict[str, dict[str, str]]:
        """`env` of an entry for a program that does not see the shell's environment; empty where none is needed."""
        state = self.env.get("ACROUTER_HOME")
        return {"env": {"ACROUTER_HOME": str(Path(state).expanduser().absolute())}} if state else {}


class Syntax(Protocol):
    """A configuration format that is edited in place; all but the entry stays byte for byte as it is."""

    def read(self, text: str) -> dict[str, Any]:
        """What the text says. Raises BadInput with the line at fault."""

    def put(self, text: str, path: tuple[str, ...], value: Mapping[str, Any], whole: bool) -> str:
        """Write the entry at `path`. Unless `whole`, keys of an entry there that `value` does not have stay."""

    def drop(self, text: str, path: tuple[str, ...]) -> str:
        """Take out the entry at `path`."""


@dataclass(frozen=True)
class Client:
    """One program that can run the server, at one place."""

    name: str
    title: str
    files: Mapping[Scope, tuple[Path, ...]]
    """Its configuration by scope. Of several, one that names us is used, else the first there, else the last."""
    path: tuple[str, ...]
    """Where servers are in the file."""
    written: Mapping[str, Any]
    """The entry that starts our server."""
    place: Place
    folders: tuple[Path, ...]
    """Any of these is there once the client has run."""
    command: str | None = None
    """Its command line, if it has one."""
    syntax: Syntax = jsonc.SYNTAX
    empty: str = "{}\n"
    """What a new file holds before the entry."""
    next_step: Mapping[Scope, str] = field(default_factory=dict)
    """What the user has to do after the file was written."""

    def file(self, scope: Scope) -> Path:
        """Its configuration file of this scope, whether there is one or not.

        Raises:
            BadInput: it has no configuration of this scope, or one that cannot be read.
        """
        if scope not in self.files:
            raise BadInput(f"{self.title} has no file of scope {scope}; use --scope user.")
        there = [path for path in self.files[scope] if _is_there(path)]
        return next((path for path in there if self._names_us(path)), [*there, self.files[scope][-1]][0])

    def _names_us(self, file: Path) -> bool:
        with suppress(BadInput):
            return self.entry_in(read(file) or "", file) is not None
        return False

    def entry(self, scope: Scope) -> Any:
        """What its file of this scope says of `acrouter` now; None when there is no file or no entry.

        Raises:
            BadInput: it has no such scope, or the file cannot be read.
        """
        file = self.file(scope)
        text = read(file)
        return None if text is None else self.entry_in(text, file)

    def entry_in(self, text: str, file: Path) -> Any:
        """The entry in this text of `file`.

        Raises:
            BadInput: the text cannot be read; names the line.
        """
        try:
            found: Any = self.syntax.read(self.empty if is_blank(text) else text)
        except BadInput as error:
            raise BadInput(f"{file} was left alone: {error}") from None
        for key in (*self.path, NAME):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def installed(self) -> bool:
        """Whether the client is on this machine: a folder of its own, or its command."""
        return self.executable() is not None or any(map(_is_there, self.folders))

    def executable(self) -> str | None:
        """The path of its command, or None."""
        return shutil.which(self.command, path=self.place.env.get("PATH", os.defpath)) if self.command else None

    def version(self) -> str | None:
        """What its command says of its version; None when there is no command or no version in 10 seconds."""
        command = self.executable()
        if command is None:
            return None
        try:
            answer = subprocess.run(
                [command, "--version"],
                env=dict(self.place.env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=VERSION_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        found = re.search(rb"\d+\.\d+[\w.+-]*", answer.stdout)
        return found[0].decode() if found else None


def _is_there(path: Path) -> bool:
    """Whether there is such a file or folder; one that may not be looked at is taken to be there."""
    try:
        return path.exists()
    except OSError:
        return True


def is_blank(text: str) -> bool:
    """Whether a file with this text says nothing, not even an empty object."""
    return not text.strip("\ufeff \t\r\n")


def is_ours(entry: Any) -> bool:
    """Whether an entry starts this server, in whatever way and from wherever."""
    if not isinstance(entry, dict):
        return False
    command, args = entry.get("command"), entry.get("args")
    words = [*(command if isinstance(command, list) else [command]), *(args if isinstance(args, list) else [])]
    names = [re.split(r"[/\\]", str(word))[-1].removesuffix(".exe") for word in words]
    return "mcp_router" in names or NAME in names


def read(file: Path) -> str | None:
    """The text of a file with its line ends and its byte order mark, or None when there is none.

    Raises:
        BadInput: it is not UTF-8 or cannot be read.
    """
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} was left alone: it cannot be read ({error}); make it a readable UTF-8 file.") from None
