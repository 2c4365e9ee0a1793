"""What a run of tests says, by runner, and when its exit code counts."""

from __future__ import annotations

import time

import pytest

from mcp_router.imports.shell import read_shell
from mcp_router.imports.summaries import signal, summary

LINES = [
    ("1 failed, 1 passed, 1 skipped, 1 xfailed in 0.02s", "fail"),
    ("========= 2 failed, 3 passed in 1.20s (0:00:01) =========", "fail"),
    ("\x1b[32m\x1b[1m3 passed\x1b[0m\x1b[32m in 0.01s\x1b[0m", "pass"),
    ("1 error in 0.09s", "fail"),
    ("4 deselected in 0.01s", None),
    ("no tests ran in 0.01s", None),
    ("Ran 3 tests in 0.001s\n\nOK", "pass"),
    ("Ran 3 tests in 0.001s\n\nFAILED (failures=1, skipped=1)", "fail"),
    ("FAILED (errors=1)", "fail"),
    ("OK", None),
    ("Ran 0 tests in 0.000s\n\nOK", None),
    ("Tests:       1 failed, 1 skipped, 1 passed, 3 total", "fail"),
    ("Tests:       3 passed, 3 total", "pass"),
    ("      Tests  1 failed | 1 passed | 1 skipped (3)", "fail"),
    ("      Tests  2 passed (2)", "pass"),
    ("  1 passing (5ms)\n  1 failing\n\n  1) adds", "fail"),
    ("  2 passing (5ms)\n", "pass"),
    ("# tests 2\n# pass 1\n# fail 1\n", "fail"),
    ("# pass 2\n# fail 0\n", "pass"),
    ("\u2139 pass 2\n\u2139 fail 0\n", "pass"),
    ("test result: FAILED. 1 passed; 1 failed; 0 ignored; finished in 0.00s", "fail"),
    ("test result: ok. 2 passed; 0 failed; 0 ignored; finished in 0.00s", "pass"),
    ("test result: ok. 0 passed; 0 failed; 0 ignored; finished in 0.00s", None),
    ("ok  \texample.org/shop\t0.003s", "pass"),
    ("--- FAIL: TestCart (0.00s)\nFAIL\texample.org/shop\t0.003s", "fail"),
    ("12 examples, 0 failures", "pass"),
    ("12 examples, 2 failures", "fail"),
    ("Tests run: 4, Failures: 0, Errors: 0, Skipped: 0", "pass"),
    ("Tests run: 4, Failures: 0, Errors: 1, Skipped: 0", "fail"),
    ("100% tests passed, 0 tests failed out of 12", "pass"),
    ("83% tests passed, 2 tests failed out of 12", "fail"),
    ("Test Suites: 1 failed, 1 passed, 2 total\nTests:       5 passed, 5 total", "fail"),
    ("Test Suites: 2 passed, 2 total", None),
    (" Test Files  1 failed | 1 passed (2)\n      Tests  5 passed (5)", "fail"),
    ("3 examples, 0 failures, 1 error occurred outside of examples", "fail"),
    ("Tests run: 4, Failures: 0, Errors: 0, Skipped: 0\n[INFO] BUILD FAILURE", "fail"),
    ("test result: ok. 2 passed; 0 failed; 0 ignored\nerror: 1 target failed:", "fail"),
    ("all is well", None),
]


@pytest.mark.parametrize(("output", "said"), LINES)
def test_each_runners_summary_is_read(output: str, said: str | None) -> None:
    assert summary(f"collected\n{output}\n") == said


def test_a_failing_summary_beats_exit_code_0() -> None:
    assert signal("1 failed in 0.1s", 0, plain=False) == "fail"


@pytest.mark.parametrize(
    ("output", "exit_code", "plain"),
    [
        ("2 passed in 0.1s", 3, True),
        ("2 passed in 0.1s", None, True),
        ("", 0, False),
        ("", 1, False),
        ("Command timed out after 1s", 143, True),
        ("pytest: command not found", 127, True),
        ("no tests ran in 0.01s", 5, True),
    ],
)
def test_what_disagrees_or_ran_no_test_says_nothing(output: str, exit_code: int | None, plain: bool) -> None:
    assert signal(output, exit_code, plain=plain) is None


def test_a_plain_command_without_a_summary_is_told_by_its_exit_code() -> None:
    assert (signal("", 0, plain=True), signal("cut off here", 1, plain=True)) == ("pass", "fail")


@pytest.mark.parametrize("text", ["\n", " ", "1 passed, ", "Tests: ", "<<A\n", "ok "])
def test_a_long_output_of_any_kind_is_read_fast(text: str) -> None:
    start = time.process_time()
    summary(text * (200_000 // len(text)))
    read_shell(text * (20_000 // len(text)), "/r")
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("output", ["python: No module named pytest", 'npm error Missing script: "test"'])
def test_a_runner_that_is_not_there_says_nothing(output: str) -> None:
    assert signal(output, 1, plain=True) is None
