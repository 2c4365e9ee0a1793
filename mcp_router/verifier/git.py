"""Runs git so that nothing of the user's or of the repository's configuration can make it run something else.

Plain subprocesses rather than GitPython: its `execute` lays the caller's environment over `os.environ`, so an
inherited GIT_DIR or GIT_INDEX_FILE could not be taken away.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mcp_router.errors import RepositoryError

FIXED = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.splitIndex=false"),
    *("-c", "core.safecrlf=false"),
    *("-c", "core.protectHFS=true"),
    *("-c", "core.logAllRefUpdates=false"),
    *("-c", "apply.ignoreWhitespace=no"),
    *("-c", "submodule.recurse=false"),
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
TOUCHES_FILES = {"apply", "checkout-index", "diff-files", "ls-files", "update-index", "write-tree"}
"""Commands that read or write files of a work tree, where a repository's filters would run."""
USERS_OWN = {"core.excludesfile", "core.attributesfile", "core.autocrlf", "core.eol"}
"""Settings of the user's that say which files are work and how their lines end."""
FILTER = re.compile(r"(filter\..*)\.(?:clean|smudge|process|required)", re.DOTALL)
INERT = {"clean": "", "smudge": "", "process": "", "required": "false"}
EXPLAINED = (
    (
        r"dubious ownership in repository",
        "it belongs to another user; if you trust it, `git config --global --add safe.directory` it",
    ),
    (
        r"^(?:fatal|error): (?:\S+: )?(?:index file (?:corrupt|smaller|open)|bad index file|bad signature 0x)",
        "its index is damaged; make it anew there: `rm .git/index && git reset`",
    ),
    (
        r"insufficient permission for adding an object|^(?:fatal|error): .*(?:create|mkdir|open).*"
        r"(?:Permission denied|Read-only file system)",
        "it cannot be written to, and git keeps its objects there; give yourself the right to write to its .git folder",
    ),
    (r"No space left on device", "the disk is full; make room"),
    (
        r"promisor remote|transport '\S*' not allowed|lazy fetching|^(?:fatal|error): (?:unable to read sha1 file|"
        r"unable to read \w{40}|unable to read tree|failed to unpack tree|missing blob|invalid object)",
        "contents of some of its files are missing here, as in a partial clone; fetch them with git first",
    ),
)
"""What git complains of, and the same with the way out."""
TIMEOUT_S = 300.0
SCRATCH = "acrouter-scratch-"


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
    settings = (*_safe_folders(), *(_settings(repo) if args[0] in TOUCHES_FILES else ()))
    given = {**_environment(), **ENVIRONMENT, **_as_variables(settings), **(env or {})}
    return _run(repo, [*FIXED, *args], input, given, check)


@contextmanager
def temporary_index(original: Path | None = None) -> Iterator[dict[str, str]]:
    """An index to work in, empty or a copy, as an environment for `git`; the user's own is not touched."""
    with scratch() as folder:
        index = folder / "index"
        if original is not None and original.exists():
            # The time of the index tells git which files may have changed in the same instant: copy it too.
            shutil.copy2(original, index)
        yield {"GIT_INDEX_FILE": str(index)}


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder for a moment, under a name that says whose it is (`sweep_scratch`)."""
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-") as folder:
        yield Path(folder)


def sweep_scratch() -> None:
    """Remove what killed processes of this user left in the folder for temporary files."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        pid = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)) and folder.owner() == Path.home().owner():
            shutil.rmtree(folder, ignore_errors=True)


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
        said = done.stderr.decode(errors="replace")
        why = next((why for pattern, why in EXPLAINED if re.search(pattern, said, re.MULTILINE)), None)
        short = _complaint(said) or f"git failed ({done.returncode})."
        raise RepositoryError(f"repo: {repo}: {why} ({short})." if why else short)
    return done.stdout


def _complaint(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("error: ", "fatal: "))), lines[0] if lines else "")


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}


def _as_variables(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Settings as git takes them from the environment, where a name may hold any character."""
    pairs = [(f"GIT_CONFIG_KEY_{n}", key, f"GIT_CONFIG_VALUE_{n}", value) for n, (key, value) in enumerate(settings)]
    named = {name: value for first, key, second, word in pairs for name, value in ((first, key), (second, word))}
    return {"GIT_CONFIG_COUNT": str(len(pairs)), **named}


@functools.cache
def _safe_folders() -> tuple[tuple[str, str], ...]:
    """The folders of others that the user trusts."""
    return tuple((key, value) for key, value in _listed(Path(os.sep)) if key == "safe.directory")


def _settings(repo: Path) -> tuple[tuple[str, str], ...]:
    """What holds of the user's own in this repository, and every filter that is configured made to do nothing.

    Asked each time, in the folder itself: which parts of the configuration are included depends on both.
    """
    listed = _listed(repo)
    filters = sorted({match[1] for key, _ in listed if (match := FILTER.fullmatch(key))})
    own = [pair for pair in listed if pair[0] in USERS_OWN]
    return (*own, *((f"{name}.{key}", value) for name in filters for key, value in INERT.items()))


def _listed(folder: Path) -> list[tuple[str, str]]:
    """All settings that hold in a folder, the last of a name being the one that counts.

    Raises:
        RepositoryError: a file of the configuration cannot be read; nothing can be made inert then.
    """
    listed = _run(folder, ["config", "-z", "--list"], None, _environment(), True)
    entries = (os.fsdecode(entry).partition("\n") for entry in listed.split(b"\0") if entry)
    # A setting without "=" means true.
    return [(key, value if between else "true") for key, between, value in entries]
