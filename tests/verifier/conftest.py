"""Small real repositories to judge patches on, and the means to see whether anything of them changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from mcp_router.config import Config
from mcp_router.types import Verification, VerificationRequest
from mcp_router.verifier.sandboxes.bubblewrap import probe
from mcp_router.verifier.verifier import CheckVerifier

SANDBOX, WHY_NOT = probe()
CONFIG = Config() if SANDBOX else Config.model_validate({"checks": {"isolation": "none"}})

CART = """
def total(prices, discount=0):
    return sum(prices)


def label(name):
    return name.strip()
"""
TEST_CART = """
    from shop.cart import label, total


    def test_total():
        assert total([1, 2]) == 3


    def test_label():
        assert label(" a ") == "a"


    def test_discount():
        assert total([10], discount=2) == 8


    def test_discount_of_nothing():
        assert total([], discount=2) == 0
"""
FILES = {"shop/__init__.py": "", "shop/cart.py": CART, "tests/test_cart.py": TEST_CART}
"""Three tests pass, one on discounts fails."""

RIGHT = CART.replace("return sum(prices)", "return max(0, sum(prices) - discount)")
HALF = CART.replace("return sum(prices)", "return sum(prices) - discount")
WRONG = CART.replace("return sum(prices)", "return sum(prices) - 2 * discount")
BROKEN = CART.replace("return name.strip()", "return name").replace("sum(prices)", "0")
TASK = "total() in shop/cart.py ignores its discount. Make it count, never below 0."


def git(folder: Path, *args: str, given: bytes = b"") -> bytes:
    """git as the user would run it, with an identity of its own."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {f"GIT_{who}_{what}": "u@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(["git", *args], cwd=folder, env=env, input=given, capture_output=True, check=True).stdout


def answers(*command: str) -> bool:
    """Whether a program is on this machine and works: a version manager's may be there with nothing behind it."""
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def write(folder: Path, files: dict[str, str | None]) -> None:
    """Write files, None deletes."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(text).lstrip("\n").encode())


def state_of(root: Path) -> dict[str, str]:
    """Everything a user would notice: files, index, refs, stash, status."""
    files = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts]
    seen = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    index = root / ".git" / "index"
    seen["index"] = hashlib.sha256(index.read_bytes()).hexdigest() if index.exists() else "-"
    for command in ("status --porcelain=v2 --branch --ignored", "for-each-ref", "stash list", "worktree list"):
        seen[command] = git(root, *command.split()).decode()
    return seen


@dataclass
class Bench:
    """One repository and a verifier."""

    root: Path
    home: Path
    config: Config

    def patch(self, files: dict[str, str | None]) -> bytes:
        """The patch that makes these files of the working tree as it is, without touching it."""
        with tempfile.TemporaryDirectory() as place:
            copy = Path(place) / "copy"
            shutil.copytree(self.root, copy, symlinks=True)
            git(copy, "add", "-A")
            git(copy, "commit", "-qm", "before", "--allow-empty")
            write(copy, files)
            git(copy, "add", "-A")
            return git(copy, "diff", "--cached", "--binary", "--full-index", "--no-renames")

    def verify(self, patch: bytes | dict[str, str | None], **request: object) -> Verification:
        """The first verdict on a patch, or on files to write."""
        return CheckVerifier(self.home, self.config).verify(self._request(patch, request))

    def judge(self, patch: bytes | dict[str, str | None], **request: object) -> Verification:
        """The settled verdict."""
        return CheckVerifier(self.home, self.config).judge(self._request(patch, request))

    def _request(self, patch: bytes | dict[str, str | None], request: dict[str, object]) -> VerificationRequest:
        content = patch if isinstance(patch, bytes) else self.patch(patch)
        return VerificationRequest(repo=self.root, patch=content, **{"timeout_s": 60.0, **request})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an interpreter that has no pytest."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin"


@pytest.fixture(autouse=True)
def _no_pytest_on_path(monkeypatch: pytest.MonkeyPatch, bare_python: Path) -> None:
    """Checks run with our own interpreter, whatever the machine has besides."""
    monkeypatch.setenv("PATH", f"{bare_python}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder for all: equal trees have their baseline once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def bench(tmp_path: Path, home: Path) -> Callable[..., Bench]:
    """Make a repository of files, committed unless told otherwise."""

    def make(
        files: dict[str, str] = FILES, name: str = "repo", commit: bool = True, isolation: str | None = None
    ) -> Bench:
        root = tmp_path / name
        root.mkdir(parents=True)
        git(root, "init", "-q", "-b", "main")
        write(root, dict(files))
        if commit:
            git(root, "add", "-A")
            git(root, "commit", "-qm", "first")
        config = Config.model_validate({"checks": {"isolation": isolation}}) if isolation else CONFIG
        return Bench(root, home, config)

    return make


def pytest_report_header() -> str:
    """Which isolation these tests could use."""
    return "verifier: bubblewrap runs here" if SANDBOX else f"verifier: no sandbox here ({WHY_NOT}); isolation none"
