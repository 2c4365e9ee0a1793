"""The files of one folder, and nothing outside it: what the tools of a delegated model do.

A path is refused when it is absolute, has a `..`, lies in `.git`, or leads out of the folder by a symbolic link.
"""

from __future__ import annotations

import fnmatch
import os
import stat
import subprocess
import sys
from pathlib import Path

from mcp_router.executors import grep

MAX_FILE_BYTES = 1_000_000
MAX_TEXT_CHARS = 40_000
"""The most that one answer holds."""
MAX_ENTRIES = 500
SEARCH_SECONDS = 10.0
SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__"})


class ToolError(Exception):
    """A tool could not do what was asked; the text tells the model why and what to do instead."""


class Folder:
    """The folder in which a model may read and write text files.

    Its methods are the tools; each answers with text, or raises ToolError or OSError.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def list_files(self, folder: str = ".", pattern: str = "*") -> str:
        """Paths of the files under a folder whose path or name matches a glob, one a line."""
        top = self._inside(folder)
        if not top.is_dir():
            raise ToolError(f"{folder} is no folder; list . to see what there is.")
        found = [path for path in self._walk(top) if _matches(path, pattern)]
        shown = found[:MAX_ENTRIES]
        if len(found) > len(shown):
            shown.append(f"... and {len(found) - MAX_ENTRIES} more; give a folder or a narrower pattern.")
        return "\n".join(shown) or "No file matches."

    def read_file(self, path: str, first_line: int = 1, last_line: int | None = None) -> str:
        """The lines of a file from first_line to last_line, counted from 1, under a heading that says which."""
        lines = self._text(path).splitlines(keepends=True)
        first, last = max(1, first_line), min(len(lines), last_line or len(lines))
        if lines and first > len(lines):
            raise ToolError(f"{path} has only {len(lines)} lines; ask for lines up to {len(lines)}.")
        text = "".join(lines[first - 1 : last])
        if len(text) > MAX_TEXT_CHARS:
            text = text[:MAX_TEXT_CHARS]
            last = first + text.count("\n")
            text += f"\n... cut here; go on with first_line={last}."
        return f"{path}, lines {first} to {last} of {len(lines)}:\n{text}"

    def search(self, pattern: str, folder: str = ".", files: str = "*") -> str:
        """Lines that match a Python regular expression, as path:line: text."""
        top = self._inside(folder)
        paths = [path for path in self._walk(top) if _matches(path, files)]
        # A process of its own: a pattern that backtracks forever cannot be interrupted within this one.
        command = [sys.executable, "-I", grep.__file__, pattern, str(MAX_ENTRIES), str(MAX_FILE_BYTES)]
        try:
            done = subprocess.run(
                command,
                cwd=self._root,
                input="\0".join(paths).encode("utf-8", "surrogateescape"),
                capture_output=True,
                timeout=SEARCH_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"The search took more than {SEARCH_SECONDS:g} s; use a simpler pattern.") from None
        except ValueError:
            raise ToolError("The pattern holds a null character; leave it out.") from None
        text = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise ToolError(f"The pattern is no Python regular expression: {text.strip()}.")
        if len(text) > MAX_TEXT_CHARS:
            text = text[:MAX_TEXT_CHARS] + "\n... cut here; use a narrower pattern or folder."
        return text or "No line matches."

    def edit_file(self, path: str, old: str, new: str) -> str:
        """Replace a passage that occurs exactly once in a file."""
        text = self._text(path)
        if "\r\n" in text and "\r" not in old:
            old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
        count = text.count(old) if old else 0
        if count != 1:
            fix = "occurs more than once; add lines around it" if count else "is not there; read the file again"
            raise ToolError(f"{path} is unchanged: the old text {fix}, and copy it exactly.")
        self._write(path, text.replace(old, new))
        return f"{path} is edited."

    def write_file(self, path: str, text: str) -> str:
        """Make a file, or replace it as a whole."""
        self._write(path, text)
        return f"{path} is written."

    def delete_file(self, path: str) -> str:
        """Delete a file."""
        # The link itself goes, not what it leads to, so only its folder has to lie inside.
        target = self._inside(Path(path).parent.as_posix()) / Path(path).name
        self._inside(path)
        if not target.is_file():
            raise ToolError(f"{path} is no file; list_files shows what there is.")
        target.unlink()
        return f"{path} is deleted."

    def _inside(self, path: str) -> Path:
        """The real path of a name, which need not exist.

        Raises:
            ToolError: it lies outside the folder or in .git.
        """
        parts = path.replace("\\", "/").split("/")
        if not path or "\0" in path or path[0] in "/\\~" or ":" in parts[0]:
            raise ToolError(f"{path!r} is not a path within the folder; name it from there, such as src/main.py.")
        if ".." in parts:
            raise ToolError(f"{path} has a '..'; name it from the folder.")
        try:
            real = (self._root / path).resolve()
        except (OSError, RuntimeError):
            raise ToolError(f"{path} cannot be followed; its symbolic links go round in a circle.") from None
        if not real.is_relative_to(self._root):
            raise ToolError(f"{path} leads out of the folder; only files within it can be reached.")
        if any(_is_git(part) for part in (*parts, *real.relative_to(self._root).parts)):
            raise ToolError(f"{path} belongs to git; its data cannot be read or changed.")
        return real

    def _walk(self, top: Path) -> list[str]:
        """Paths of the plain files under a folder, sorted, from the root; links are not followed."""
        if top.is_file():
            return [top.relative_to(self._root).as_posix()]
        found = []
        for where, folders, names in os.walk(top):
            folders[:] = sorted(name for name in folders if name not in SKIPPED and not _is_git(name))
            here = Path(where)
            found += [
                (here / name).relative_to(self._root).as_posix()
                for name in names
                if not _is_git(name) and _is_plain(here / name)
            ]
        return sorted(found)

    def _text(self, path: str) -> str:
        real = self._inside(path)
        if not real.exists():
            raise ToolError(f"{path} does not exist; list_files shows what does.")
        if not stat.S_ISREG(real.stat().st_mode):
            raise ToolError(f"{path} is no file; list_files shows the files.")
        if real.stat().st_size > MAX_FILE_BYTES:
            raise ToolError(f"{path} has more than {MAX_FILE_BYTES} bytes; search it instead.")
        try:
            return real.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise ToolError(f"{path} is not UTF-8 text; leave it as it is.") from None

    def _write(self, path: str, text: str) -> None:
        real = self._inside(path)
        if real.exists() and not real.is_file():
            raise ToolError(f"{path} is no file; choose another name.")
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:
            raise ToolError("The text holds half a surrogate pair, which UTF-8 cannot hold; leave it out.") from None
        if len(data) > MAX_FILE_BYTES:
            raise ToolError(f"{path} would have more than {MAX_FILE_BYTES} bytes; write less.")
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(data)


def _is_git(part: str) -> bool:
    """Whether a file system may take a name for .git: some fold case, drop dots and spaces, or shorten names."""
    return part.rstrip(". ").casefold() in (".git", "git~1")


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _matches(path: str, pattern: str) -> bool:
    return fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path.rpartition("/")[2], pattern)
