"""One process's hold on the parts: configuration, memory, the loop, and the work under way."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_router.background import Background
from mcp_router.config import Config, is_off, load_config, state_home
from mcp_router.errors import AcrouterError, BadInput, MemoryDamaged
from mcp_router.models import client_candidates, configured_candidates
from mcp_router.types import HOST, Candidate
from memory_store.journal import JournalError
from memory_store.redact import redact
from memory_store.store import MemoryStore

if TYPE_CHECKING:
    from mcp_router.loop import Router
    from mcp_router.orchestrator.learner import Learner
    from mcp_router.orchestrator.policy import AcrouterPolicy
    from mcp_router.verifier.verifier import CheckVerifier

TITLE_CHARACTERS = 120
VERIFIER_FPR, VERIFIER_FNR = 0.03, 0.03
"""How often a verdict is taken to be wrong, either way, until it is measured."""
RECENT_DAYS, RECENT_COMMITS, LOOK_BACK_S = 30, 300, 1.0
"""What a server looks back at when it starts, for a second at most; `acrouter verify --history` does all."""
CLOSE_WITHIN_S = 1.2
"""Clients wait about two seconds for a server to end."""


class Session:
    """What tools and commands work with. Close it: work under way is then marked interrupted."""

    def __init__(self, home: Path | None = None, folder: Path | None = None) -> None:
        self.home = home or state_home()
        self.folder = folder or Path(os.environ.get("CLAUDE_PROJECT_DIR") or Path.cwd())
        self.config: Config = load_config(self.home)
        try:
            self.store = MemoryStore(self.home)
        except JournalError as error:
            raise MemoryDamaged(str(error)) from None
        self._parts: tuple[Router, CheckVerifier] | None = None
        self._making = threading.Lock()
        self.background = Background()
        self.token = secrets.token_hex(8)
        """Tells this session's tasks from those of others."""
        self.texts: dict[str, str] = {}
        """The words of tasks routed by this process, by decision: they are not kept in the memory."""
        self.believed: dict[tuple[str, str], float | None] = {}
        """P(success) before a candidate's work was first reported, by decision and candidate."""
        self.advised: Callable[[str | None], None] = lambda _: None
        """Told of each advice, with the client's name: a server has the hooks' snapshot renewed."""
        self.closing = False

    @property
    def router(self) -> Router:
        """The loop."""
        return self._loaded()[0]

    @property
    def verifier(self) -> CheckVerifier:
        """The loop's verifier."""
        return self._loaded()[1]

    def candidates(self, mode: str, client: str | None) -> tuple[Candidate, ...]:
        """Who can be asked: the configured models, else those that the client at hand runs, and the host itself.

        Raises:
            BadInput: delegate mode without a configured model.
        """
        configured = configured_candidates(self.config)
        if mode == "delegate":
            callable_here = tuple(c for c in configured or () if c.provider is not None)
            if not callable_here:
                raise BadInput(
                    f'mode: delegate calls models itself and none is configured; add [models."ID"] with a provider '
                    f"to {self.home / 'config.toml'}, or use mode advise."
                )
            return callable_here
        return (*(client_candidates(client) if configured is None else configured), Candidate(HOST, HOST))

    def learner(self) -> Learner:
        """A policy of its own over the memory, for other candidates than the loop's."""
        from mcp_router.orchestrator.learner import Learner

        return Learner(self.store, self._policy)

    def title(self, text: str) -> str:
        """The one line of a task that the memory keeps: cut, redacted, or nothing if so configured."""
        if not self.config.memory.titles:
            return ""
        line = next((line.strip() for line in text.splitlines() if line.strip()), "")
        return redact(line)[:TITLE_CHARACTERS]

    def close(self) -> None:
        """Stop what is under way and mark it interrupted; leave no worktree behind; write memory.json."""
        from mcp_router.run_log import mark_interrupted
        from mcp_router.verifier import workspace
        from memory_store.database import Database

        self.closing = True
        for key in self.background.shutdown(CLOSE_WITHIN_S):
            mark_interrupted(self.store, key)
        workspace.sweep(self.home, own=True)
        with contextlib.suppress(JournalError):
            # Derived and rebuilt at will: a full disk must not keep the process from ending.
            Database(self.home).refresh(self.store)

    def sweep(self) -> None:
        """Remove what a killed process left behind."""
        from mcp_router.verifier import workspace

        workspace.sweep(self.home)

    def look_back(self) -> None:
        """Lower the verdicts on recent work in this folder's repository that was reverted or corrected since."""
        from mcp_router.verifier import history, workspace

        if is_off():
            return
        since = datetime.now(UTC) - timedelta(days=RECENT_DAYS)
        with contextlib.suppress(AcrouterError, JournalError, OSError):
            repository = workspace.open_repository(self.folder)
            history.look_back(self.store, repository, since, most=RECENT_COMMITS, seconds=LOOK_BACK_S)

    def _loaded(self) -> tuple[Router, CheckVerifier]:
        """The parts that are not needed to say which tools there are: loading them takes longer than all else."""
        from mcp_router.loop import Router
        from mcp_router.verifier.verifier import CheckVerifier

        with self._making:
            if self._parts is None:
                verifier = CheckVerifier(self.home, self.config)
                router = Router(
                    home=self.home,
                    store=self.store,
                    learner=self.learner(),
                    verifier=verifier,
                    title=self.title,
                    check_timeout_s=self.config.checks.timeout_s,
                    seed=self.config.seed,
                )
                self._parts = router, verifier
            return self._parts

    def _policy(self, candidates: Sequence[Candidate]) -> AcrouterPolicy:
        from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
        from mcp_router.orchestrator.prior import fitted_prior

        return AcrouterPolicy(
            prices=candidate_prices(candidates),
            prior=fitted_prior(candidates),
            price_of_usd=self.config.lambda_usd,
            explore=self.config.explore,
            fpr=VERIFIER_FPR,
            fnr=VERIFIER_FNR,
        )
