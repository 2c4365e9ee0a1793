"""Runs git so that nothing of the user's or of the repository's configuration can make it run something else.

Plain subprocesses rather than GitPython: its `execute` lays the caller's environment over `os.environ`, so an
inherited GIT_DIR or GIT_INDEX_FILE could not be taken away.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mcp_router.errors import RepositoryError

FIXED = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.logAllRefUpdates=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "commit.gpgSign=false"),
)
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_AUTHOR_NAME": "acrouter",
    "GIT_AUTHOR_EMAIL": "acrouter@localhost",
    "GIT_COMMITTER_NAME": "acrouter",
    "GIT_COMMITTER_EMAIL": "acrouter@localhost",
    "LC_ALL": "C",
}
TOUCHES_FILES = {"add", "apply", "checkout-index", "diff-files", "update-index", "worktree", "write-tree"}
"""Commands that read or write files of a work tree, where a repository's filters would run."""
TIMEOUT_S = 300.0


def git(
    repo: Path,
    *args: str,
    input: bytes | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = True,
) -> bytes:
    """What `git ARGS` prints, run in `repo` without hooks, filters, prompts, network or inherited GIT_* variables.

    Args:
        env: variables to add, for example GIT_INDEX_FILE.
        check: False returns what was printed also when git fails.

    Raises:
        RepositoryError: git is missing, takes more than 300 seconds, or fails; with its first line of complaint.
    """
    options = FIXED + _user_settings() + (_inert_filters(repo) if TOUCHES_FILES & set(args[:3]) else ())
    return _run(repo, [*options, *args], input, {**_environment(), **ENVIRONMENT, **(env or {})}, check)


@contextmanager
def temporary_index(original: Path | None = None) -> Iterator[dict[str, str]]:
    """An index to work in, empty or a copy, as an environment for `git`; the user's own is not touched."""
    with tempfile.TemporaryDirectory(prefix="acrouter-index-") as folder:
        index = Path(folder) / "index"
        if original is not None and original.exists():
            # The time of the index tells git which files may have changed in the same instant: copy it too.
            shutil.copy2(original, index)
        yield {"GIT_INDEX_FILE": str(index)}


def _run(repo: Path, args: list[str], input: bytes | None, env: Mapping[str, str], check: bool) -> bytes:
    try:
        done = subprocess.run(
            ["git", *args], cwd=repo, input=input or b"", env=env, capture_output=True, timeout=TIMEOUT_S
        )
    except FileNotFoundError:
        raise RepositoryError("git cannot be run here; install git and put it on PATH.") from None
    except subprocess.TimeoutExpired:
        raise RepositoryError(f"git took longer than {TIMEOUT_S:.0f} s in {repo}; look for a stuck disk.") from None
    if check and done.returncode:
        raise RepositoryError(_complaint(done.stderr.decode(errors="replace")) or f"git failed ({done.returncode}).")
    return done.stdout


def _complaint(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("error: ", "fatal: "))), lines[0] if lines else "")


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}


@functools.cache
def _user_settings() -> tuple[str, ...]:
    """The two settings of the user's own that say which repositories and which untracked files are theirs."""
    listed = _run(
        Path(os.sep), ["config", "--get-regexp", r"^(safe\.directory|core\.excludesfile)$"], None, _environment(), False
    )
    pairs = (line.partition(" ") for line in listed.decode(errors="replace").splitlines())
    return tuple(part for key, _, value in pairs for part in ("-c", f"{key}={value}"))


def _inert_filters(repo: Path) -> tuple[str, ...]:
    """Options that make each filter named in the repository's configuration do nothing."""
    pattern = r"^filter\..*\.(clean|smudge|process|required)$"
    listed = _run(
        repo, [*FIXED, "config", "--name-only", "--get-regexp", pattern], None, {**_environment(), **ENVIRONMENT}, False
    )
    names = {line.rpartition(".")[0] for line in listed.decode(errors="replace").splitlines()}
    off = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    return tuple(part for name in sorted(names) for key, value in off for part in ("-c", f"{name}.{key}={value}"))
