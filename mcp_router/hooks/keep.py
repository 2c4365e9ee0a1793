"""Writes the snapshot from which hooks choose, in one step, whenever it is behind the memory."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcp_router.errors import AcrouterError
from mcp_router.executors.advise import claude_code_name
from mcp_router.hooks import patterns
from mcp_router.hooks.asked import LASTS, awaiting
from mcp_router.hooks.events import CLAUDE_CODE
from mcp_router.hooks.place import find_repository
from mcp_router.hooks.snapshot import Snapshot, open_snapshot, pack, path_of, states
from mcp_router.intake import ask_of
from mcp_router.models import resolve
from mcp_router.orchestrator.frozen import PRICE, freeze
from mcp_router.orchestrator.learner import Learner
from mcp_router.orchestrator.outages import outages
from mcp_router.orchestrator.policy import AcrouterPolicy
from mcp_router.repeats import failed
from mcp_router.session import Session
from mcp_router.types import HOST, Candidate, Decision
from mcp_router.verifier import workspace


class Keeper:
    """Keeps the snapshots of one session's memory."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._learners: dict[str, Learner] = {}

    def keep(self, client: str = CLAUDE_CODE, folder: Path | None = None) -> bool:
        """Write the snapshot for a client if the one that is there is behind; whether it was written.

        folder: a repository that is worked in, so that hooks know it; those that the snapshot knows already stay.
        Where hooks only observe they need none, and the one that is there goes: its setting no longer holds.
        """
        home, path = self._session.home, Path(path_of(self._session.home, client))
        if self._session.config.route == "observe":
            path.unlink(missing_ok=True)
            return False
        found = _found(home, client)
        known = dict(found.values["repositories"]) if found else {}
        repositories = {**known, **_identity(folder, known)}
        now = states(home)
        if found and found.values["journal"] == now["journal"] and repositories == known:
            return False
        values, sections = self._values(client)
        _write(path, pack({**values, **now, "repositories": repositories}, sections))
        return True

    def _values(self, client: str) -> tuple[dict[str, Any], dict[str, bytes]]:
        """All that `route_task` would go by for this client."""
        session, config = self._session, self._session.config
        candidates = session.candidates("advise", client)
        policy = self._learners.setdefault(client, session.learner()).policy(candidates)
        if not isinstance(policy, AcrouterPolicy):
            raise TypeError("only the own policy can be frozen")
        state, sections = freeze(policy)
        out = outages(candidates, session.store.attempts(), config.models, datetime.now(UTC))
        values = {
            "route": config.route,
            "policy": policy.name,
            "patterns": patterns.keep(),
            "state": state,
            "seed": config.seed,
            "decisions": len(session.store.decisions()),
            "asked": [_asked(session, decision) for decision in awaiting(session.store, client, datetime.now(UTC))],
            "candidates": [_plain(candidate) for candidate in candidates],
            "names": {c.id: _names(c) for c in candidates if c.id != HOST},
            "aside": {name: until.timestamp() for name, (until, _) in out.items()},
            "settings": {"max_attempts": config.max_attempts, "floor": dict(config.floor)},
        }
        return values, sections


def _found(home: Path, client: str) -> Snapshot | None:
    try:
        return open_snapshot(home, client)
    except (OSError, ValueError, EOFError, TypeError, KeyError):
        return None


def _plain(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "model": candidate.model,
        "effort": candidate.effort,
        "provider": candidate.provider,
        "price": tuple(getattr(candidate.price, part) for part in PRICE),
        "context_tokens": candidate.context_tokens,
    }


def _asked(session: Session, decision: Decision) -> dict[str, Any]:
    """What the agent asked about, and who is left to try for it."""
    tried = failed(session.store, decision.decision_id)
    chain = session.router.rest(ask_of(session, decision)) if tried else decision.chain
    return {
        "until": (datetime.fromisoformat(decision.at) + LASTS).timestamp(),
        "repo": decision.repo,
        "title": decision.title,
        "features": decision.features,
        "chain": [asdict(choice) for choice in chain],
        "propensity": decision.propensity,
        "reason": decision.reason,
    }


def _names(candidate: Candidate) -> dict[str, Any]:
    """How clients call a candidate's model: by a name that their field takes, or by any that a file may give it."""
    known = resolve(candidate.model)
    others = (known.identity, *known.aliases) if known else ()
    openai = known is not None and known.provider == "openai"
    return {
        "claude-code": claude_code_name(candidate.model),
        "codex": candidate.model if openai else None,
        "all": sorted({candidate.model, candidate.id.partition("@")[0], *others}),
    }


def _identity(folder: Path | None, known: dict[str, str]) -> dict[str, str]:
    place = find_repository(str(folder)) if folder else None
    if folder is None or place is None or place.common_dir in known:
        return {}
    with contextlib.suppress(AcrouterError):
        return {place.common_dir: workspace.open_repository(folder).identity}
    return {}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".snapshot-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
