"""The three parts and what passes between them.

    Context ──► Orchestrator ──Decision──► Executor ──Attempt──► Verifier ──Outcome──► Memory ──► Context

`loop.py` joins them. Decision, Attempt and Outcome are records of the memory; the rest lives here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from memory_store.records import Attempt, Base, Choice, Decision, Outcome, RunEvent, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from threading import Event

    from memory_store.observations import Observation

__all__ = [
    "DIMENSIONS",
    "HOST",
    "Attempt",
    "Base",
    "Candidate",
    "Choice",
    "Context",
    "Decision",
    "Executor",
    "Limits",
    "Memory",
    "Orchestrator",
    "Outcome",
    "Price",
    "RunEvent",
    "Task",
    "Tokens",
    "Verdict",
    "Verification",
    "VerificationRequest",
    "Verifier",
]

DIMENSIONS = (
    "code_generation",
    "code_completion",
    "bug_fixing",
    "code_refactoring",
    "code_understanding",
    "test_generation",
    "algorithm",
    "data_science",
    "multi_language",
    "agentic_programming",
)
"""The nine dimensions of CodeRouterBench (arXiv:2606.22902) and agentic programming; else "unknown"."""

HOST = "host"
"""The candidate that means: do it yourself, in the session that asked."""


class Verdict(StrEnum):
    """What was found out about an attempt; the first that holds, in this order."""

    REFUSED = "refused"
    """The patch cannot be used: the model's failure."""
    TAMPERED = "tampered"
    """It weakened tests, checkers or configuration: counts against the model."""
    SUSPECT = "suspect"
    """It may have cheated: the reward is withheld."""
    NO_SIGNAL = "no_signal"
    """The checks did not run, or say nothing: teaches nothing."""
    FAIL = "fail"
    PASS = "pass"


@dataclass(frozen=True, slots=True)
class Price:
    """List price in USD per million tokens; None where it is not known."""

    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model with an effort, run by an executor. `id` names it in the memory: MODEL or MODEL@EFFORT, or host."""

    id: str
    model: str
    effort: str | None = None
    provider: str | None = None
    price: Price = Price()
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A subtask as the router sees it.

    `dimension` is given by the caller or inferred, "unknown" allowed; `features` are hashes of its words.
    `size`, in (0, 1], is its share of a typical attempt's work: a chore of one line is small.
    """

    text: str
    repo: str | None = None
    path: Path | None = None
    files: tuple[str, ...] = ()
    dimension: str = "unknown"
    dimension_confidence: float | None = None
    language: str | None = None
    features: tuple[int, ...] = ()
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Context:
    """All that a policy may see when it chooses. `tried` are candidates that failed on this very task already."""

    task: Task
    candidates: tuple[Candidate, ...]
    max_attempts: int = 3
    max_cost_usd: float | None = None
    tried: tuple[str, ...] = ()
    task_id: str = ""
    """Names the task among those that were learned from, so that it is not taken for its own neighbour."""
    draw: str = ""
    """Seeds the choice: the same draw, task and memory give the same decision."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy's answer: the chain in order, how likely its first was to be chosen, and why, in one sentence."""

    chain: tuple[Choice, ...]
    propensity: float
    reason: str


class Orchestrator(Protocol):
    """Decides. An online learner with two verbs; nothing but `learn` changes what `choose` answers."""

    name: str

    def choose(self, context: Context) -> Plan:
        """An ordered chain for the task."""

    def learn(self, observation: Observation) -> None:
        """Take in what became of one attempt."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits on one attempt: model turns, output tokens in all, USD in all, seconds in all."""

    turns: int = 30
    output_tokens: int = 60_000
    cost_usd: float | None = None
    seconds: float = 900.0


class Executor(Protocol):
    """Does the work of one candidate on one task in a folder of its own."""

    def attempt(
        self,
        task: Task,
        candidate: Candidate,
        folder: Path,
        limits: Limits,
        *,
        feedback: str | None,
        cancel: Event,
        progress: Callable[[str], None],
    ) -> Attempt:
        """Edit the files in `folder`; what was spent is in the attempt, also when it has a fault.

        `feedback` says why an earlier attempt on this task failed; it starts fresh all the same.
        """


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """What to judge: `patch` (a unified diff, bytes as git writes them) on top of `base` in `repo`.

    base: a commit id of `repo`; None: the tree as it is now, uncommitted work included.
    checks: a command line; None: found in the repository.
    hidden: a test file that the repository does not have, run after everything else.
    timeout_s: bounds each run of the checks; the whole ends within three times that.
    """

    repo: Path
    patch: bytes
    base: str | None = None
    task: str | None = None
    checks: str | None = None
    hidden: Path | None = None
    timeout_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Verification:
    """A verdict with its evidence.

    score in [0, 1], None for no_signal. strength in [0, 1]: how much the evidence binds. reasons: short
    sentences, the most telling first. checks: command, runner, counts, and the tests lost and gained. evidence: where
    the outcomes come from (channel, report or exit_code), and what twins of the tests say.
    isolation: the level reached and its guarantees. timings: milliseconds by step.
    """

    verdict: Verdict
    score: float | None
    strength: float
    reasons: tuple[str, ...] = ()
    checks: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    isolation: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    cached: bool = False


class Verifier(Protocol):
    """Grounds a result in execution. Never raises for what the patch or its code does."""

    def verify(self, request: VerificationRequest, cancel: Event | None = None) -> Verification:
        """The first verdict on a patch; the user's tree is not touched."""

    def settle(self, request: VerificationRequest, first: Verification, cancel: Event | None = None) -> Verification:
        """That verdict, raised or lowered by what takes longer to find out."""


class Memory(Protocol):
    """Accumulates. Appends are durable when the call returns."""

    def append(self, *records: Any) -> None:
        """Write records, all or none, before returning."""

    def observations(self) -> Sequence[Observation]:
        """What was found out, oldest first, one an attempt: what a policy learns from."""
