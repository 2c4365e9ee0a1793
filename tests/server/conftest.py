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


@pytest.fixture(scope="session")
def baselines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the checks say of the repository before any change, worked out once for all tests."""
    return tmp_path_factory.mktemp("baselines")


@pytest.fixture
def plain(tmp_path: Path, baselines: Path) -> Scene:
    """A repository and a home without a model or a key."""
    made = Scene(make_repository(tmp_path / "repo"), tmp_path / "home")
    (made.home / "cache").mkdir(parents=True)
    (made.home / "cache" / "baselines").symlink_to(baselines)
    return made


@pytest.fixture
def scene(plain: Scene, provider: RecordedProvider) -> Scene:
    """A repository and recorded models, configured."""
    plain.provider = provider
    plain.configure()
    return plain


def pytest_report_header() -> str:
    """Which isolation these tests could use."""
    return f"server: {ISOLATION_WORDS}"
