"""What a sandbox is asked to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from mcp_router.verifier.environment import Environment
from mcp_router.verifier.sandboxes.process import Caps
from mcp_router.verifier.views import View


@dataclass(frozen=True, slots=True)
class Command:
    """A command line over a view of a tree, started in `folder` of it.

    variables come on top of the environment's; network: it may use it; cancel stops it.
    """

    argv: Sequence[str]
    view: View
    environment: Environment
    caps: Caps
    cancel: Event | None = None
    folder: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    network: bool = False

    def linked(self) -> Path:
        """The tree where it lies, with links to the folders of the user's own tree that it needs."""
        self.view.link(self.environment.shared)
        return self.view.files
