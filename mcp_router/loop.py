"""The loop: Context -> Action -> Feedback -> Context.

`route` turns a task and what the memory knows into a decision. `run` carries a decision out: an attempt in a
worktree, a verdict by the repository's checks, the next candidate if it failed. `report` takes in what an agent
did with a decision itself. Each step is in the journal before the next begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from mcp_router.errors import Cancelled, RepositoryError
from mcp_router.orchestrator.learner import Learner
from mcp_router.orchestrator.task import names_in
from mcp_router.outcomes import digest, patch_digest, unstarted, verified
from mcp_router.repeats import failed as failures
from mcp_router.types import (
    Attempt,
    Base,
    Candidate,
    Choice,
    Context,
    Decision,
    Executor,
    Limits,
    Outcome,
    Plan,
    Task,
    Verdict,
    Verification,
    VerificationRequest,
    Verifier,
)
from mcp_router.verifier import workspace
from memory_store.records import now
from memory_store.redact import redact
from memory_store.store import MemoryStore


@dataclass(frozen=True, slots=True)
class Ask:
    """A task with who may do it and on what terms.

    `base` is the state of the repository that it starts from, None outside one.
    """

    decision_id: str
    task: Task
    candidates: tuple[Candidate, ...]
    mode: str = "advise"
    client: str | None = None
    base: Base | None = None
    checks: str | None = None
    max_cost_usd: float | None = None
    max_attempts: int = 3
    idempotency_key: str | None = None


class Router:
    """Joins the three parts over one memory.

    title: makes the one line of a task that the memory keeps. seed: of what is drawn.
    """

    def __init__(
        self,
        *,
        home: Path,
        store: MemoryStore,
        learner: Learner,
        verifier: Verifier,
        title: Callable[[str], str],
        check_timeout_s: float = 300.0,
        seed: int = 0,
    ) -> None:
        self.home, self.store, self.learner, self.verifier = home, store, learner, verifier
        self._title, self._check_timeout_s, self._seed = title, check_timeout_s, seed

    def route(self, ask: Ask, *, keep: bool = True) -> Decision:
        """Context -> Action: which candidates, in which order. keep=False decides without leaving a trace."""
        plan, policy = self.learner.choose(self._context(ask))
        decision = self._decision(ask, plan, policy)
        return self._record(ask, decision) if keep else decision

    def record(self, ask: Ask, plan: Plan, policy: str) -> Decision:
        """Write down a decision that was made elsewhere, from a snapshot of this memory."""
        return self._record(ask, self._decision(ask, plan, policy))

    def _decision(self, ask: Ask, plan: Plan, policy: str) -> Decision:
        task = ask.task
        return Decision(
            decision_id=ask.decision_id,
            at=now(),
            repo=task.repo,
            path=str(task.path) if task.path else None,
            title=self._title(task.text),
            features=task.features,
            # Redacted before it is cut: a key that stands alone is no longer known as one.
            names=names_in(redact(task.text)),
            dimension=task.dimension,
            dimension_confidence=task.dimension_confidence,
            language=task.language,
            mode=ask.mode,
            client=ask.client,
            eligible=tuple(c.id for c in ask.candidates),
            chain=plan.chain,
            propensity=plan.propensity,
            policy=policy,
            reason=plan.reason,
            checks=ask.checks,
            base=ask.base,
            max_cost_usd=ask.max_cost_usd,
            max_attempts=ask.max_attempts,
            idempotency_key=ask.idempotency_key,
        )

    def run(
        self,
        ask: Ask,
        decision: Decision,
        executor: Executor,
        *,
        limits: Limits,
        cancel: Event,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Outcome | None:
        """Action -> Feedback, along the chain until the checks pass or can say nothing; None if no model answered.

        In a run that was interrupted, what failed before is not tried again.
        """
        failed, last = failures(self.store, decision.decision_id), None
        faulted: tuple[str, ...] = ()
        chain = self._rest(ask, failed) if failed else decision.chain
        while chain and not cancel.is_set():
            candidate = next(c for c in ask.candidates if c.id == chain[0].candidate)
            progress(f"{candidate.id} works on it")
            attempt, patch = self._attempt(ask, candidate, executor, self._left(ask, limits), last, cancel)
            self.store.append(attempt)
            if attempt.fault is not None:
                faulted = (*faulted, candidate.id)
            else:
                progress(f"checking what {candidate.id} did")
                last = self.judge(ask, attempt, patch, cancel)
                if last.verdict in (Verdict.PASS, Verdict.NO_SIGNAL):
                    return last
                failed = (*failed, candidate.id)
            chain = self._rest(ask, failed, faulted)
        if cancel.is_set():
            raise Cancelled("the run was cancelled; what was done and spent until then is recorded.")
        return last

    def judge(self, ask: Ask, attempt: Attempt, patch: bytes, cancel: Event | None = None) -> Outcome:
        """Feedback -> Context: the verdict of the repository's own checks, settled, written to the memory."""
        outcome, first = self.first_verdict(ask, attempt, patch, cancel)
        return self.settle(ask, attempt, patch, first, cancel) or outcome

    def first_verdict(
        self, ask: Ask, attempt: Attempt, patch: bytes, cancel: Event | None = None
    ) -> tuple[Outcome, Verification]:
        """The verdict that one run of the checks gives, written to the memory."""
        first = self.verifier.verify(self._request(ask, patch), cancel)
        outcome = verified(attempt, first)
        self.store.append(outcome)
        return outcome, first

    def settle(
        self, ask: Ask, attempt: Attempt, patch: bytes, first: Verification, cancel: Event | None = None
    ) -> Outcome | None:
        """What a first verdict is raised or lowered to, written to the memory; None where it stays."""
        last = self.verifier.settle(self._request(ask, patch), first, cancel)
        if (last.verdict, last.score, last.strength) == (first.verdict, first.score, first.strength):
            return None
        outcome = verified(attempt, last)
        self.store.append(outcome)
        return outcome

    def _request(self, ask: Ask, patch: bytes) -> VerificationRequest:
        path, base = ground(ask)
        return VerificationRequest(
            repo=path,
            patch=patch,
            base=base.commit,
            task=ask.task.text,
            checks=ask.checks,
            timeout_s=self._check_timeout_s,
        )

    def rest(self, ask: Ask) -> tuple[Choice, ...]:
        """The chain that is left for a decision once what failed on it is taken out."""
        return self._rest(ask, failures(self.store, ask.decision_id))

    def belief(self, ask: Ask, candidate: str) -> float | None:
        """P(success) of one candidate on a task, as believed now; None if it is not among the eligible."""
        alone = tuple(c for c in ask.candidates if c.id == candidate)
        if not alone:
            return None
        chain = self.learner.choose(self._context(replace(ask, candidates=alone)))[0].chain
        return chain[0].p_success if chain else None

    def _record(self, ask: Ask, decision: Decision) -> Decision:
        """Write a decision down; where another was made for the same key meanwhile, that one holds."""
        with self.store.transaction():
            known = self.store.find_by_key(ask.idempotency_key) if ask.idempotency_key else None
            if known is not None:
                return known
            self._hold(ask)
            self.store.append(decision)
        return decision

    def _hold(self, ask: Ask) -> None:
        """Keep a snapshot of uncommitted work from git's garbage collection for as long as the decision is open."""
        if ask.base is not None and ask.base.dirty and ask.task.path is not None:
            repository = workspace.open_repository(ask.task.path)
            workspace.keep(repository, f"bases/{ask.decision_id}", ask.base.commit)

    def _attempt(
        self,
        ask: Ask,
        candidate: Candidate,
        executor: Executor,
        limits: Limits,
        last: Outcome | None,
        cancel: Event,
    ) -> tuple[Attempt, bytes]:
        """One candidate's work, committed under refs/acrouter/ before anything else happens to it."""
        path, base = ground(ask)
        repository = workspace.open_repository(path)
        number = len(self.store.attempts(ask.decision_id)) + 1
        with workspace.worktree(repository, base.commit, self.home) as folder:
            attempt = executor.attempt(
                ask.task,
                candidate,
                folder,
                limits,
                feedback=" ".join(last.reasons) if last else None,
                cancel=cancel,
                progress=lambda _: None,
            )
            commit = workspace.commit_worktree(folder, base.commit, f"acrouter: {self._title(ask.task.text)}")
        name = f"runs/{ask.decision_id}/{number}"
        workspace.keep(repository, name, commit)
        patch = workspace.diff(repository, base.commit, commit)
        kept = replace(
            attempt,
            attempt_id=f"{ask.decision_id}.{number}",
            decision_id=ask.decision_id,
            patch_sha256=patch_digest(patch),
            result=f"refs/acrouter/{name}",
            fault=attempt.fault or unstarted(attempt, limits),
        )
        return kept, patch

    def _left(self, ask: Ask, limits: Limits) -> Limits:
        """The limits of the next attempt: money that earlier ones spent, or may yet be charged, is gone."""
        if limits.cost_usd is None:
            return limits
        return replace(
            limits, cost_usd=max(0.0, limits.cost_usd - self.store.reserved_usd(decision_id=ask.decision_id))
        )

    def _context(self, ask: Ask, failed: tuple[str, ...] = (), faulted: tuple[str, ...] = ()) -> Context:
        return Context(
            task=ask.task,
            candidates=tuple(c for c in ask.candidates if c.id not in faulted),
            max_attempts=ask.max_attempts,
            max_cost_usd=ask.max_cost_usd,
            tried=failed,
            task_id=ask.decision_id,
            draw=f"{self._seed}/{len(self.store.decisions())}/{digest(ask.task.text)}",
        )

    def _rest(self, ask: Ask, failed: tuple[str, ...], faulted: tuple[str, ...] = ()) -> tuple[Choice, ...]:
        return self.learner.choose(self._context(ask, failed, faulted))[0].chain


def ground(ask: Ask) -> tuple[Path, Base]:
    """Where work on a task starts.

    Raises:
        RepositoryError: the task has no repository.
    """
    if ask.task.path is None or ask.base is None:
        raise RepositoryError("repo: this needs a git repository; run `git init` there or name another folder.")
    return ask.task.path, ask.base
