"""Finds the command that checks a repository. Always from the base commit, never from the tree under judgement."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from mcp_router.config import REPOSITORY_FILE, Config, load_repository_config
from mcp_router.errors import CheckUnavailable
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.environment import Environment, find_environment
from mcp_router.verifier.paths import classify
from mcp_router.verifier.task_runners import test_commands
from mcp_router.verifier.text import one_line
from mcp_router.verifier.workspace import Repository

HOW_TO_NAME = (
    f"name the right command with `checks`, or as `command` under [checks] in {REPOSITORY_FILE} or config.toml"
)
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
SHELL = re.compile(r"[|&;<>()$`\n*?]")
LAUNCHERS = (
    "uv run",
    "poetry run",
    "pdm run",
    "pipenv run",
    "hatch run",
    "rye run",
    "coverage run -m",
    "python -m",
    "python3 -m",
)
DEFAULTS = (("Cargo.toml", "cargo test"), ("go.mod", "go test ./..."))


@dataclass(frozen=True, slots=True)
class Checks:
    """The command that checks a repository.

    command is what a person would type; runner is pytest (argv are then its arguments) or exit_code (argv is the
    whole command); found says where it comes from; variables are those that the command line sets; timeout_s is
    the repository's own limit in seconds.
    """

    command: str
    runner: str
    argv: tuple[str, ...]
    found: str
    environment: Environment
    variables: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None


def find_checks(repo: Repository, base: str, explicit: str | None, config: Config) -> Checks:
    """The checks of a repository at a commit: as named, as configured, as its task runner does, or as is usual.

    Raises:
        CheckUnavailable: none is found, or its command does not exist.
        BadInput: the repository's .acrouter.toml is wrong.
    """
    tree = Tree(repo.root, base)
    environment = find_environment(repo, tree)
    own = load_repository_config(tree.text(REPOSITORY_FILE) or "").checks
    named = (
        (explicit, "the argument `checks`"),
        (config.checks.command, "config.toml"),
        (own.command, REPOSITORY_FILE),
    )
    for command, found in named:
        if command is not None:
            return _checks(command, found, environment, tree, own.timeout_s)
    for command, found in (*test_commands(tree), *_defaults(tree)):
        try:
            return _checks(command, found, environment, tree, own.timeout_s)
        except CheckUnavailable:
            continue
    raise CheckUnavailable(f"No checks were found in {one_line(repo.name)}; {HOW_TO_NAME}.")


def _defaults(tree: Tree) -> list[tuple[str, str]]:
    names = tree.names()
    found = []
    if any(classify(name) == "test" and name.endswith(".py") for name in names):
        found.append(("pytest", "the repository's Python tests"))
    return found + [(command, f"the repository's {mark}") for mark, command in DEFAULTS if mark in names]


def _checks(command: str, found: str, environment: Environment, tree: Tree, timeout_s: float | None) -> Checks:
    """The checks that a command line means.

    Raises:
        CheckUnavailable: it is empty, cannot be read, or its program does not exist.
    """
    words, variables = _split(command)
    arguments = pytest_arguments(words) if words else None
    if arguments is not None:
        return Checks(command, "pytest", tuple(arguments), found, environment, variables, timeout_s)
    if words is None:
        return Checks(command, "exit_code", ("/bin/sh", "-c", command), found, environment, (), timeout_s)
    program = words[0]
    path = environment.variables()["PATH"]
    exists = (
        program in tree.names()
        if "/" in program and not Path(program).is_absolute()
        else shutil.which(program, path=path)
    )
    if not (exists or tree.text(os.path.normpath(program)) is not None):
        raise CheckUnavailable(
            f"The checks' command {one_line(program)!r} (from {found}) does not exist; {HOW_TO_NAME}."
        )
    return Checks(command, "exit_code", tuple(words), found, environment, variables, timeout_s)


def _split(command: str) -> tuple[list[str] | None, tuple[tuple[str, str], ...]]:
    """Words and leading NAME=VALUE of a command line; None for words when only a shell can read it."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CheckUnavailable(
            f"The checks' command {one_line(command)!r} cannot be read ({error}); {HOW_TO_NAME}."
        ) from None
    variables = []
    while words and ASSIGNMENT.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        variables.append((name, value))
    if not words:
        raise CheckUnavailable(f"The checks' command is empty; {HOW_TO_NAME}.")
    # A character that means something to a shell means nothing inside quotes: look at the line without them.
    bare = re.sub(r"'[^']*'|\"[^\"$`]*\"", "", command)
    return (None, ()) if SHELL.search(bare) else (words, tuple(variables))


def pytest_arguments(words: list[str]) -> list[str] | None:
    """The arguments for pytest when a command only runs pytest, else None."""
    rest = [Path(words[0]).name, *words[1:]]
    for launcher in (*LAUNCHERS, *LAUNCHERS):
        start = launcher.split()
        if rest[: len(start)] == start or (
            start[0] == "python" and re.fullmatch(r"python[\d.]*", rest[0]) and rest[1:2] == ["-m"]
        ):
            rest = rest[len(start) :]
            while rest and rest[0].startswith("-") and launcher.endswith("run"):
                rest = rest[2 if rest[0] in ("--extra", "--group", "--with", "-p", "--python") else 1 :]
            if not rest:
                return None
            rest[0] = Path(rest[0]).name
    return rest[1:] if rest[0] in ("pytest", "py.test") else None
