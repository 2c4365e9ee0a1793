"""How a project's own task runner runs its tests, read as text, never run: just, make, tox, nox, scripts."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.runners.launchers import python_module
from mcp_router.verifier.runners.table import known_runner

JUSTFILES = ("justfile", "Justfile", ".justfile")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
TARGETS = ("test", "tests", "check")
NPM = ("npm", "pnpm", "yarn", "bun")
PYPROJECT_RUNNERS = ("poe", "task", "pdm", "hatch", "rye")
VARIABLE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[:?]{0,3}=\s*(.*)$", re.MULTILINE)
USE = re.compile(r"\$[({](\w+)[)}]|\{\{\s*(\w+)\s*\}\}")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
COMPILES = re.compile(
    r"\b(build|build_ext|compile|transpile|bundle|codegen|generate|protoc|tsc(?!.*--no-?emit)|webpack|rollup|esbuild|tsup|"
    r"babel|swc|cmake|gcc|clang|cython|maturin)\b",
    re.IGNORECASE,
)
"""What the tests then run is not the source as it stands: the whole command has to run."""
NO_TEST = "no test specified"
DEEPEST = 4


def test_commands(tree: Tree) -> Iterator[tuple[str, str]]:
    """Command lines with where they come from, the most telling first."""
    texts = _texts(tree)
    for program, names in (("just", JUSTFILES), ("make", MAKEFILES)):
        name = next((name for name in names if name in texts), None)
        found = rules(texts[name]) if name else {}
        for target in TARGETS:
            if target in found and (target != "check" or len(found[target]) > 1):
                yield f"{program} {target}", f"target {target} of {name}"
    for program, name in (("tox", "tox.ini"), ("nox", "noxfile.py")):
        if name in texts and resolve(tree, [program]):
            yield program, name
    if "test" in _npm(texts):
        yield "npm test", "the script test of package.json"
    for program in PYPROJECT_RUNNERS:
        if "test" in _pyproject(texts, program):
            yield f"{program} {'' if program in ('poe', 'task') else 'run '}test", "the task test of pyproject.toml"


def resolve(tree: Tree, words: list[str], depth: int = 0) -> str | None:
    """The line of a task that merely runs a known test runner; None when a command is no such task.

    Lint and installation beside it are left out; a task that compiles something first is not merely that.
    """
    if depth > DEEPEST or not words:
        return None
    steps = _steps(words, _texts(tree)) or _steps(python_module(words), _texts(tree))
    lines = [line for step in steps for line in _lines(step)]
    if any(COMPILES.search(line) or re.match(r"cd (?!\.$)", line) for line in lines):
        return None
    for line in lines:
        bare = _words(line)
        if bare and known_runner(bare):
            return line
        if bare and (inner := resolve(tree, bare, depth + 1)):
            return inner
    return None


def fans_out(tree: Tree) -> bool:
    """Whether the script test of package.json only runs the tests of each package of a workspace."""
    script = _npm(_texts(tree)).get("test", "")
    return re.search(r"\b(turbo|lerna|nx|wsrun|workspaces?)\b|\s(-ws|-r|--recursive|--filter)\b", script) is not None


def rules(text: str) -> dict[str, tuple[str, ...]]:
    """The lines of each rule of a Makefile or justfile, its header's dependencies first, by its name."""
    found: dict[str, tuple[str, ...]] = {}
    lines = text.replace("\\\n", " ").splitlines()
    for at, line in enumerate(lines):
        header = re.match(r"^@?([A-Za-z][\w-]*)(?: [^:=]*)?:(?!=)(.*)$", line)
        if header:
            body = takewhile(lambda following: not following.strip() or following[0].isspace(), lines[at + 1 :])
            found[header[1]] = (header[2].strip(), *(step.strip() for step in body if step.strip()))
    return found


def _texts(tree: Tree) -> dict[str, str]:
    return tree.texts([*JUSTFILES, *MAKEFILES, "tox.ini", "noxfile.py", "package.json", "pyproject.toml"])


