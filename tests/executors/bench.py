"""A purse, recorded answers, and a bench that runs attempts in a worktree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from mcp_router.config import ModelConfig
from mcp_router.demo.provider import RecordedProvider
from mcp_router.demo.subtasks import Answer, Edit
from mcp_router.errors import BudgetExceeded
from mcp_router.executors.api import ApiExecutor
from mcp_router.types import Candidate, Limits, Price, Task
from memory_store.records import Attempt

TASK = "Make greet say goodbye in app/greet.py."
KEY = "sk-secret-0123456789"
MODEL = "model-a"
PRICE = {"input": 1.0, "output": 10.0, "cache_read": 0.1, "cache_write": 1.25}
PROTOCOLS = ("anthropic", "chat", "responses")


def recorded(model: str, task: str, attempt: int) -> Answer | None:
    """Every model edits one file and makes another; the sums of tokens do not divide by the three turns."""
    del task
    edits = (
        Edit("app/greet.py", '"hello"', f'"goodbye {attempt}"'),
        Edit("app/notes.txt", "", "new file\n"),
    )
    kind = model.removeprefix("kind-") if model.startswith("kind-") else "right"
    return Answer(kind, edits, "Changed the greeting.", 1000, 201, 100)


@dataclass
class Wallet:
    """A purse with a cap, which remembers what it was asked."""

    cap_usd: float = 1000.0
    reserved: dict[str, float | None] = field(default_factory=dict)
    settled: dict[str, float | None] = field(default_factory=dict)

    def reserve(self, worst_case_usd: float | None) -> str:
        counted = sum(self.settled.get(name, worst) or 0.0 for name, worst in self.reserved.items())
        if counted + (worst_case_usd or 0.0) > self.cap_usd:
            raise BudgetExceeded("budget.run_usd would be broken; raise it.")
        name = f"r{len(self.reserved)}"
        self.reserved[name] = worst_case_usd
        return name

    def settle(self, reservation_id: str, spent_usd: float | None) -> None:
        self.settled[reservation_id] = spent_usd


@dataclass
class Bench:
    """Runs attempts in one worktree and tells what came of them."""

    provider: RecordedProvider
    folder: Path
    wallet: Wallet = field(default_factory=Wallet)
    progress: list[str] = field(default_factory=list)
    cancel: Event = field(default_factory=Event)

    def config(self, protocol: str, **changes: object) -> ModelConfig:
        provider = "anthropic" if protocol == "anthropic" else "openai"
        path = "" if protocol == "anthropic" else "/v1"
        values = {
            "provider": provider,
            "api": "responses" if protocol == "responses" else "chat",
            "base_url": self.provider.base_url + path,
            "key_env": "ANTHROPIC_API_KEY" if provider == "anthropic" else "OPENAI_API_KEY",
            "timeout_s": 10.0,
        }
        return ModelConfig.model_validate(values | changes)

    def attempt(
        self,
        protocol: str,
        model: str = MODEL,
        *,
        price: dict[str, float] | None = None,
        limits: Limits | None = None,
        feedback: str | None = None,
        effort: str | None = None,
        on_progress: Callable[[str], None] | None = None,
        **config: object,
    ) -> Attempt:
        candidate = Candidate(id=model, model=model, effort=effort, price=Price(**(PRICE if price is None else price)))
        executor = ApiExecutor({model: self.config(protocol, **config)}, self.wallet)
        return executor.attempt(
            Task(text=TASK),
            candidate,
            self.folder,
            limits or Limits(seconds=30),
            feedback=feedback,
            cancel=self.cancel,
            progress=on_progress or self.progress.append,
        )

    def text(self, path: str = "app/greet.py") -> str:
        return (self.folder / path).read_text()
