"""The machine that is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_router.demo.stage import isolation_here

from .machine import Machine, make_machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A repository with two passing tests, and nothing else."""
    return make_machine(tmp_path)


def pytest_report_header() -> str:
    """Which isolation these tests could use."""
    return f"doctor: {isolation_here()[1]}"
