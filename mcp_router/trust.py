"""Which checks of which repositories the user trusts: exactly as they were when `acrouter trust` was run."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_router.config import RepositoryChecks


def is_trusted(home: Path, identity: str, checks: RepositoryChecks) -> bool:
    """Whether these checks of a repository may run outside a sandbox, or with the network, if they ask for it."""
    try:
        lines = _file(home).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return _seal(identity, checks) in {line.partition(" ")[0] for line in lines}


def trust(home: Path, identity: str, checks: RepositoryChecks) -> None:
    """Trust a repository's checks as they are now; others that it names later have to be trusted again."""
    if not is_trusted(home, identity, checks):
        home.mkdir(parents=True, exist_ok=True)
        with _file(home).open("a", encoding="utf-8") as file:
            file.write(f"{_seal(identity, checks)} {' '.join(identity.split())}\n")


def _file(home: Path) -> Path:
    return home / "trusted"


def _seal(identity: str, checks: RepositoryChecks) -> str:
    """Over what is said, not what is left out: a field that a later version knows does not ask again."""
    said = json.dumps([identity, checks.model_dump(mode="json", exclude_defaults=True)], sort_keys=True)
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()
