"""Runs the checks one after the other. One that goes wrong itself is a failure like any other, and ends nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from mcp_router.config import load_config
from mcp_router.doctor import clients, memory, models, repository, server, setting
from mcp_router.doctor.findings import Check, Finding, Ground, told
from mcp_router.errors import BadInput

CHECKS: tuple[tuple[str, Check], ...] = (
    ("program", setting.program),
    ("settings", setting.settings),
    ("repository settings", setting.repository_settings),
    ("memory", memory.memory),
    ("clients", clients.client_entries),
    ("server", server.server),
    ("hooks", server.hooks),
    ("repository", repository.repository),
    ("isolation", repository.isolation),
    ("checks", repository.checks),
    ("keys", models.keys),
    ("prices", models.prices),
    ("executors", models.executors),
)
"""In the order in which they are shown: what the later ones need comes first."""


def ground_of(home: Path, folder: Path, only_clients: tuple[str, ...]) -> Ground:
    """Where to look.

    Raises:
        BadInput: there is no such folder, or no client of such a name.
    """
    if not folder.is_dir():
        raise BadInput(f"--repo: {folder} is not a folder; name the folder of a repository or leave it out.")
    try:
        config = load_config(home)
    except BadInput:
        # A finding of its own, told by the check of the settings.
        config = None
    ground = Ground(home, folder, config, dict(os.environ), only_clients)
    clients.asked_for(ground)
    return ground


def examine(ground: Ground, progress: Callable[[str], None]) -> Iterator[Finding]:
    """Every finding, as soon as it is there; `progress` is told which check begins."""
    for name, check in CHECKS:
        progress(name)
        try:
            yield from check(ground)
        except Exception as error:
            # No fault of a check may end the others, or reach a person as a traceback.
            yield told(name, error)
