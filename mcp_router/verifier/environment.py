"""The environment in which the user runs the checks: which interpreter, which folders, which variables.

Environments of the project are read, not run: what a repository brings along is not executed outside the sandbox.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mcp_router.config import state_home
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.workspace import Repository

OWN = "acrouter's own interpreter; the repository has no environment with pytest"
SHARED = (".venv", "venv", ".tox", "node_modules")
"""Ignored folders of the user's tree that the checks need: lent to the judged tree, read-only where possible."""

TOOLCHAINS = (
    ".pyenv/shims",
    ".pyenv/bin",
    ".pyenv/libexec",
    ".pyenv/versions",
    ".local/share/uv/python",
    ".local/share/uv/tools",
    ".rustup/toolchains",
    ".rustup/settings.toml",
    ".cargo/bin",
    ".cargo/registry",
    ".cargo/git",
    ".nvm/versions",
    ".volta/bin",
    ".volta/tools",
    ".asdf/installs",
    ".asdf/shims",
    ".local/share/mise/installs",
    ".sdkman/candidates",
    ".m2/repository",
    ".m2/wrapper",
    ".gradle/caches",
    ".gradle/wrapper",
    ".bun/bin",
    ".deno/bin",
    "go/bin",
    "go/pkg",
    ".local/bin",
)
"""Folders under the home folder that hold programs and packages, and no credentials."""

VERSION_FILES = (".python-version", ".tool-versions", "mise.toml", ".mise.toml")
GLOBAL = ".pyenv/version"
VERSION_VARIABLES = ("PYENV_VERSION", "ASDF_PYTHON_VERSION", "MISE_PYTHON_VERSION", "PATH")
"""Where version managers are told which interpreter a folder has."""

ALLOWED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOPATH",
    "GOROOT",
    "GOTOOLCHAIN",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "NVM_DIR",
    "VOLTA_HOME",
    "JAVA_HOME",
    "DOTNET_ROOT",
    "ANDROID_HOME",
    "SYSTEMROOT",
    "COMSPEC",
    "PATHEXT",
)


@dataclass(frozen=True, slots=True)
class Environment:
    """Where and with what the checks of a repository run.

    root is the repository's own folder and hide what must not be seen of it; shared are names in it that are lent;
    toolchains are folders to be read; python is the interpreter for pytest; described says in words how it was found.
    """

    root: Path
    hide: tuple[Path, ...]
    shared: tuple[str, ...]
    toolchains: tuple[Path, ...]
    python: Path
    described: str

    def variables(self) -> dict[str, str]:
        """The allow-listed variables, with the environment's programs first on PATH; no other one enters."""
        kept = {key: value for key, value in os.environ.items() if key in ALLOWED or key.startswith("LC_")}
        found = self.described != OWN
        first = [*([self.python.parent] if found else []), self.root / "node_modules" / ".bin"]
        path = os.pathsep.join([*(str(folder) for folder in first if folder.is_dir()), kept.get("PATH", os.defpath)])
        virtual = {"VIRTUAL_ENV": str(self.python.parent.parent)} if found and _is_virtual(self.python) else {}
        # Plugins of our own environment are not the repository's.
        apart = {} if found else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        ours = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "CARGO_NET_OFFLINE": "true", "NO_COLOR": "1"}
        return {**kept, **virtual, **apart, **ours, "PATH": path, "GOCACHE": "/tmp/go-cache", "TMPDIR": "/tmp"}

    def fingerprint(self) -> str:
        """Changes when the interpreter, or what is installed beside it, does."""
        parts = [str(self.python), _mtime(self.python), *(_mtime(path) for path in _site_packages(self.python))]
        parts += [_mtime(self.root / name) for name in self.shared]
        return "|".join(parts)


def find_environment(repo: Repository, base: Tree, *, with_pytest: bool = True) -> Environment:
    """The project's own environment that has pytest, else python on PATH that has it, else our own interpreter.

    with_pytest: False for checks that need none; the project's own environment is then the first one.
    """
    top = git_top(base)
    shared = tuple(name for name in SHARED if name not in top and (repo.root / name).is_dir())
    python, described = _python(repo.root, shared, top, has_pytest if with_pytest else Path.exists)
    home = Path.home()
    named = tuple(path for name in TOOLCHAINS if (path := home / name).exists())
    hide = () if repo.common_dir.is_relative_to(repo.root) else (repo.common_dir,)
    # A folder that is a link leads to where it must be seen too.
    linked = tuple(Path(os.path.realpath(repo.root / name)) for name in shared if (repo.root / name).is_symlink())
    return Environment(repo.root, hide, shared, (*prefixes(python), *linked, *named), python, described)


