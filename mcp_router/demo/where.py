"""Where the sample repository and its subtasks are: beside the package in a clone, inside it when installed."""

from __future__ import annotations

from pathlib import Path

from mcp_router.errors import BadInput


def history_file() -> Path:
    """The sample repository as a `git fast-export` file."""
    return _examples() / "shop.fast-export"


def subtasks_folder() -> Path:
    """The subtasks and the recorded answers."""
    return _examples() / "subtasks"


def _examples() -> Path:
    package = Path(__file__).parents[1]
    for folder in (package / "_examples", package.parent / "examples"):
        if (folder / "shop.fast-export").is_file():
            return folder
    raise BadInput("the sample repository is missing; install acrouter again, or run the demo in a clone of it.")
