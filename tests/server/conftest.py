"""Scenes for the tests of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_router.demo.provider import RecordedProvider
from mcp_router.demo.stage import plain_path

from .scene import ISOLATION_WORDS, KEY, KEY_VARIABLE, SLOW_TASK, TASK, Scene, make_repository, recorded


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What servers in this process see; those of their own get it from the scene."""
    for name, value in {"NO_PROXY": "127.0.0.1", KEY_VARIABLE: KEY, "PATH": plain_path()}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def provider() -> Iterator[RecordedProvider]:
    with RecordedProvider([TASK, SLOW_TASK], recorded) as running:
        yield running


@pytest.fixture
def scene(tmp_path: Path, provider: RecordedProvider) -> Scene:
    """A repository and recorded models, configured."""
    made = Scene(make_repository(tmp_path / "repo"), tmp_path / "home", provider)
    made.configure()
    return made


@pytest.fixture
def plain(tmp_path: Path) -> Scene:
    """A repository and an empty home: no model, no key."""
    return Scene(make_repository(tmp_path / "repo"), tmp_path / "home")


def pytest_report_header() -> str:
    """Which isolation these tests could use."""
    return f"server: {ISOLATION_WORDS}"
