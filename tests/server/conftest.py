"""Scenes for the tests of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_router.demo.provider import RecordedProvider

from .scene import ISOLATION_WORDS, SLOW_TASK, TASK, Scene, make_repository, recorded


@pytest.fixture(autouse=True, scope="session")
def _proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


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
