"""The part of a build file that decides how the checks run; the rest of it may change freely."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

from mcp_router.verifier.task_runners import rules

TOOLS = (
    "pytest",
    "coverage",
    "tox",
    "nox",
    "mypy",
    "pyright",
    "ruff",
    "flake8",
    "pylint",
    "bandit",
    "isort",
    "black",
    "unittest",
    "hypothesis",
    "pytest-enabler",
    "basedpyright",
    "ty",
    "codespell",
    "interrogate",
    "importlinter",
    "poe",
    "taskipy",
)
SECTIONS = re.compile(
    r"^(tool:|coverage:|tox|testenv|pytest|mypy|flake8|pylint|bandit|isort|aliases|pyright|importlinter)", re.IGNORECASE
)
RULES = re.compile(r"test|check|lint|type|cov|verify|^ci$|^qa$|ruff|mypy", re.IGNORECASE)
NPM_TOOLS = ("jest", "vitest", "mocha", "ava", "nyc", "c8", "eslintConfig", "tap", "type", "lint-staged")


def harness_part(path: str, text: str) -> Any:
    """What of a build file is harness, in a form that can be compared; the whole text when it cannot be read."""
    name = path.rpartition("/")[2].lower()
    reader = READERS.get(name) or (_make if name.endswith((".mk", "justfile")) else None)
    if reader is None:
        return None
    try:
        return reader(text)
    except (ValueError, TypeError, AttributeError, configparser.Error):
        return text


def _pyproject(text: str) -> Any:
    data = tomllib.loads(text)
    tool = data.get("tool", {})
    plugins = data.get("project", {}).get("entry-points", {}).get("pytest11")
    hatch = tool.get("hatch", {}).get("envs") if isinstance(tool, dict) else None
    return [{name: tool[name] for name in TOOLS if name in tool}, plugins, hatch]


def _ini(text: str) -> Any:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections() if SECTIONS.match(name)} | _plugins(parser)


def _plugins(parser: configparser.ConfigParser) -> dict[str, Any]:
    points = parser.get("options.entry_points", "pytest11", fallback=None)
    return {"pytest11": points} if points else {}


def _package(text: str) -> Any:
    data = json.loads(text)
    scripts = {name: line for name, line in data.get("scripts", {}).items() if RULES.search(name)}
    return [scripts, {name: data[name] for name in NPM_TOOLS if name in data}]


def _cargo(text: str) -> Any:
    data = tomllib.loads(text)
    lib = data.get("lib", {})
    return [data.get("test"), lib.get("test"), lib.get("harness"), lib.get("doctest"), data.get("lints")]


def _make(text: str) -> Any:
    special = [
        line for line in text.splitlines() if re.match(r"\s*(include|-include|SHELL|\.SHELLFLAGS|MAKEFLAGS)\b", line)
    ]
    return [{name: steps for name, steps in rules(text).items() if RULES.search(name)}, special]


READERS: dict[str, Callable[[str], Any]] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _ini,
    "package.json": _package,
    "cargo.toml": _cargo,
    "makefile": _make,
    "gnumakefile": _make,
    "justfile": _make,
}
