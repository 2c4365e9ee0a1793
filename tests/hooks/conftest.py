"""A session of Claude Code in a small repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.scene import ISOLATION_WORDS

from .scene import Claude, make_repository


@pytest.fixture(scope="session")
def baselines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the checks say of the repository before any change, worked out once for all tests."""
    return tmp_path_factory.mktemp("baselines")


@pytest.fixture
def claude(tmp_path: Path, baselines: Path) -> Iterator[Claude]:
    made = Claude(make_repository(tmp_path / "repo"), tmp_path)
    made.configure()
    (made.home / "cache").mkdir()
    (made.home / "cache" / "baselines").symlink_to(baselines)
    yield made
    made.end_workers()


def pytest_report_header() -> str:
    """Which isolation these tests could use."""
    return f"hooks: {ISOLATION_WORDS}"
