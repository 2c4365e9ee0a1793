"""Does the memory pay? The demo's stream replayed over many seeds, with the memory kept and with it emptied.

    python -m mcp_router.demo.learning [--seeds N] [--json]

Each seed permutes the recorded answers among the models and shuffles the order. The router, its policy and its
memory are the shipped ones; only the worktree and the checks are left out: an answer's verdict is the one that
its kind is known to get (tests/examples holds that to be true).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from threading import Event

from mcp_router.demo.stage import MAX_ATTEMPTS, PRICE_OF_USD, Step, answer_cost_usd, candidates, cast, stream
from mcp_router.demo.subtasks import Subtask, load_subtasks
from mcp_router.demo.where import subtasks_folder
from mcp_router.loop import Ask, Router
from mcp_router.orchestrator.learner import Learner
from mcp_router.orchestrator.policy import AcrouterPolicy, candidate_prices
from mcp_router.orchestrator.task import make_task
from mcp_router.types import Attempt, Base, Verdict, Verification, VerificationRequest
from memory_store.records import now
from memory_store.regret import task_rewards
from memory_store.store import MemoryStore

T_975 = {9: 2.262, 19: 2.093, 39: 2.023}
VERDICTS = {
    "right": (Verdict.PASS, 1.0),
    "half": (Verdict.FAIL, 0.5),
    "wrong": (Verdict.FAIL, 0.0),
    "cut_off": (Verdict.FAIL, 0.0),
    "empty": (Verdict.REFUSED, 0.0),
    "cheat": (Verdict.TAMPERED, 0.0),
}


class KnownVerdicts:
    """A verifier for recorded answers: the patch is the answer's kind."""

    def verify(self, request: VerificationRequest, cancel: Event | None = None) -> Verification:  # noqa: ARG002
        """The verdict that answers of this kind get."""
        verdict, score = VERDICTS[request.patch.decode()]
        return Verification(verdict, score, 1.0, (request.patch.decode(),))

    def settle(
        self,
        request: VerificationRequest,  # noqa: ARG002
        first: Verification,
        cancel: Event | None = None,  # noqa: ARG002
    ) -> Verification:
        """Nothing more is to be found out."""
        return first


@dataclass(frozen=True, slots=True)
class Halves:
    """Mean reward and USD of the first and of the second showing."""

    first_reward: float
    second_reward: float
    first_usd: float
    second_usd: float

    @property
    def gain(self) -> float:
        """Mean reward of a subtask in the second showing less that in the first."""
        return self.second_reward - self.first_reward


def replay(subtasks: tuple[Subtask, ...], seed: int, *, keep_memory: bool) -> Halves:
    """Show the stream twice over; without the memory the second showing starts from an empty one."""
    steps = stream(subtasks, seed)
    with tempfile.TemporaryDirectory(prefix="acrouter-replay-") as folder:
        home = Path(folder)
        first = _show([s for s in steps if s.half == 0], seed, home / "first")
        second = _show([s for s in steps if s.half == 1], seed, home / ("first" if keep_memory else "second"))
    return Halves(*first[:1], *second[:1], *first[1:], *second[1:])


def gains(subtasks: tuple[Subtask, ...], seeds: range) -> dict[str, list[float]]:
    """The gain of each seed, with the memory kept and with it emptied in between."""
    return {
        name: [replay(subtasks, seed, keep_memory=keep).gain for seed in seeds]
        for name, keep in (("kept", True), ("emptied", False))
    }


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean and 95 % Student interval; n of 10, 20 or 40."""
    mean, half = fmean(values), T_975[len(values) - 1] * stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def _show(steps: list[Step], seed: int, home: Path) -> tuple[float, float]:
    store = MemoryStore(home)
    router = Router(
        home=home,
        store=store,
        learner=Learner(store, lambda known: AcrouterPolicy(prices=candidate_prices(known), price_of_usd=PRICE_OF_USD)),
        verifier=KnownVerdicts(),
        title=lambda text: text[:120],
        seed=seed,
    )
    before = len(store.observations())
    for number, step in enumerate(steps):
        _work(router, step, seed, f"d{before}_{number}")
    rewards = task_rewards(store.observations_since(before), PRICE_OF_USD)
    return fmean(r.reward for r in rewards), fmean(r.cost_usd for r in rewards)


def _work(router: Router, step: Step, seed: int, decision_id: str) -> None:
    """One subtask: attempts along the chain until one passes."""
    ask = Ask(
        decision_id=decision_id,
        task=make_task(step.phrasing, repo="shop", path=Path("shop")),
        candidates=candidates(),
        base=Base(commit="0" * 40, tree="0" * 40, head=None, dirty=False),
        max_attempts=MAX_ATTEMPTS,
    )
    chain = router.route(replace(ask, base=None)).chain
    for number in range(MAX_ATTEMPTS):
        if not chain:
            return
        model = chain[0].candidate
        answer = cast(seed).answer(model, step.subtask, 0)
        assert answer is not None
        attempt = Attempt(
            attempt_id=f"{decision_id}.{number}",
            decision_id=decision_id,
            at=now(),
            candidate=model,
            model_asked=model,
            cost_usd=answer_cost_usd(model, answer),
            cost_source="computed",
        )
        router.store.append(attempt)
        if router.judge(ask, attempt, answer.kind.encode()).verdict == Verdict.PASS:
            return
        chain = router.rest(ask)


def main() -> None:
    """Print the gains over the seeds."""
    parser = argparse.ArgumentParser(description="Does the memory pay? Replays of the demo's stream.")
    parser.add_argument("--seeds", type=int, choices=(10, 20, 40), default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = gains(load_subtasks(subtasks_folder()), range(given.seeds))
    rows = {name: dict(zip(("mean", "low", "high"), interval(values), strict=True)) for name, values in found.items()}
    if given.json:
        print(json.dumps({"seeds": given.seeds, "first_seed": 0, "gain_in_reward_per_subtask": rows}))
        return
    print(f"gain in reward a subtask, second showing less first, {given.seeds} seeds from 0, 95 % interval of the mean")
    for name, row in rows.items():
        print(f"  memory {name:8} {row['mean']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]")


if __name__ == "__main__":
    main()
