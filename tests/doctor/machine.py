"""A machine as the doctor finds it: a home, a repository, and programs on the PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mcp_router.config import Config, load_config
from mcp_router.doctor.findings import Finding, Ground

PASSING = "def test_one():\n    assert 1 == 1\n\n\ndef test_two():\n    assert 2 == 2\n"
FAILING = "def test_three():\n    assert 3 == 4\n"


@dataclass
class Machine:
    """Folders under one temporary folder, and the environment that points at them."""

    base: Path

    @property
    def home(self) -> Path:
        """The state folder."""
        return self.base / "state"

    @property
    def root(self) -> Path:
        """The repository."""
        return self.base / "repo"

    def env(self, **more: str) -> dict[str, str]:
        """What a process here sees: nothing of the real user's."""
        user = self.base / "user"
        user.mkdir(exist_ok=True)
        named = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        path = f"{self.base / 'bin'}:/usr/bin:/bin"
        ours = {"HOME": str(user), "PATH": path, "ACROUTER_HOME": str(self.home), "NO_PROXY": "127.0.0.1"}
        return named | ours | more

    def program(self, name: str, text: str) -> Path:
        """A program on the PATH, in Python."""
        path = self.base / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable} -I\n{text}")
        path.chmod(0o755)
        return path

    def configure(self, text: str) -> None:
        """Write config.toml."""
        self.home.mkdir(exist_ok=True)
        (self.home / "config.toml").write_text(text)

    def files(self, **texts: str) -> None:
        """Write files into the repository; `tests__test_a` is tests/test_a.py."""
        for name, text in texts.items():
            path = self.root / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def git(self, *args: str) -> str:
        """git, as nobody in particular."""
        names = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
        who = {f"GIT_{name}": "u@example.invalid" for name in names}
        done = subprocess.run(["git", *args], cwd=self.root, env=self.env(**who), capture_output=True, check=True)
        return done.stdout.decode()

    def ground(self, only: tuple[str, ...] = (), config: Config | None = None, **env: str) -> Ground:
        """Where the checks look."""
        return Ground(self.home, self.root, config or load_config(self.home), self.env(**env), only)

    def doctor(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """The command, in a process of its own."""
        argv = [sys.executable, "-I", "-m", "mcp_router", "doctor", *args]
        return subprocess.run(
            argv, cwd=self.root, env=self.env(**env), capture_output=True, text=True, timeout=60, check=False
        )


def make_machine(base: Path) -> Machine:
    """A repository with two passing tests, and nothing else."""
    made = Machine(base)
    made.root.mkdir()
    made.git("init", "-q", "-b", "main")
    made.files(tests__test_a=PASSING)
    made.git("add", "-A")
    made.git("commit", "-qm", "first")
    return made


def named(findings: Iterator[Finding], check: str) -> list[Finding]:
    """Those of one check."""
    return [one for one in findings if one.check == check]
