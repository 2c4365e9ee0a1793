"""The command that a user would type is found, in the environment in which they would type it."""

from __future__ import annotations

import json
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


def npm(test: str, **more: str) -> dict[str, str]:
    return {"package.json": json.dumps({"scripts": {"test": test, **more}})}


UNITTESTS = {"shop.py": "", "test_shop.py": "import unittest\n\nclass T(unittest.TestCase):\n    def test(self): ...\n"}
JUST = {"Justfile": "test: unit\n\nunit:\n    uvx ruff check .\n    npx vitest run\n"}
POE = {"pyproject.toml": '[tool.poe.tasks]\ntest = {cmd = "python -m unittest discover -s t"}\n'}
RUNS = {
    "npm runs vitest": (npm("eslint . && vitest run --coverage"), "vitest", ("--coverage",)),
    "npm runs another script": (npm("npm run unit -- --ci", unit="cross-env jest"), "jest", ("--ci",)),
    "npm compiles first": (npm("tsc && mocha dist"), "exit_code", ("npm", "test")),
    "npm compiles before": (npm("node --test", pretest="npm run build"), "exit_code", ("npm", "test")),
    "npm checks types first": (npm("node --test", pretest="tsc --noEmit"), "node", ("--test",)),
    "npm elsewhere": (npm("cd web && vitest run"), "exit_code", ("npm", "test")),
    "make runs npm": ({"Makefile": "test:\n\tnpm test\n", **npm("mocha")}, "mocha", ()),
    "make elsewhere": ({"Makefile": "test:\n\tcd web && npm test\n", **npm("mocha")}, "exit_code", ("make", "test")),
    "make by what it needs": (
        {"Makefile": "test: lint unit\nlint:\n\truff check\nunit:\n\tpytest a\n"},
        "pytest",
        ("a",),
    ),
    "just by what it needs": (JUST, "vitest", ()),
    "poe": (POE, "unittest", ("discover", "-s", "t")),
    "tox runs unittest": ({"tox.ini": "[testenv]\ncommands = {envpython} -m unittest -v\n"}, "unittest", ("-v",)),
    "unittest only": (UNITTESTS, "unittest", ()),
    "unittest in a folder": ({"t/test_a.py": UNITTESTS["test_shop.py"]}, "unittest", ("discover", "-s", "t")),
    "unittest with pytest's settings": (UNITTESTS | {"pytest.ini": "[pytest]\n"}, "pytest", ()),
    "unittest out of reach": (
        {"a/b/test_a.py": UNITTESTS["test_shop.py"], "test_b.py": UNITTESTS["test_shop.py"]},
        "pytest",
        (),
    ),
    "django": (UNITTESTS | {"manage.py": ""}, "exit_code", ("python", "manage.py", "test")),
    "node": ({"package.json": "{}", "a.test.js": "require('node:test')\n"}, "node", ("--test",)),
    "cargo": ({"Cargo.toml": "[package]\n", "src/lib.rs": ""}, "cargo", ()),
    "cargo with a web site": (
        {"Cargo.toml": "[package]\n", "src/lib.rs": "", "src/a.rs": "", **npm("jest")},
        "jest",
        (),
    ),
    "maven": ({"mvnw": "", "pom.xml": ""}, "junit", ("./mvnw", "test")),
}


@pytest.mark.parametrize(("files", "runner", "argv"), RUNS.values(), ids=RUNS)
def test_a_task_that_only_runs_a_known_runner_is_run_as_that_runner(bench, files, runner, argv):
    checks = found(bench({"a.txt": "", **files}))
    assert (checks.runner, checks.argv, checks.folder) == (runner, argv, "")


def test_what_cannot_be_told_apart_gives_way_only_to_a_runner_for_most_of_the_source(bench):
    script = {"Makefile": "test:\n\tsh check.sh\n", **npm("jest")}
    assert found(bench({**script, "a.py": "", "b.py": "", "a.js": ""}, "a")).runner == "exit_code"
    assert found(bench({**script, "a.py": "", "b.js": "", "a.js": ""}, "b")).runner == "jest"


def test_a_command_of_the_users_is_looked_into_too(bench):
    case = bench(FILES | {"Makefile": MAKE})
    checks = found(case, "make test")
    assert (checks.runner, checks.argv, checks.found) == ("pytest", ("-q", "tests"), "the argument `checks`")


