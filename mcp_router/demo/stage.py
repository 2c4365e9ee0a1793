"""The demo's scene: a copy of the sample shop, an empty memory, and a loopback provider with recorded models.

The seed says which model gives which slot's answers and in which order the subtasks come. Nothing leaves the
temporary folder and the loopback address.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_router.demo.subtasks import SLOTS, Answer, Subtask, apply_edits, sample_git
from mcp_router.errors import CheckUnavailable
from mcp_router.models import cost_usd
from mcp_router.types import Candidate, Price, Tokens

KEY_VARIABLE = "ACROUTER_DEMO_KEY"
MAX_ATTEMPTS = 2
PRICE_OF_USD = 0.1
"""Lambda, the default of config.toml."""
MODELS: dict[str, tuple[str, Price]] = {
    "demo-small": ("openai", Price(input=0.25, output=1.25, cache_read=0.025, cache_write=0.3)),
    "demo-medium": ("anthropic", Price(input=1.5, output=7.5, cache_read=0.15, cache_write=1.9)),
    "demo-large": ("anthropic", Price(input=5.0, output=25.0, cache_read=0.5, cache_write=6.25)),
}
"""The recorded models, cheapest first: protocol and made-up price in USD per million tokens."""
CHEAPEST, DEAREST = "demo-small", "demo-large"


@dataclass(frozen=True, slots=True)
class Step:
    """One showing of a subtask: which half of the stream, in which words, by which mode."""

    half: int
    subtask: Subtask
    phrasing: str
    mode: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Which slot's answers each model gives."""

    slot_of: dict[str, str]

    def answer(self, model: str, subtask: Subtask, attempt: int) -> Answer | None:
        """The recorded answer; the last one recorded stands for later attempts."""
        recorded = subtask.answers[self.slot_of[model]]
        return recorded[min(attempt, len(recorded) - 1)] if recorded else None


def cast(seed: int) -> Cast:
    """A permutation of the slots among the models."""
    slots = list(SLOTS)
    random.Random(seed).shuffle(slots)
    return Cast(dict(zip(MODELS, slots, strict=True)))


def stream(subtasks: Sequence[Subtask], seed: int, per_dimension: int | None = None) -> tuple[Step, ...]:
    """Subtasks twice, in one order: freshly worded the second time, and in the other of the two modes.

    per_dimension: so many of each dimension, drawn by the seed; None: all.
    """
    order = list(subtasks)
    random.Random(seed + 1).shuffle(order)
    seen: Counter[str] = Counter()
    for subtask in list(order):
        seen[subtask.dimension] += 1
        if per_dimension is not None and seen[subtask.dimension] > per_dimension:
            order.remove(subtask)
    return tuple(
        Step(half, subtask, subtask.phrasings[half], ("advise", "delegate")[(place + half) % 2])
        for half in (0, 1)
        for place, subtask in enumerate(order)
    )


def candidates() -> tuple[Candidate, ...]:
    """The recorded models as candidates."""
    return tuple(Candidate(name, name, provider=kind, price=price) for name, (kind, price) in MODELS.items())


def answer_cost_usd(model: str, answer: Answer) -> float:
    """What a recorded answer costs at the model's price."""
    tokens = Tokens(
        input=answer.input_tokens, cache_read=answer.cache_read_tokens, cache_write=0, output=answer.output_tokens
    )
    cost = cost_usd(MODELS[model][1], tokens)
    assert cost is not None
    return cost


def isolation_here() -> tuple[str, str]:
    """The isolation to configure, and a sentence that says so: the sample's own checks may run unprotected."""
    from mcp_router.verifier.sandboxes import choose

    try:
        return "auto", f"Checks run in a sandbox ({choose('auto').level})."
    except CheckUnavailable as error:
        return "none", f"Checks of the sample run unprotected: {error}"


def plain_path() -> str:
    """A PATH with git and the system's programs, so that the checks of the sample run alike everywhere."""
    git = shutil.which("git")
    return os.pathsep.join(dict.fromkeys([*([str(Path(git).parent)] if git else []), *os.defpath.split(os.pathsep)]))


def write_config(home: Path, base_url: str, seed: int, isolation: str) -> None:
    """The state folder's config.toml for the recorded models."""
    lines = [f"seed = {seed}", f"max_attempts = {MAX_ATTEMPTS}", "", "[checks]", f'isolation = "{isolation}"']
    # Each attempt is judged by the first verdict alone: twins and checkers would double what the demo takes.
    lines += ["twins = false", "diagnostics = false", ""]
    for name, (kind, price) in MODELS.items():
        url = base_url + "/v1" if kind == "openai" else base_url
        figures = ", ".join(f"{field} = {getattr(price, field)}" for field in Price.__dataclass_fields__)
        lines += [
            f"[models.{json.dumps(name)}]",
            f'provider = "{kind}"',
            f'base_url = "{url}"',
            f'key_env = "{KEY_VARIABLE}"',
            f"price = {{ {figures} }}",
            "",
        ]
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text("\n".join(lines), encoding="utf-8")


def lay_tests(repo: Path, subtask: Subtask) -> None:
    """Put the working tree back to HEAD and lay in the subtask's failing tests, as uncommitted work."""
    restore(repo)
    path = repo / subtask.test_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(subtask.test_source, encoding="utf-8")


def restore(repo: Path) -> None:
    """The working tree as HEAD has it."""
    git = sample_git(repo)
    git.checkout("--quiet", "--", ".")
    git.clean("--quiet", "-fd")


def lay_answer(repo: Path, answer: Answer) -> None:
    """Carry a recorded answer out in the working tree."""
    apply_edits(repo, answer.edits)
