"""The means to run a command over a few files as the verifier would, without a sandbox."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import write
from launching import start

from mcp_router.verifier.checks import Checks
from mcp_router.verifier.environment import Environment
from mcp_router.verifier.runners import CheckRun
from mcp_router.verifier.runners.table import find_runner, known_runner
from mcp_router.verifier.sandboxes.process import Ran


@dataclass
class Case:
    """A folder with files, and the means to run a command over them as the verifier would."""

    root: Path
    place: Path
    runner: str = ""

    def ran(self, command: str, only: tuple[str, ...] = (), env: dict[str, str] | None = None, **fields: Any) -> Ran:
        """How a command ended; fields are those of Checks."""
        self.place.mkdir()
        self.runner, argv = known_runner(command.split()) or ("exit_code", command.split())
        if report := fields.get("report"):
            self.runner = "tap" if report == "tap" else "junit"
        environment = Environment(self.root, (), (), (), Path(sys.executable), "this one")
        checks = Checks(command, self.runner, tuple(argv), "", environment, **fields)
        launched = find_runner(self.runner).launch(checks, self.root, self.place, only)
        return start(launched, self.root / checks.folder, PYTHONDONTWRITEBYTECODE="1", **(env or {}))

    def run(self, command: str = "pytest", only: tuple[str, ...] = (), **more: Any) -> CheckRun:
        """What the command's runner makes of it."""
        ran = self.ran(command, only, **more)
        return find_runner(self.runner).read(ran, self.place)


@pytest.fixture
def case(tmp_path: Path) -> Callable[[dict[str, str]], Case]:
    """Make a folder of files."""

    def make(files: dict[str, str]) -> Case:
        root = tmp_path / f"repo{len(list(tmp_path.iterdir()))}"
        root.mkdir()
        write(root, dict(files))
        return Case(root, root.with_suffix(".place"))

    return make