def test_several_commands_are_several_checks(bench):
    case = bench(FILES | {".acrouter.toml": "[checks]\ncommands = ['pytest -q', 'X=1 sh check.sh']\nparallel = 3\n"})
    repo = open_repository(case.root)
    checks = find_checks(repo, repo.head, None, Config())
    assert [(one.runner, one.argv, one.parallel) for one in checks] == [
        ("pytest", ("-q",), 3),
        ("exit_code", ("sh", "check.sh"), 3),
    ]
    mine = Config.model_validate({"checks": {"commands": ["pytest -x"], "parallel": 2}})
    (one,) = find_checks(repo, repo.head, None, mine)
    assert (one.argv, one.parallel, one.found) == (("-x",), 2, "config.toml")


def test_a_named_report_is_read_where_no_runner_is_known(bench):
    own = "[checks]\ncommand = 'sh check.sh'\nreport = '{}'\n"
    assert found(bench(FILES | {".acrouter.toml": own.format("tap")}, "a")).runner == "tap"
    junit = found(bench(FILES | {".acrouter.toml": own.format("out/*.xml")}, "b"))
    assert (junit.runner, junit.report, junit.argv) == ("junit", "out/*.xml", ("sh", "check.sh"))
    known = found(bench(FILES | {".acrouter.toml": own.format("tap").replace("sh check.sh", "pytest")}, "c"))
    assert known.runner == "pytest"


def test_a_folder_src_is_on_the_path_unless_the_command_says_otherwise(bench):
    case = bench({"src/shop/__init__.py": "X = 1\n", "tests/test_a.py": "import shop\n\ndef test_a(): ...\n"})
    assert found(case).variables == (("PYTHONPATH", "src"),)
    assert found(case, "PYTHONPATH=lib pytest").variables == (("PYTHONPATH", "lib"),)
    assert case.verify({"src/shop/__init__.py": "X = 2\n"}).checks["result"]["passed"] == 1
    assert found(bench({**FILES, "src/a/__init__.py": "", "src/json.py": ""}, "shadowed")).variables == ()


PROJECT = '[project]\nname = "{}"\ndependencies = [{}]\n'
TEST = "def test_a():\n    assert 1\n"
PACKAGES = {
    "libs/a/pyproject.toml": PROJECT.format("a", ""),
    "libs/a/tests/test_a.py": TEST,
    "libs/b/pyproject.toml": PROJECT.format("b", '"a"'),
    "libs/b/tests/test_a.py": TEST,
    "libs/c/package.json": '{"name": "c", "scripts": {"test": "node --test"}}',
}


def test_a_monorepo_without_checks_of_its_own_has_those_of_the_packages_that_a_patch_reaches(bench):
    case = bench(PACKAGES)
    repo = open_repository(case.root)

    def of(*changed: str) -> list[tuple[str, str]]:
        return [(one.folder, one.runner) for one in find_checks(repo, repo.head, None, Config(), changed)]

    assert of() == [("libs/a", "pytest"), ("libs/b", "pytest"), ("libs/c", "node")]
    assert of("libs/a/x.py") == [("libs/a", "pytest"), ("libs/b", "pytest")]
    assert of("libs/c/x.js") == [("libs/c", "node")]
    whole = bench({**PACKAGES, "pytest.ini": "[pytest]\n"}, "whole")
    assert found(whole).folder == ""


def test_a_script_that_runs_every_package_is_run_by_package(bench):
    files = {
        "package.json": '{"workspaces": ["libs/*"], "scripts": {"test": "turbo run test"}}',
        "libs/c/package.json": '{"name": "c", "scripts": {"test": "node --test"}}',
    }
    assert (found(bench(files)).folder, found(bench(files, "again")).runner) == ("libs/c", "node")


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


def test_patterns_stand_for_the_files_that_fit_them(bench):
    files = {"tests/test_a.py": "def test_a(): pass\n", "tests/test_b.py": "def test_b(): pass\n", "a.py": "X = 1\n"}
    case = bench(files)
    found = find_checks(open_repository(case.root), "HEAD", "pytest tests/test_*.py -q", case.config)[0]
    assert (found.runner, found.argv) == ("pytest", ("tests/test_a.py", "tests/test_b.py", "-q"))
    mocha = find_checks(open_repository(case.root), "HEAD", "mocha tests/**/*.js", case.config)[0]
    assert (mocha.runner, mocha.argv) == ("mocha", ("tests/**/*.js",))
    plain = find_checks(open_repository(case.root), "HEAD", "cat tests/*.py", case.config)[0]
    assert (plain.runner, plain.argv) == ("exit_code", ("/bin/sh", "-c", "cat tests/*.py"))
