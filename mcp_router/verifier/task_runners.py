"""How a project's own task runner runs its tests: just, make, tox, nox and npm scripts, read as text, never run."""

from __future__ import annotations

import ast
import configparser
import json
import re
from collections.abc import Iterator
from itertools import takewhile

from mcp_router.verifier.changes import Tree

JUSTFILES = ("justfile", "Justfile", ".justfile")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
TARGETS = ("test", "tests", "check")
PYTEST = re.compile(r"(?:^|[\s/])(?:pytest|py\.test)(?=\s|$)")
VARIABLE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[:?]{0,3}=\s*(.*)$", re.MULTILINE)
USE = re.compile(r"\$[({](\w+)[)}]|\{\{\s*(\w+)\s*\}\}")
NO_TEST = "no test specified"


def test_commands(tree: Tree) -> Iterator[tuple[str, str]]:
    """Command lines with where they come from, the most telling first."""
    texts = tree.texts([*JUSTFILES, *MAKEFILES, "tox.ini", "noxfile.py", "package.json"])
    for program, names in (("just", JUSTFILES), ("make", MAKEFILES)):
        for name in names:
            if name in texts:
                yield from _rules(texts[name], program, name)
                break
    if "tox.ini" in texts:
        yield from _tox(texts["tox.ini"])
    if "noxfile.py" in texts:
        yield from _nox(texts["noxfile.py"])
    if "package.json" in texts:
        yield from _npm(texts["package.json"])


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


def _rules(text: str, program: str, name: str) -> Iterator[tuple[str, str]]:
    found = rules(text)
    for target in TARGETS:
        steps = [step.lstrip("@-+ ") for step in found.get(target, ("",))[1:]]
        for step in steps:
            if PYTEST.search(step):
                yield _resolved(step, text), f"the pytest line of `{program} {target}`"
        if target in found and (target != "check" or steps):
            yield f"{program} {target}", f"target {target} of {name}"


def _resolved(step: str, text: str) -> str:
    """A step with the file's variables put in; where one is unknown, pytest with the words after it that are plain."""
    values = {name: value.strip() for name, value in VARIABLE.findall(text)}
    for _ in range(5):
        step = USE.sub(lambda use: values.get(use[1] or use[2], use[0]), step)
    if "$" in step or "{{" in step or re.search(r"[|&;<>]", step):
        after = re.split(r"[|&;<>]", PYTEST.split(step, maxsplit=1)[1])[0]
        return "pytest " + " ".join(
            word for word in after.split() if "$" not in word and "{" not in word and "}" not in word
        )
    return step


def _tox(text: str) -> Iterator[tuple[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for line in parser.get("testenv", "commands", fallback="").splitlines():
        if PYTEST.search(line):
            plain = re.sub(r"\{posargs:([^}]*)\}", r"\1", line)
            yield re.sub(r"\{[^}]*\}", "", plain).strip(), "the pytest line of tox.ini"


def _nox(text: str) -> Iterator[tuple[str, str]]:
    try:
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    except (SyntaxError, ValueError):
        return
    for call in calls:
        words = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "run" and PYTEST.search(" ".join(words)):
            yield " ".join(words), "the pytest line of noxfile.py"


def _npm(text: str) -> Iterator[tuple[str, str]]:
    try:
        script = json.loads(text)["scripts"]["test"]
    except (ValueError, KeyError, TypeError):
        return
    if isinstance(script, str) and NO_TEST not in script:
        yield (script if PYTEST.match(script) else "npm test"), "the script test of package.json"
