"""A git worktree, a loopback provider of recorded models, and their keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from executors.bench import KEY, TASK, Bench, recorded
from mcp_router.demo.provider import RecordedProvider


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def provider() -> Iterator[RecordedProvider]:
    with RecordedProvider([TASK], recorded) as running:
        yield running


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    """A linked worktree, whose .git is a file, of a repository with one commit."""
    main, linked = tmp_path / "main", tmp_path / "linked wörktree"
    (main / "app").mkdir(parents=True)
    (main / "app/greet.py").write_text('def greet():\n    return "hello"\n')
    git = ["git", "-C", str(main), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "one"],
        ["worktree", "add", "-q", "--detach", str(linked)],
    ):
        subprocess.run([*git, *command], check=True, capture_output=True)
    return linked


@pytest.fixture
def bench(provider: RecordedProvider, worktree: Path) -> Bench:
    return Bench(provider, worktree)
