"""The start of a command that runs a text of ours in the project's interpreter, see bootstrap.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks

HERE = Path(__file__).parent
START = HERE / "bootstrap.py"


def program(name: str, checks: Checks, root: Path) -> list[str]:
    """Interpreter, text, the repository's own path and the one at which the tree lies; its arguments follow."""
    text = START.read_text(encoding="utf-8") + (HERE / name).read_text(encoding="utf-8")
    return [str(checks.environment.python), "-c", text, str(checks.environment.root), str(root)]


def inside(files: Sequence[str], folder: str) -> list[str]:
    """Paths of the repository as a command sees them that is started in a folder of it; those outside are left out.

    >>> inside(["a/tests/test_x.py", "b/tests/test_y.py"], "a")
    ['tests/test_x.py']
    """
    paths = [PurePosixPath(file) for file in files]
    return [str(path.relative_to(folder)) for path in paths if path.is_relative_to(folder)]
