"""Keeps a policy in step with a memory that other processes write to as well."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from mcp_router.types import Candidate, Context, Orchestrator, Plan
from memory_store.store import MemoryStore


class Learner:
    """A policy that has learned all that its memory holds. `build` makes an untaught one for given candidates."""

    def __init__(self, store: MemoryStore, build: Callable[[Sequence[Candidate]], Orchestrator]) -> None:
        self._store, self._build = store, build
        self._lock = threading.Lock()
        self._known: dict[str, Candidate] = {}
        self._policy: Orchestrator | None = None
        self._learned = 0
        self._revision = -1

    def choose(self, context: Context) -> tuple[Plan, str]:
        """The plan for a task and the name of the policy that made it."""
        with self._lock:
            policy = self._in_step(context.candidates)
            return policy.choose(context), policy.name

    def meet(self, candidates: Sequence[Candidate]) -> None:
        """Know all who may be asked here, so that a choice among some of them does not hang on earlier choices."""
        with self._lock:
            fresh = {c.id: c for c in candidates if self._known.get(c.id) != c}
            if fresh:
                self._known.update(fresh)
                self._policy = None

    def policy(self, candidates: Sequence[Candidate]) -> Orchestrator:
        """The policy for these candidates, having learned all that the memory holds by now."""
        with self._lock:
            return self._in_step(candidates)

    def _in_step(self, candidates: Sequence[Candidate]) -> Orchestrator:
        self._store.refresh()
        fresh = {c.id: c for c in candidates if self._known.get(c.id) != c}
        if self._policy is None or fresh or self._store.revision != self._revision:
            # What was learned about an attempt has changed, or a candidate is new: start anew from the memory.
            self._known.update(fresh)
            self._policy = self._build(list(self._known.values()))
            self._learned, self._revision = 0, self._store.revision
        for observation in self._store.observations_since(self._learned):
            self._policy.learn(observation)
            self._learned += 1
        return self._policy
