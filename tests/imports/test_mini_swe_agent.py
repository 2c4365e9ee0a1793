"""Runs of mini-swe-agent in both of its formats, with and without a benchmark's results."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mcp_router.errors import BadInput
from memory_store.records import Attempt, Outcome
from memory_store.store import MemoryStore
from tests.imports.history import learn

RED, GREEN = "1 failed in 0.1s", "1 passed in 0.1s"
STEPS = [("pytest", 1, RED), ("sed -i 's/-/+/' calc.py", 0, ""), ("pytest", 0, GREEN)]
PROMPT = (
    "<pr_description>\nConsider the following PR description:\nadd subtracts\n</pr_description>\n<rules>none</rules>"
)


def write(folder: Path, name: str, steps: list[tuple[str, int, str]], *, version: int = 2, **info: Any) -> Path:
    """A run's file, as the agent saves it."""
    tool = version == 2
    messages: list[dict[str, Any]] = [{"role": "system", "content": "s"}, {"role": "user", "content": PROMPT}]
    for n, (command, code, output) in enumerate(steps):
        usage = {"prompt_tokens": 1000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 400}}
        response = {"model": "gpt-5-mini-2025-08-07", "usage": usage}
        actions = [{"command": command, "tool_call_id": f"c{n}"}]
        answer = {"extra": {"actions": actions, "response": response, "timestamp": 1_795_000_000.0 + 2 * n}}
        messages.append({"role": "assistant", "content": f"```bash\n{command}\n```", **(answer if tool else {})})
        result = f"<returncode>{code}</returncode>\n<output>\n{output}\n</output>"
        seen = {"extra": {"returncode": code, "raw_output": output, "timestamp": 1_795_000_001.0 + 2 * n}}
        messages.append({"role": "tool" if tool else "user", "content": result, **(seen if tool else {})})
    data = {
        "info": {
            "model_stats": {"instance_cost": 0.25, "api_calls": len(steps)},
            "config": {"model": {"model_name": "openai/gpt-5-mini"}, "environment": {"cwd": "/testbed"}},
            "exit_status": "Submitted",
            **info,
        },
        "messages": messages,
        "trajectory_format": "mini-swe-agent-1.1" if tool else "mini-swe-agent-1",
    }
    path = folder / name / f"{name}.traj.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def learned(tmp_path: Path) -> list[tuple[Attempt, Outcome | None]]:
    learn(tmp_path / "home", "mini-swe-agent", tmp_path / "runs")
    store = MemoryStore(tmp_path / "home")
    return [(attempt, store.effective_outcome(attempt.attempt_id)) for attempt in store.attempts()]


@pytest.mark.parametrize("version", [1, 2])
def test_a_run_is_one_subtask_judged_by_its_own_commands(tmp_path: Path, version: int) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS, version=version)
    [(attempt, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert (outcome.verdict, outcome.strength, outcome.source) == ("pass", 0.3, "imported")
    assert (attempt.candidate, attempt.cost_usd, attempt.cost_source) == ("gpt-5-mini", 0.25, "reported")
    [decision] = MemoryStore(tmp_path / "home").decisions()
    assert (decision.title, decision.repo) == ("add subtracts", None)


def test_tokens_served_model_and_duration_are_read_where_they_are_told(tmp_path: Path) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS)
    [(attempt, _)] = learned(tmp_path)
    assert (attempt.tokens.input, attempt.tokens.cache_read, attempt.tokens.output) == (1800, 1200, 150)
    assert (attempt.model_asked, attempt.model_served) == ("openai/gpt-5-mini", "gpt-5-mini-2025-08-07")
    assert attempt.latency_ms == 4000.0


def test_a_benchmarks_results_outrank_the_runs_own_tests(tmp_path: Path) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS)
    write(tmp_path / "runs", "a__b-2", [])
    write(tmp_path / "runs", "a__b-3", STEPS[:1])
    results = {"resolved_ids": ["a__b-3"], "unresolved_ids": ["a__b-1"]}
    (tmp_path / "runs" / "results.json").write_text(json.dumps(results), encoding="utf-8")
    verdicts = {(outcome.verdict, outcome.strength) for _, outcome in learned(tmp_path) if outcome}
    assert verdicts == {("fail", 0.5), ("pass", 0.5)}


def test_results_that_come_later_are_taken_in(tmp_path: Path) -> None:
    path = write(tmp_path / "runs", "a__b-1", STEPS[:2])
    [(_, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert outcome.verdict == "no_signal"
    report = {"a__b-1": {"resolved": True}}
    (path.parent / "report.json").write_text(json.dumps(report), encoding="utf-8")
    [(_, outcome)] = learned(tmp_path)
    assert outcome is not None
    assert outcome.verdict == "pass"


def test_an_error_of_the_provider_is_a_fault_and_a_limit_is_not(tmp_path: Path) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS, exit_status="RateLimitError")
    write(tmp_path / "runs", "a__b-2", STEPS[:2], exit_status="LimitsExceeded")
    found = {attempt.fault: outcome and outcome.verdict for attempt, outcome in learned(tmp_path)}
    assert found == {"it ended with RateLimitError": None, None: "no_signal"}


def test_a_cost_of_0_is_unknown_and_computed(tmp_path: Path) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS, model_stats={"instance_cost": 0.0})
    [(attempt, _)] = learned(tmp_path)
    assert attempt.cost_source == "computed"
    assert attempt.cost_usd == pytest.approx((1800 * 0.25 + 1200 * 0.025 + 150 * 2.0) / 1e6, rel=0.5)


def test_a_broken_file_is_counted(tmp_path: Path) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS)
    (tmp_path / "runs" / "half.traj.json").write_text('{"messages": [', encoding="utf-8")
    told = learn(tmp_path / "home", "mini-swe-agent", tmp_path / "runs")
    assert (told["not_read"]["broken_lines"], told["total"]["subtasks"]) == (1, 1)


def test_it_has_no_place_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"PATH: mini-swe-agent keeps its runs where you told it to"):
        learn(tmp_path / "home", "mini-swe-agent", None)  # type: ignore[arg-type]


def test_results_that_change_their_mind_change_the_verdict_each_time(tmp_path: Path) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS)
    results = tmp_path / "runs" / "results.json"
    verdicts = []
    for number, name in enumerate(("resolved_ids", "unresolved_ids", "resolved_ids")):
        results.write_text(json.dumps({name: ["a__b-1"]}))
        os.utime(results, ns=(0, 1_800_000_000_000_000_000 + number))
        [(_, outcome)] = learned(tmp_path)
        verdicts.append(outcome and outcome.verdict)
    assert verdicts == ["pass", "fail", "pass"]
    assert learned(tmp_path)[0][1] is not None


def test_runs_without_times_are_told_apart_by_what_was_said(tmp_path: Path) -> None:
    write(tmp_path / "runs", "a__b-1", STEPS, version=1)
    write(tmp_path / "runs" / "again", "a__b-1", STEPS[:1], version=1)
    found = learned(tmp_path)
    assert len(found) == 2
    assert {attempt.latency_ms for attempt, _ in found} == {None}
