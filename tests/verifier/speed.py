"""What a verdict costs, beside the plain test command: `python -m tests.verifier.speed [--json]`.

Medians of n turns with their range, taken turn by turn in one run on this machine: the first verdict on a patch that
was never seen, its baseline known, and the repository's own command run by hand. Repositories: the sample one, one of
20,000 files, one with 1 GB of files. Then what isolation adds to one empty command, and what twins add.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mcp_router.config import Config
from mcp_router.demo.subtasks import make_repository
from mcp_router.demo.where import history_file
from mcp_router.types import VerificationRequest
from mcp_router.verifier.checks import find_checks
from mcp_router.verifier.environment import Environment, prefixes
from mcp_router.verifier.sandboxes import choose
from mcp_router.verifier.sandboxes.command import Command
from mcp_router.verifier.sandboxes.plain import Plain
from mcp_router.verifier.sandboxes.process import Caps
from mcp_router.verifier.verifier import CheckVerifier
from mcp_router.verifier.views import view
from mcp_router.verifier.workspace import open_repository, working_tree

TURNS = 7
EMPTY_TURNS = 40
MANY_FILES = 20_000
LARGE_FILES, LARGE_BYTES = 20, 50_000_000
LIMITS = {"sample": (1.3, 0.3), "20,000 files": (1.0, 1.0), "1 GB": (1.0, 1.0)}
"""Verdict at most a times the plain command plus b seconds."""
SOURCE = "def double(number):\n    return 2 * number\n"
TESTS = "from app import double\n\n\ndef test_double():\n    assert double(4) == 8\n"


def main() -> None:
    """Print the figures; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description="What a verdict costs.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="acrouter-speed-", dir=Path.home()) as name:
        os.environ["ACROUTER_HOME"] = str(Path(name, "home"))
        rows = _measure(Path(name))
    if given.json:
        print(json.dumps(rows, indent=1))
    else:
        for what, row in rows.items():
            print(f"{what}: " + "; ".join(f"{key} {value}" for key, value in row.items()))
    sys.exit(1 if any(row.get("kept") is False for row in rows.values()) else 0)


def _measure(place: Path) -> dict[str, dict[str, object]]:
    makers: dict[str, Callable[[Path], None]] = {"sample": _sample, "20,000 files": _many, "1 GB": _large}
    rows = {}
    for what, make in makers.items():
        root = place / what.replace(" ", "-").replace(",", "")
        make(root)
        rows[what] = _beside(root, *LIMITS[what])
    rows["isolation, one empty command"] = _isolation(place / "sample")
    return rows


def _beside(root: Path, times: float, more_s: float) -> dict[str, object]:
    """The verdict beside the plain command, turn by turn."""
    verifier = CheckVerifier(Path(os.environ["ACROUTER_HOME"]), Config())
    repo = open_repository(root)
    checks = find_checks(repo, "HEAD", None, Config())[0]
    verifier.baseline(root, "HEAD")
    plain, verdict, whole = list[float](), list[float](), list[float]()
    for turn in range(TURNS):
        started = time.perf_counter()
        command = [str(checks.environment.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        subprocess.run(command, cwd=root, capture_output=True, env=checks.environment.variables(), check=False)
        plain.append(time.perf_counter() - started)
        found = verifier.judge(VerificationRequest(root, _patch(root, turn)))
        assert found.verdict == "pass", found
        verdict.append(found.timings["first_verdict_ms"] / 1000)
        whole.append(found.timings["total_ms"] / 1000)
    limit = times * statistics.median(plain) + more_s
    return {
        "plain_s": _spread(plain),
        "verdict_s": _spread(verdict),
        "with_twins_s": _spread(whole),
        "limit_s": round(limit, 2),
        "kept": statistics.median(verdict) <= limit,
        "n": TURNS,
    }


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def _patch(root: Path, turn: int) -> bytes:
    """A patch to a source file that changes nothing that is tested, another one each turn."""
    name = next(path for path in _git(root, "ls-files", "*.py").decode().split() if "test" not in path)
    file = root / name
    before = file.read_bytes()
    file.write_bytes(before + f"\n\nTURN = {turn}\n".encode())
    patch = _git(root, "diff")
    file.write_bytes(before)
    return patch


def _sample(root: Path) -> None:
    make_repository(history_file(), root)


def _many(root: Path) -> None:
    for number in range(MANY_FILES):
        folder = root / f"data{number % 200:03d}"
        if number < 200:
            folder.mkdir(parents=True)
        (folder / f"file{number}.txt").write_text(f"{number}\n")
    _commit(root)


def _large(root: Path) -> None:
    root.mkdir()
    for number in range(LARGE_FILES):
        with (root / f"large{number}.bin").open("wb") as file:
            file.truncate(LARGE_BYTES)
    _commit(root)


def _commit(root: Path) -> None:
    (root / "app.py").write_text(SOURCE)
    (root / "test_app.py").write_text(TESTS)
    _git(root, "init", "-q")
    _git(root, "-c", "core.bigFileThreshold=1m", "-c", "core.compression=1", "add", "-A")
    _git(root, "-c", "user.name=u", "-c", "user.email=u@example.invalid", "commit", "-qm", "first")


def _git(root: Path, *args: str) -> bytes:
    return subprocess.run(["git", *args], cwd=root, capture_output=True, check=True).stdout


def _isolation(root: Path) -> dict[str, object]:
    """Milliseconds of one `true`, behind the sandbox and behind none, the making of the view aside."""
    repo = open_repository(root)
    tree = working_tree(repo)
    environment = Environment(root, (), (), prefixes(Path(sys.executable)), Path(sys.executable), "a test")
    taken: dict[str, list[float]] = {}
    for _ in range(EMPTY_TURNS):
        for sandbox in (Plain(), choose("auto")):
            with view(repo, tree, Path(os.environ["ACROUTER_HOME"]), tree if sandbox.overlays else None, {}) as made:
                started = time.perf_counter()
                sandbox.run(Command(["true"], made, environment, Caps(20.0)))
                taken.setdefault(sandbox.level, []).append(1000 * (time.perf_counter() - started))
    added = statistics.median(taken[choose("auto").level]) - statistics.median(taken["none"])
    return {f"{level}_ms": _spread(values) for level, values in taken.items()} | {
        "added_ms": round(added, 1),
        "kept": added <= 20,
        "n": EMPTY_TURNS,
    }


if __name__ == "__main__":
    main()
