"""The part of a build file that decides how the checks run; the rest of it may change freely."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from mcp_router.verifier.task_runners import USE, VARIABLE, rules

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
HOOKS = re.compile(r"^(pre|post)?install$|^prepare$|^(pre|post)(pack|publish|uninstall)$|^dependencies$")
NPM_TOOLS = (
    *("jest", "vitest", "mocha", "ava", "nyc", "c8", "eslintConfig", "tap", "type", "lint-staged", "husky", "imports"),
    *("overrides", "resolutions", "pnpm", "workspaces", "nodemon", "babel", "xo", "standard"),
)
ELSEWHERE = re.compile(r"^(file|link|portal|git|git\+\w+|https?|github|\.|/|npm):?", re.IGNORECASE)
STEERS = re.compile(
    r"\b(PYTEST_ADDOPTS|PYTEST_PLUGINS|PYTEST_DISABLE_PLUGIN_AUTOLOAD|PYTHONSTARTUP|PYTHONOPTIMIZE|PYTHONSAFEPATH|LD_PRELOAD"
    r"|NODE_OPTIONS|MOCHA_OPTS|TAP_OPTS|RUSTC_WRAPPER|CARGO_TARGET_\w+_RUNNER|COVERAGE_PROCESS_START|PYTEST_THEME)\b"
    r"|\bpytest11\b|\bpytest_plugins\b"
)
SETUP = re.compile(
    r"test_suite|tests_require|cmdclass|entry_points|setup_requires|subprocess|os\.system|urlopen|exec\("
)
RISKY = re.compile(r"\b(rm|true|exit|sed|mv|touch|perl|curl|kill)\b|\btest|pytest|\bskip|python\S* -c|node\S* -e")
EXPORTED = re.compile(r"^\s*export\s+(PYTEST\w*|PYTHON\w*|NODE\w*|PATH|JEST\w*|MOCHA\w*|CARGO\w*|RUST\w*|GO\w*)\b")
SPECIAL = re.compile(
    r"\s*(-?include|sinclude|SHELL|\.SHELLFLAGS|MAKEFLAGS|GNUMAKEFLAGS|MAKE|\.IGNORE|\.SILENT|\.DEFAULT|\.RECIPEPREFIX"
    r"|\.ONESHELL|override|define|\$\(eval|\$\(shell|set shell|set dotenv)(?![\w-])"
)
STRICT_FLAGS = re.compile(
    r"^(strict\w*|no[A-Z]\w*|alwaysStrict|checkJs|exactOptional\w*|forceConsistent\w*|isolated\w*)$"
)


def harness_part(path: str, text: str) -> Any:
    """What of a build file is harness, in a form that can be compared; the whole text when it cannot be read."""
    name = path.rpartition("/")[2].lower()
    reader = READERS.get(name) or next((reader for suffix, reader in SUFFIXES if re.search(suffix, name)), None)
    if reader is None:
        return None
    try:
        return reader(text)
    except (ValueError, TypeError, AttributeError, configparser.Error):
        # An empty file is one that is not there.
        return text or reader("{}" if name.endswith(".json") else "")


def steers_runners(old: str, new: str) -> bool:
    """Whether a file newly names a variable or an entry point by which test runners are steered."""
    return len(STEERS.findall(new)) > len(STEERS.findall(old))


def _pyproject(text: str) -> Any:
    data = tomllib.loads(text)
    tool = data.get("tool", {})
    project = data.get("project", {})
    points = [*project.get("entry-points", {}).items(), *tool.get("poetry", {}).get("plugins", {}).items()]
    plugins = {
        name: point for name, point in points if name in ("pytest11", "pytest_plugins", "mypy", "flake8.extension")
    }
    hatch = tool.get("hatch", {}).get("envs") if isinstance(tool, dict) else None
    scripts = [tool.get("pdm", {}).get("scripts"), tool.get("rye", {}).get("scripts"), data.get("build-system")]
    return [{name: tool[name] for name in TOOLS if name in tool}, plugins, hatch, scripts]


def _ini(text: str) -> Any:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections() if SECTIONS.match(name)} | _plugins(parser)


def _plugins(parser: configparser.ConfigParser) -> dict[str, Any]:
    points = parser.get("options.entry_points", "pytest11", fallback=None)
    return {"pytest11": points} if points else {}


def _package(text: str) -> Any:
    data = json.loads(text or "{}")
    scripts = data.get("scripts", {})
    deciding = {name: line for name, line in scripts.items() if RULES.search(name) or HOOKS.search(name)}
    kinds = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
    wanted = [(name, version) for kind in kinds for name, version in data.get(kind, {}).items()]
    # A dependency taken from a folder or an address can stand in for what the tests import.
    elsewhere = sorted((name, version) for name, version in wanted if ELSEWHERE.search(str(version)))
    return [_called(deciding, scripts), {name: data[name] for name in NPM_TOOLS if name in data}, elsewhere]


def _called(deciding: dict[str, str], scripts: dict[str, str]) -> dict[str, str]:
    """Scripts that decide, with those that they run."""
    names = re.findall(r"(?:npm|pnpm|yarn)(?: run)? ([\w:-]+)", " ".join(map(str, deciding.values())))
    return {name: scripts[name] for name in names if name in scripts} | deciding


def _cargo(text: str) -> Any:
    data = tomllib.loads(text)
    lib = data.get("lib", {})
    own = [data.get("test"), data.get("patch"), data.get("replace"), data.get("profile", {}).get("test")]
    return [lib.get("test"), lib.get("harness"), lib.get("doctest"), data.get("lints"), *own]


def _go_mod(text: str) -> Any:
    return sorted(line.strip() for line in text.splitlines() if "=>" in line)


def _tsconfig(text: str) -> Any:
    bare = re.sub(r"(?m)^\s*//.*$|/\*.*?\*/|,(?=\s*[}\]])", "", text)
    data = json.loads(bare or "{}")
    options = data.get("compilerOptions", {})
    flags = {name: value for name, value in options.items() if STRICT_FLAGS.match(name) or name in ("paths", "baseUrl")}
    return [flags, options.get("skipLibCheck"), data.get("exclude"), data.get("include"), data.get("extends")]


def _make(text: str) -> Any:
    """The rules that check, what they depend on as far as it is risky, and the variables that they use."""
    found = rules(text)
    deciding = {name: steps for name, steps in found.items() if RULES.search(name)}
    needed = _needed(found, deciding)
    risky = {name: [step for step in found[name][1:] if RISKY.search(step)] for name in needed - set(deciding)}
    values = dict(VARIABLE.findall(text))
    used: set[str] = set()
    wave = {name for steps in deciding.values() for step in steps for name in _uses(step)}
    while wave:
        used |= wave
        wave = {name for used_name in wave for name in _uses(values.get(used_name, ""))} - used
    phony = {name for line in re.findall(r"(?m)^\.PHONY\s*:(.*)$", text) for name in line.split() if RULES.search(name)}
    special = [line for line in text.splitlines() if SPECIAL.match(line) or EXPORTED.match(line)]
    return [
        deciding,
        {name: steps for name, steps in risky.items() if steps},
        {name: values[name].strip() for name in sorted(used) if name in values},
        sorted(phony),
        special,
    ]


def _uses(text: str) -> list[str]:
    return [one or two for one, two in USE.findall(text)]


def _needed(found: Mapping[str, tuple[str, ...]], start: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The rules that some rules depend on, and theirs."""
    seen: set[str] = set()
    wave = set(start)
    while wave:
        seen |= wave
        wave = {word for name in wave for word in re.findall(r"[\w-]+", " ".join(found[name]))} & set(found) - seen
    return seen


def _lines(text: str) -> Any:
    """For a file that is a program: its lines that have to do with checks."""
    return [line.strip() for line in text.splitlines() if RULES.search(line) or STEERS.search(line)]


def _setup(text: str) -> Any:
    """What of a setup.py brings tests or plugins into being, or runs code at installation."""
    return [line.strip() for line in text.splitlines() if SETUP.search(line) or STEERS.search(line)]


READERS: dict[str, Callable[[str], Any]] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _ini,
    "package.json": _package,
    "cargo.toml": _cargo,
    "go.mod": _go_mod,
    "go.work": _go_mod,
    "makefile": _make,
    "gnumakefile": _make,
    "setup.py": _setup,
    "pom.xml": _lines,
    "cmakelists.txt": _lines,
    "meson.build": _lines,
}
SUFFIXES: tuple[tuple[str, Callable[[str], Any]], ...] = (
    (r"\.mk$|justfile$", _make),
    (r"^tsconfig.*\.json$", _tsconfig),
    (r"^(build|settings)\.gradle|^rakefile$|^taskfile\.ya?ml$|^gruntfile|^gulpfile|\.cmake$|^dodo\.py$", _lines),
)
