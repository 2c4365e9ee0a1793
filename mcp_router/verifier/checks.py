"""Finds the commands that check a repository. Always from the base commit, never from the tree under judgement."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mcp_router.config import REPOSITORY_FILE, ChecksConfig, Config, RepositoryChecks, load_repository_config
from mcp_router.errors import CheckUnavailable
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.defaults import default_commands, is_split, source_variables, speaks
from mcp_router.verifier.environment import Environment, find_environment
from mcp_router.verifier.git import git
from mcp_router.verifier.packages import affected
from mcp_router.verifier.runners.table import PLAIN, WHOLE_COMMAND, find_runner, known_runner
from mcp_router.verifier.task_runners import fans_out, resolve, test_commands
from mcp_router.verifier.text import one_line
from mcp_router.verifier.workspace import Repository

__all__ = ["HOW_TO_NAME", "Checks", "find_checks", "find_runner"]

HOW_TO_NAME = (
    f"name the right command with `checks`, or as `command` under [checks] in {REPOSITORY_FILE} or config.toml"
)
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
SHELL = re.compile(r"[|&;<>()$`\n]")
PATTERN = re.compile(r"[*?]")
EXPAND_THEMSELVES = ("mocha", "node")


@dataclass(frozen=True, slots=True)
class Checks:
    """A command that checks a repository.

    command is what a person would type; runner is a name of runners/table.py and argv what it made of the command: a
    known runner's own arguments, else the whole command; found says where it comes from; variables are those that
    the command line sets; timeout_s is the repository's own limit in seconds; folder, in the repository, is where it
    runs, "" the root; report is where it leaves its results, as configured; parallel is how many tests run at a time,
    None as the repository says.
    """

    command: str
    runner: str
    argv: tuple[str, ...]
    found: str
    environment: Environment
    variables: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None
    folder: str = ""
    report: str | None = None
    parallel: int | None = None


def find_checks(
    repo: Repository, base: str, explicit: str | None, config: Config, changed: Collection[str] = ()
) -> tuple[Checks, ...]:
    """The checks of a repository at a commit: as named, as configured, as its task runner does, or as is usual.

    Usually one. Several where several are configured, and in a monorepo whose root has none: then those of the
    packages that the changed paths reach, of all for none.

    Raises:
        CheckUnavailable: none is found, or its command does not exist.
        BadInput: the repository's .acrouter.toml is wrong.
    """
    tree = Tree(repo.root, base)
    own = load_repository_config(tree.text(REPOSITORY_FILE) or "").checks
    root = _Place(repo, tree, tree, "", config.checks, own)
    named = (
        ((explicit,) if explicit is not None else (), "the argument `checks`"),
        (_commands(config.checks), "config.toml"),
        (_commands(own), REPOSITORY_FILE),
    )
    for commands, found in named:
        if commands:
            return tuple(root.checks(command, found) for command in commands)
    at_root = root.search()
    if at_root and not (is_split(tree) if at_root.usual else at_root.checks.runner == PLAIN and fans_out(tree)):
        return (at_root.checks,)
    of_packages = _of_packages(root, changed)
    if not (of_packages or at_root):
        raise CheckUnavailable(f"No checks were found in {one_line(repo.name)}; {HOW_TO_NAME}.")
    return of_packages or ((at_root.checks,) if at_root else ())


def _commands(table: ChecksConfig | RepositoryChecks) -> tuple[str, ...]:
    return (table.command,) if table.command is not None else table.commands


def _of_packages(root: _Place, changed: Collection[str]) -> tuple[Checks, ...]:
    folders = dict.fromkeys(package.folder for package in affected(root.tree, changed) if package.folder)
    found = []
    for folder in folders:
        inside = git(root.repo.root, "rev-parse", f"{root.tree.id}:{folder}").decode().strip()
        found.append(dataclasses.replace(root, tree=Tree(root.repo.root, inside), folder=folder).search())
    return tuple(one.checks for one in found if one)


@dataclass(frozen=True, slots=True)
class _Found:
    """Checks, and whether they are no more than what is usual for such files."""

    checks: Checks
    usual: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder of the repository, whole, whose checks are looked for. tree holds its files alone."""

    repo: Repository
    whole: Tree
    tree: Tree
    folder: str
    config: ChecksConfig
    own: RepositoryChecks

    def search(self) -> _Found | None:
        """What the folder's own files say; a task whose results can be told apart goes before one where they cannot."""
        tasks = self._all(list(test_commands(self.tree)))
        if tasks and tasks[0].runner == PLAIN:
            tasks.sort(key=lambda checks: checks.runner == PLAIN or not speaks(self.tree, checks.runner))
        if tasks:
            return _Found(tasks[0], usual=False)
        usual = self._all(default_commands(self.tree))
        return _Found(usual[0], usual=True) if usual else None

    def _all(self, commands: list[tuple[str, str]]) -> list[Checks]:
        found = []
        for command, source in commands:
            try:
                found.append(self.checks(command, source))
            except CheckUnavailable:
                continue
        return found

    def checks(self, command: str, found: str) -> Checks:
        """The checks that a command line means.

        Raises:
            CheckUnavailable: it is empty, cannot be read, or its program does not exist.
        """
        words, variables = _split(command)
        if words and (line := resolve(self.tree, words)):
            command = line
            words, more = _split(line)
            variables += more
        shell = ["/bin/sh", "-c", command]
        runner, argv = (words and known_runner(words)) or (PLAIN, words or shell)
        if words and any(map(PATTERN.search, words)):
            if runner in WHOLE_COMMAND:
                words, variables, argv = None, (), shell
            elif runner not in EXPAND_THEMSELVES:
                argv = _expanded(argv, self.tree)
        report = self.config.report or self.own.report
        if report and runner in WHOLE_COMMAND:
            runner, argv = "tap" if report == "tap" else "junit", words or shell
        environment = find_environment(self.repo, self.whole, with_pytest=runner != "unittest")
        if words and runner in WHOLE_COMMAND:
            self._require(words[0], found, environment)
        if runner in ("pytest", "unittest"):
            variables += source_variables(self.tree, dict(variables))
        parallel = self.config.parallel or self.own.parallel
        return Checks(
            command,
            runner,
            tuple(argv),
            found,
            environment,
            variables,
            self.own.timeout_s,
            self.folder,
            report,
            parallel,
        )

    def _require(self, program: str, found: str, environment: Environment) -> None:
        """Refuse a program that is neither a file of the tree nor on the environment's PATH."""
        if "/" in program and not Path(program).is_absolute() and self.tree.text(os.path.normpath(program)) is not None:
            return
        if not shutil.which(program, path=environment.variables()["PATH"]):
            raise CheckUnavailable(
                f"The checks' command {one_line(program)!r} (from {found}) does not exist; {HOW_TO_NAME}."
            )


def _expanded(words: Collection[str], tree: Tree) -> list[str]:
    """The words as a shell would hand them over: a pattern stands for the files of the tree that fit it."""
    out: list[str] = []
    for word in words:
        parts = (part if part in "*?" else re.escape(part) for part in re.split(r"([*?])", word))
        form = re.compile("".join("[^/]*" if part == "*" else "[^/]" if part == "?" else part for part in parts))
        fitting = [name for name in tree.names() if form.fullmatch(name)] if PATTERN.search(word) else []
        out += fitting or [word]
    return out


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
