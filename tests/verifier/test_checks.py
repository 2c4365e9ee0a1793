"""The command that a user would type is found, in the environment in which they would type it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FILES, SANDBOX, git, write

from mcp_router.config import Config
from mcp_router.errors import CheckUnavailable
from mcp_router.verifier.checks import find_checks
from mcp_router.verifier.runners import pytest as pytest_runner
from mcp_router.verifier.verifier import CheckVerifier
from mcp_router.verifier.workspace import open_repository


def found(case, explicit=None, config=None):
    repo = open_repository(case.root)
    (checks,) = find_checks(repo, repo.head, explicit, config or Config())
    return checks


MAKE = "BIN := .venv/bin\ntest: check\n\t@$(BIN)/python -m pytest -q tests\n"
NOX = "def tests(session):\n    session.run('pytest', '-q', *session.posargs)\n"
OWN = "[checks]\ncommand = 'X=1 pytest -m \"not slow\"'\n"
TASKS = {
    "just": ({"justfile": "test *args:\n    uv run pytest -q {{args}}\n"}, "pytest", ("-q",)),
    "make": ({"Makefile": MAKE}, "pytest", ("-q", "tests")),
    "make with a tail": ({"Makefile": "test:\n\tcd . && $(PY) -m pytest -x $(ARGS) | tee log\n"}, "pytest", ("-x",)),
    "make of something else": ({"Makefile": "test:\n\tsh check.sh\n"}, "exit_code", ("make", "test")),
    "tox": ({"tox.ini": "[testenv]\ncommands =\n  pytest {posargs:tests}\n"}, "pytest", ("tests",)),
    "nox": ({"noxfile.py": NOX}, "pytest", ("-q",)),
    "npm": ({"package.json": '{"scripts": {"test": "pytest -q"}}\n'}, "pytest", ("-q",)),
    "tests": ({}, "pytest", ()),
    "own file": ({".acrouter.toml": OWN, "Makefile": "test:\n\tfalse\n"}, "pytest", ("-m", "not slow")),
}


@pytest.mark.parametrize(("files", "runner", "argv"), TASKS.values(), ids=TASKS)
def test_the_project_says_how_it_is_checked(bench, files, runner, argv):
    checks = found(bench(FILES | files))
    assert (checks.runner, checks.argv) == (runner, argv)


def test_who_names_the_command_first_wins(bench):
    case = bench(FILES | {".acrouter.toml": "[checks]\ncommand = 'pytest -q'\ntimeout_s = 7\n"})
    config = Config.model_validate({"checks": {"command": "pytest -v"}})
    assert found(case, "pytest -x", config).argv == ("-x",)
    assert found(case, None, config).argv == ("-v",)
    assert (found(case).argv, found(case).timeout_s) == (("-q",), 7)
    assert found(case, "sh -c 'true'").argv == ("sh", "-c", "true")
    assert found(case, "true && false").argv == ("/bin/sh", "-c", "true && false")


@pytest.mark.parametrize("command", ["frobnicate", "./missing.sh -x", "'unclosed", ""])
def test_a_command_that_does_not_exist_says_how_to_name_the_right_one(bench, command):
    with pytest.raises(CheckUnavailable, match=r"\[checks\]"):
        found(bench(), command)


def test_the_command_is_read_from_the_base_not_from_the_patch(bench):
    case = bench()
    write(case.root, {"Makefile": "test:\n\ttrue\n"})
    assert found(case).found == "the repository's Python tests"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("pytest", []),
        ("python3.12 -m pytest -q", ["-q"]),
        (".venv/bin/python -m pytest", []),
        ("uv run --extra dev pytest tests", ["tests"]),
        ("poetry run python -m pytest -k a", ["-k", "a"]),
        ("coverage run -m pytest", []),
        ("make test", None),
        ("python -m unittest", None),
    ],
)
def test_a_command_that_only_runs_pytest_is_known(command, arguments):
    assert pytest_runner.arguments(command.split()) == arguments


def venv(root: Path, *packages: str) -> Path:
    """A virtual environment with pytest in it, made without a network."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
    site = next((root / ".venv" / "lib").glob("python3*")) / "site-packages"
    ours = Path(pytest.__file__).parent.parent
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        shutil.copytree(ours / name, site / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ours / "py.py", site)
    for name in packages:
        write(site, {f"{name}.py": "VALUE = 1\n"})
    return site


@pytest.mark.parametrize("isolation", ["auto", "none"])
def test_the_repositorys_own_environment_runs_the_patched_code(bench, isolation):
    if isolation == "auto" and SANDBOX is None:
        print("no sandbox on this machine; tried with isolation none only")
        isolation = "none"
    files = {
        ".gitignore": ".venv/\n",
        "src/thing/__init__.py": "X = 1\n",
        "tests/test_thing.py": "import subprocess, sys\n\nimport only_here\nimport thing\n\n"
        "def test_x():\n    assert (thing.X, only_here.VALUE) == (2, 1)\n",
    }
    case = bench(files, isolation=isolation)
    site = venv(case.root, "only_here")
    (site / "editable.pth").write_text(f"{case.root / 'src'}\n")
    result = case.verify({"src/thing/__init__.py": "X = 2\n"})
    assert result.verdict == "pass", result.reasons
    assert result.checks["environment"] == "the repository's .venv"


def test_without_an_environment_python_on_path_is_next_and_then_our_own(bench, monkeypatch):
    assert found(bench()).environment.described.startswith("acrouter's own interpreter")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    named = found(bench(name="b")).environment
    assert (named.described, named.python) == ("python on PATH", Path(sys.executable))


def test_describing_says_what_would_run_or_why_nothing(bench):
    case = bench()
    said = CheckVerifier(case.home, case.config).describe(case.root)
    assert (said["command"], said["runner"]) == ("pytest", "pytest")
    empty = bench({"a": "b"}, "empty")
    assert "No checks" in CheckVerifier(case.home, case.config).describe(empty.root)["reason"]


def test_secrets_of_the_environment_do_not_enter(bench, monkeypatch):
    secret = (
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "DATABASE_URL",
        "SSH_AUTH_SOCK",
        "MY_SECRET",
        "PGPASSWORD",
    )
    for name in secret:
        monkeypatch.setenv(name, "s3cret")
    test = (
        f"import os\n\ndef test_a():\n    assert not {set(secret)!r} & set(os.environ)\n"
        "    assert 's3cret' not in os.environ.values()\n"
    )
    files = {"a.py": "X = 1\n", "test_a.py": test}
    assert bench(files, "a").verify({"a.py": "X = 2\n"}).checks["result"]["passed"] == 1
    assert bench(files, "b", isolation="none").verify({"a.py": "X = 2\n"}).checks["result"]["passed"] == 1


def test_checks_never_run_from_the_users_index(bench):
    case = bench()
    write(case.root, {"tests/test_cart.py": None})
    git(case.root, "rm", "-q", "--cached", "tests/test_cart.py")
    assert case.verify({"shop/cart.py": "X = 1\n"}).verdict == "no_signal"