def git_top(base: Tree) -> frozenset[str]:
    """The names at the top of a tree."""
    from mcp_router.verifier.git import git

    listed = git(base.root, "ls-tree", "-z", "--name-only", "--full-tree", base.id)
    return frozenset(name.decode(errors="replace") for name in listed.split(b"\0") if name)


def _python(root: Path, shared: tuple[str, ...], top: frozenset[str], fits: Callable[[Path], bool]) -> tuple[Path, str]:
    for name in shared:
        folders = sorted((root / name).iterdir()) if name == ".tox" else [root / name]
        for folder in folders:
            python = _interpreter(folder)
            if python and fits(python):
                return python, f"the repository's {folder.relative_to(root)}"
    if "poetry.lock" in top and (python := _poetry(root)) and fits(python):
        return python, "the environment of poetry"
    if (python := _on_path(str(root), os.environ.get("PATH", ""))) and fits(python):
        return python, "python on PATH"
    return Path(sys.executable), OWN


def _interpreter(folder: Path) -> Path | None:
    places = (folder / "bin" / "python", folder / "Scripts" / "python.exe")
    return next((place for place in places if place.exists()), None)


def has_pytest(python: Path) -> bool:
    """Whether an interpreter finds pytest, judged by the files beside it."""
    return any((folder / "pytest" / "__init__.py").is_file() for folder in _site_packages(python))


def _site_packages(python: Path) -> list[Path]:
    prefix = python.parent.parent
    places = [
        *prefix.glob("lib/python3*/site-packages"),
        *prefix.glob("lib/python3*/dist-packages"),
        prefix / "Lib/site-packages",
    ]
    if (prefix / "lib/python3/dist-packages").is_dir():
        places.append(prefix / "lib/python3/dist-packages")
    return [place for place in places if place.is_dir()]


def _is_virtual(python: Path) -> bool:
    return (python.parent.parent / "pyvenv.cfg").is_file()


def prefixes(python: Path) -> tuple[Path, ...]:
    """The folders that an interpreter needs: its environment's, and that of the interpreter it was made from."""
    real = Path(os.path.realpath(python))
    found = [python.parent.parent, Path(os.path.realpath(python.parent.parent)), real.parent.parent]
    return tuple(dict.fromkeys(prefix for prefix in found if not Path.home().is_relative_to(prefix)))


@functools.lru_cache(maxsize=64)
def _on_path(root: str, path: str) -> Path | None:
    """The interpreter behind `python` for this folder: version managers choose one by folder."""
    for name in ("python", "python3"):
        program = shutil.which(name, path=path)
        if program and not _is_script(program):
            return Path(program)
        if program and (found := _behind(program, root)):
            return found
    return None


def _is_script(program: str) -> bool:
    with Path(program).open("rb") as file:
        return file.read(2) == b"#!"


def _behind(program: str, root: str) -> Path | None:
    """The interpreter that a version manager starts; kept, because to ask one takes longer than many checks."""
    said_in = [Path(root, name) for name in VERSION_FILES] + [Path.home() / name for name in (*VERSION_FILES, GLOBAL)]
    chosen = [os.environ.get(name, "") for name in VERSION_VARIABLES]
    key = hashlib.sha256(repr((program, root, chosen, *map(_mtime, (Path(program), *said_in)))).encode()).hexdigest()
    kept = state_home() / "cache" / "interpreters" / key[:32]
    if kept.is_file() and Path(found := kept.read_text(encoding="utf-8")).is_file():
        return Path(found)
    said = _ask([program, "-I", "-c", "import json,sys; print(json.dumps(sys.executable))"], root)
    if not said:
        return None
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.loads(said), encoding="utf-8")
    return Path(json.loads(said))


def _poetry(root: Path) -> Path | None:
    program = shutil.which("poetry")
    said = _ask([program, "env", "info", "-p"], str(root)) if program else ""
    return _interpreter(Path(said)) if said else None


def _ask(argv: list[str], cwd: str) -> str:
    try:
        return subprocess.run(
            argv, cwd=cwd, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _mtime(path: Path) -> str:
    try:
        return str(path.stat().st_mtime_ns)
    except OSError:
        return "-"
