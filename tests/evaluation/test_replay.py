"""What is shipped is what is measured: the MCP server, given recorded answers, decides as `acrouter eval` does."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from mcp_router.evaluation.accounting import Play, charges, total
from mcp_router.evaluation.policies import policies
from mcp_router.evaluation.protocols import play
from mcp_router.evaluation.signals import resolved
from mcp_router.evaluation.tables import Bench, BenchTask, read_bench
from mcp_router.executors.replay import Recording, ReplayExecutor
from mcp_router.server import build_server
from mcp_router.session import VERIFIER_FNR, VERIFIER_FPR, Session
from mcp_router.types import Verdict, Verification, VerificationRequest
from mcp_router.verifier import workspace
from tests.evaluation.benches import real_bench, write_bench
from tests.server.speaking import connected

ANSWER = "answer.txt"


class RecordedVerdicts:
    """Reads the verdict of an answer out of the answer: the benchmark ran the real checks once."""

    def verify(self, request: VerificationRequest, cancel: Event | None = None) -> Verification:  # noqa: ARG002
        passed = b"+resolved" in request.patch
        return Verification(Verdict.PASS if passed else Verdict.FAIL, float(passed), 1.0, ("recorded",))

    def settle(
        self,
        request: VerificationRequest,  # noqa: ARG002
        first: Verification,
        cancel: Event | None = None,  # noqa: ARG002
    ) -> Verification:
        return first


def with_repositories(table: Bench, folder: Path) -> tuple[Bench, dict[str, Path]]:
    """The table with a real repository for each of its own; tasks name them as the server does."""
    places: dict[str, Path] = {}
    tasks = []
    for task in table.tasks:
        name = (task.task.repo or "none").replace("/", "-")
        if name not in places:
            places[name] = folder / name
            author = ("-c", "user.name=u", "-c", "user.email=u@example.invalid")
            subprocess.run(["git", "init", "-q", str(folder / name)], check=True)
            commit = ["git", *author, "commit", "-q", "--allow-empty", "-m", name]
            subprocess.run(commit, cwd=folder / name, check=True)
        identity = workspace.open_repository(places[name]).identity
        tasks.append(replace(task, task=replace(task.task, repo=identity, path=places[name])))
    return replace(table, tasks=tuple(tasks)), places


def configured(home: Path, table: Bench) -> None:
    """The table's models as the user would name them, nothing drawn."""
    lines = ["explore = 0.0"]
    for candidate in table.candidates:
        price = f"price = {{ input = {candidate.price.input}, output = {candidate.price.output} }}"
        where = ['provider = "openai"', 'base_url = "http://127.0.0.1:9/v1"', "context_tokens = 10000000"]
        lines += [f'[models."{candidate.id}"]', *where, price]
    home.mkdir()
    (home / "config.toml").write_text("\n".join(lines) + "\n")


def through_the_server(table: Bench, home: Path) -> tuple[list[Play], list[tuple[str, ...]]]:
    """The stream, task by task, in delegate mode: what was played, and the chain of each decision."""
    session = Session(home, home)
    session.router.verifier = RecordedVerdicts()
    plays, chains = [], []
    try:
        with connected(build_server(session)) as client:
            for task in table.tasks:
                arguments = {"repo": str(task.task.path), "dimension": task.task.dimension}
                run = client.delegate(task.task.text, **arguments, max_attempts=len(table.candidates))
                attempts = session.store.attempts(run["decision_id"])
                decision = session.store.decision(run["decision_id"])
                assert decision is not None
                assert all(one.fault is None for one in attempts)
                tried = tuple(one.candidate for one in attempts)
                plays.append(Play(task, tried, tried[-1] if tried else None))
                chains.append(tuple(choice.candidate for choice in decision.chain))
    finally:
        session.close()
    return plays, chains


def recordings(tasks: tuple[BenchTask, ...]) -> dict[tuple[str, str], Recording]:
    return {
        (task.task.text, model): Recording(
            {ANSWER: "resolved\n" if run.score >= 1 else "tried\n"}, cost_usd=run.cost_usd
        )
        for task in tasks
        for model, run in task.runs.items()
    }


def test_the_server_decides_as_the_evaluation_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = real_bench()
    table, _ = with_repositories(read_bench("ood176", real or write_bench(tmp_path / "bench")), tmp_path / "repos")
    configured(tmp_path / "home", table)
    executor = ReplayExecutor(recordings(table.tasks))
    monkeypatch.setattr("mcp_router.delegation.ApiExecutor", lambda _models, _purse: executor)
    started = time.monotonic()
    plays, chains = through_the_server(table, tmp_path / "home")
    seconds = time.monotonic() - started

    rates = {"fpr": VERIFIER_FPR, "fnr": VERIFIER_FNR}
    policy = policies(table.candidates, price_of_usd=0.1, prior=True, **rates)["acrouter:explore-off"]("")
    measured = play(policy, table.candidates, table.tasks, max_attempts=len(table.candidates), signal=resolved)
    charged = charges(table.tasks)
    served, played = total(plays, charged, 0.1), total(measured, charged, 0.1)
    with capsys.disabled():
        of = "the benchmark" if real else "generated tables, because ACROUTER_BENCH is not set"
        print(f"\n{len(plays)} tasks of {of} through the server in {seconds:.0f} s: regret {served.cum_regret:.2f}")
    assert [one.attempts for one in plays] == [one.attempts for one in measured]
    assert [chain[:1] for chain in chains] == [one.attempts[:1] for one in measured]
    assert served == played