def _steps(words: list[str], texts: Mapping[str, str]) -> list[str]:
    """The command lines that a task stands for; none for what is no task."""
    program, rest = Path(words[0]).name, [word for word in words[1:] if word != "run"]
    if program in ("make", "just"):
        names = MAKEFILES if program == "make" else JUSTFILES
        text = next((texts[name] for name in names if name in texts), "")
        return _of_rule(text, rest[0]) if len(rest) == 1 else []
    if program == "tox":
        return _tox(texts.get("tox.ini", ""))
    if program == "nox":
        return _nox(texts.get("noxfile.py", ""))
    task, more = (rest[0], [word for word in rest[1:] if word != "--"]) if rest else ("", [])
    if program in NPM:
        return _of_script(_npm(texts), "test" if task in ("t", "tst") else task, more)
    if program in PYPROJECT_RUNNERS:
        step = _pyproject(texts, program).get(task)
        return [" ".join([step, *map(shlex.quote, more)])] if step else []
    return []


def _of_rule(text: str, target: str) -> list[str]:
    """The steps of a rule, then what the rules that it depends on are called and do."""
    found, values = rules(text), {name: value.strip() for name, value in VARIABLE.findall(text)}
    if target not in found:
        return []
    needed, *steps = found[target]
    needs = [name for name in needed.split() if name in found and name != target]
    steps += [step for name in needs for step in (f"echo {name}", *found[name][1:])]
    return [_filled(step.lstrip("@-+ "), values) for step in steps]


def _filled(step: str, values: Mapping[str, str]) -> str:
    for _ in range(5):
        step = USE.sub(lambda use: values.get(use[1] or use[2], use[0]), step)
    return step


def _of_script(scripts: Mapping[str, str], name: str, more: list[str]) -> list[str]:
    if name not in scripts:
        return []
    around = [scripts[f"{time}{name}"] for time in ("pre", "post") if f"{time}{name}" in scripts]
    return [" ".join([scripts[name], *map(shlex.quote, more)]), *around]


def _lines(step: str) -> list[str]:
    """The commands of a shell line. Words that only the shell knows are left out."""
    if not re.search(r"[|&;<>$`]|\{", QUOTED.sub("", step)):
        return [step]
    parts = re.split(r"&&|\|\||[|;]", re.sub(r"\d?>+\s*(&\d|\S+)", "", step))
    kept = [[word for word in part.split() if not re.search(r"[$`{}]", word)] for part in parts]
    return [" ".join(["python", *words] if words[0] == "-m" else words) for words in kept if words]


def _words(line: str) -> list[str]:
    """The words of a line without leading assignments."""
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    return list(words[next((at for at, word in enumerate(words) if not re.match(r"^[A-Za-z_]\w*=", word)), 0) :])


def _tox(text: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    lines = parser.get("testenv", "commands", fallback="").splitlines()
    plain = (re.sub(r"\{posargs:([^}]*)\}", r"\1", line.strip().lstrip("-")) for line in lines)
    return [re.sub(r"\{posargs\}|\[\]", "", line).strip() for line in plain if line]


def _nox(text: str) -> list[str]:
    try:
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    except (SyntaxError, ValueError):
        return []
    runs = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "run"]
    constants = ([arg.value for arg in call.args if isinstance(arg, ast.Constant)] for call in runs)
    return [shlex.join(word for word in words if isinstance(word, str)) for words in constants]


def _npm(texts: Mapping[str, str]) -> dict[str, str]:
    """The scripts of package.json; the one that npm makes up when there are no tests is none."""
    try:
        scripts = json.loads(texts.get("package.json", "{}")).get("scripts", {})
        return {name: line for name, line in scripts.items() if isinstance(line, str) and NO_TEST not in line}
    except (ValueError, AttributeError):
        return {}


def _pyproject(texts: Mapping[str, str], program: str) -> dict[str, str]:
    """The tasks that pyproject.toml gives one of its runners."""
    try:
        tool: Any = tomllib.loads(texts.get("pyproject.toml", "")).get("tool", {})
        tables = {
            "poe": lambda: tool["poe"]["tasks"],
            "task": lambda: tool["taskipy"]["tasks"],
            "pdm": lambda: tool["pdm"]["scripts"],
            "hatch": lambda: tool["hatch"]["envs"]["default"]["scripts"],
            "rye": lambda: tool["rye"]["scripts"],
        }
        tasks = tables[program]()
        lines = {name: task.get("cmd") if isinstance(task, dict) else task for name, task in tasks.items()}
        return {name: line for name, line in lines.items() if isinstance(line, str)}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}
