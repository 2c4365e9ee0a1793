"""Which checkers a repository configures and has, read from its files, and the command line of each."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.diagnostics.finding import ERROR, STYLE, Checker
from mcp_router.verifier.diagnostics.table import (
    CONFIGURATION,
    ESLINT_FLAT,
    PYTHON,
    SCRIPT,
    TOOLS,
    TYPED,
    Texts,
    Tool,
)
from mcp_router.verifier.environment import Environment

MOST_FILES = 1_000


def find_checkers(tree: Tree, environment: Environment) -> tuple[tuple[Checker, ...], tuple[str, ...]]:
    """The checkers that a tree configures and the environment has, and the names of those that it has not.

    Only configuration at the top of the tree counts. Nothing is run to find out.
    """
    texts = tree.texts(CONFIGURATION)
    found: list[Checker] = []
    missing: list[str] = []
    for tool in TOOLS:
        if not tool.is_configured(texts):
            continue
        program = _program(tool, environment)
        if program is None:
            missing.append(tool.name)
            continue
        weight = ERROR if tool.whole else STYLE
        for name, more in _variants(tool.name, tree, texts, _python(program, environment)):
            suffixes = (*SCRIPT, *TYPED) if tool.name == "eslint" and _lints_types(texts) else tool.suffixes
            found.append(Checker(name, (program, *tool.options, *more), suffixes, tool.whole, weight))
    return tuple(found), tuple(missing)


def command(checker: Checker, changed: Sequence[str]) -> list[str] | None:
    """The command line for the changed files that exist in the tree to be checked.

    None: none of them is for this checker, or there are more than 1,000, too many for a command line.
    """
    files = [f"./{path}" if path.startswith("-") else path for path in changed if path.endswith(checker.suffixes)]
    if not files or len(files) > MOST_FILES:
        return None
    return [*checker.argv, *(() if checker.whole else files)]


def _program(tool: Tool, environment: Environment) -> str | None:
    """Where the program is: an environment of the repository has it also when that has no test runner."""
    folders = [environment.root / name for name in environment.shared if name != ".tox"]
    own = [folder / ".bin" if folder.name == "node_modules" else folder / "bin" for folder in folders]
    path = os.pathsep.join([*map(str, own), environment.variables()["PATH"]])
    return next((place for name in tool.programs if (place := shutil.which(name, path=path))), None)


def _python(program: str, environment: Environment) -> str:
    """The interpreter whose packages the checked code imports: that beside the checker, else that of the tests."""
    beside = Path(program).with_name("python")
    return str(beside if beside.exists() else environment.python)


def _variants(name: str, tree: Tree, texts: Texts, python: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The runs of a checker: its name, and what this project adds to its options."""
    if name == "mypy":
        yield name, ("--python-executable", python, *(() if _mypy_says_what(texts) else _python_roots(tree)))
    elif name in ("pyright", "basedpyright"):
        yield name, ("--pythonpath", python)
    elif name == "tsc":
        text = texts["tsconfig.json"]
        # A composite project may not do without the file that makes it incremental.
        cache = () if '"composite"' in text else ("--incremental", "false")
        projects = re.findall(r'"path"\s*:\s*"([^"]+)"', text) if '"references"' in text else []
        for project in projects or ["tsconfig.json"]:
            yield f"tsc {project}" if projects else name, (*cache, "--project", project)
    else:
        yield name, ()


def _lints_types(texts: Texts) -> bool:
    """An old-style eslint without the parser for TypeScript would call each such file a syntax error."""
    return any(name in texts for name in ESLINT_FLAT) or "typescript-eslint" in texts.get("package.json", "")


def _mypy_says_what(texts: Texts) -> bool:
    tables: list[Mapping[str, Any]] = []
    with suppress(ValueError, KeyError, TypeError):
        tables.append(dict(tomllib.loads(texts.get("pyproject.toml", ""))["tool"]["mypy"]))
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        with suppress(configparser.Error, KeyError):
            parser.read_string(texts.get(name, ""))
            tables.append(parser["mypy"])
    return any(key in table for table in tables for key in ("files", "packages", "modules"))


def _python_roots(tree: Tree) -> tuple[str, ...]:
    """What mypy is given when its configuration does not say: src, else packages and modules at the top.

    The whole folder would hold several `conftest` or `setup`, which mypy refuses.
    """
    names = [PurePosixPath(name) for name in tree.names() if name.endswith(PYTHON)]
    if any(name.parts[0] == "src" for name in names):
        return ("src",)
    packages = {name.parts[0] for name in names if len(name.parts) == 2 and name.stem == "__init__"}
    modules = {str(name) for name in names if len(name.parts) == 1 and name.stem not in ("setup", "conftest")}
    return tuple(sorted(packages | modules)) or (".",)
