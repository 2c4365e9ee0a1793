"""Under which names the memory knows what a transcript names: candidates with their prices, and repositories."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from mcp_router.errors import RepositoryError
from mcp_router.imports.session import WORKTREES, Call
from mcp_router.models import cost_usd, price_at, resolve, same_model
from mcp_router.types import Candidate
from mcp_router.verifier import workspace


class Names:
    """The candidates that the router would choose among, so that history teaches about them and not about namesakes."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates

    def candidate(self, model: str, effort: str | None, ran_at: str | None) -> str:
        """The id of a candidate: with the effort that was asked for in the call, or one that is configured so.

        effort: asked for in the call. ran_at: what the session was set to, which a candidate without effort means.
        """
        alike = [one for one in self._candidates if same_model(one.model, model)]
        exact = [one for one in alike if one.effort == (effort or ran_at) and one.effort is not None]
        if exact:
            return exact[0].id
        plain = next((one.id for one in alike if one.effort is None), None)
        known = resolve(model)
        name = plain or (known.identity if known else model)
        return f"{name}@{effort}" if effort else name

    def cost_usd(self, model: str, call: Call) -> float | None:
        """What one call costs at the list price; None where a price or a count is not known."""
        known, tokens = resolve(model), call.tokens
        configured = next((one for one in self._candidates if same_model(one.model, model)), None)
        if configured is not None:
            return cost_usd(price_at(configured, tokens.prompt), tokens, call.hour_writes)
        return cost_usd(known.price_at(tokens.prompt), tokens, call.hour_writes) if known else None


@lru_cache(maxsize=4096)
def repository(folder: str | None) -> tuple[str | None, str | None]:
    """Identity and root of the repository that a recorded folder lies in, both None if it is gone or in none.

    A worktree that the client has removed since stood for the repository above it.
    """
    if folder is None or not folder.startswith("/"):
        return None, None
    above, mark, _ = folder.partition(WORKTREES)
    path = Path(above) if mark and not Path(folder).is_dir() else Path(folder)
    try:
        found = workspace.open_repository(path)
    except RepositoryError:
        return None, None
    return found.identity, str(found.root)
