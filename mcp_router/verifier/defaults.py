"""How tests are usually run where no task says so, judged by the files of a repository."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.packages import find_packages
from mcp_router.verifier.paths import CODE, classify

MARKS = (
    ("Cargo.toml", "cargo test"),
    ("go.mod", "go test ./..."),
    ("mvnw", "./mvnw test"),
    ("pom.xml", "mvn test"),
    ("gradlew", "./gradlew test"),
    ("build.gradle", "gradle test"),
    ("build.gradle.kts", "gradle test"),
    ("mix.exs", "mix test"),
    ("Package.swift", "swift test"),
    ("Rakefile", "rake test"),
)
PYTEST_FILES = ("pytest.ini", ".pytest.ini", "pytest.toml", "pyproject.toml", "setup.cfg", "tox.ini")
PYTEST_TABLE = re.compile(r"^\[(tool[:.])?pytest\b", re.MULTILINE)
PYTEST_STYLE = re.compile(r"^(async )?def test|\bpytest\b|^class Test\w*(\(object\)|\(\))?:", re.MULTILINE)
UNITTEST_STYLE = re.compile(r"\bTestCase\b")
FAMILIES = {
    ".py": ("pytest", "unittest"),
    ".rs": ("cargo", "nextest"),
    ".go": ("go",),
    ".java": ("junit",),
    ".kt": ("junit",),
    ".pl": ("tap",),
    ".t": ("tap",),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue"), ("node", "vitest", "jest", "mocha", "tap")),
}
"""The runners of a kind of source."""
MOST_READ = 400


def default_commands(tree: Tree) -> list[tuple[str, str]]:
    """Command lines with where they come from, the most telling first."""
    names = tree.names()
    tests = [name for name in names if CODE.search(name) and classify(name) == "test"]
    found = list(_python(tree, names, [name for name in tests if name.endswith(".py")]))
    found += [(command, f"the repository's {mark}") for mark, command in MARKS if mark in names]
    scripts = [name for name in tests if re.search(r"\.[cm]?[jt]sx?$", name)]
    if any("node:test" in text for text in tree.texts(scripts[:MOST_READ]).values()):
        found.append(("node --test", "the repository's tests for node"))
    if any(re.fullmatch(r"t/.*\.t", name) for name in names):
        found.append(("prove -lr t", "the repository's folder t"))
    return found


def _python(tree: Tree, names: tuple[str, ...], tests: list[str]) -> Iterator[tuple[str, str]]:
    if not tests:
        return
    texts = tree.texts(tests[:MOST_READ]).values()
    ours = _configures_pytest(tree) or any(PYTEST_STYLE.search(text) for text in texts)
    if not ours and any(UNITTEST_STYLE.search(text) for text in texts):
        if "manage.py" in names:
            yield "python manage.py test", "the repository's manage.py"
        for words in _discovery(names, tests):
            yield f"python -m unittest{words}", "the repository's unittest tests"
    yield "pytest", "the repository's Python tests"


def _configures_pytest(tree: Tree) -> bool:
    names = tree.names()
    texts = tree.texts([name for name in PYTEST_FILES if name in names])
    found = any(
        name.endswith(("pytest.ini", "pytest.toml")) or PYTEST_TABLE.search(text) for name, text in texts.items()
    )
    return found or any(name.rpartition("/")[2] == "conftest.py" for name in names)


def _discovery(names: tuple[str, ...], tests: list[str]) -> Iterator[str]:
    """The arguments with which unittest finds all of the tests, if it can: it enters packages only."""
    above = {str(PurePosixPath(test).parents[-2]) for test in tests if "/" in test}
    starts = [".", *(above if len(above) == 1 else ())]
    for start in starts:
        if all(_finds(start, test, names) for test in tests):
            yield "" if start == "." else f" discover -s {start}"
            return


def _finds(start: str, test: str, names: tuple[str, ...]) -> bool:
    path = PurePosixPath(test)
    if not path.name.startswith("test") or not path.is_relative_to(start):
        return False
    between = path.relative_to(start).parents
    return all(str(start / folder / "__init__.py") in names for folder in between if str(folder) != ".")


def speaks(tree: Tree, runner: str) -> bool:
    """Whether a runner is for most of the source of a tree, and not for a corner of it such as its web site."""
    weights: Counter[tuple[str, ...]] = Counter()
    for name in tree.names():
        weights[FAMILIES.get(PurePosixPath(name).suffix, ())] += 1
    del weights[()]
    return bool(weights) and runner in weights.most_common(1)[0][0]


def is_split(tree: Tree) -> bool:
    """Whether all tests lie in packages of their own, with nothing at the root that says how to run them together."""
    packages = [package.folder for package in find_packages(tree) if package.folder]
    if len(packages) < 2:
        return False
    tests = [name for name in tree.names() if CODE.search(name) and classify(name) == "test"]
    inside = all(any(name.startswith(f"{folder}/") for folder in packages) for name in tests)
    return inside and not any(PYTEST_TABLE.search(text) for text in tree.texts([*PYTEST_FILES]).values())


def source_variables(tree: Tree, given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What lets tests import from a folder src that is not installed; nothing where the command says it itself."""
    found = [match for name in tree.names() if (match := re.fullmatch(r"src/(\w+)(/__init__)?\.py", name))]
    if "PYTHONPATH" in given or not any(match[2] for match in found):
        return ()
    return () if {match[1] for match in found} & sys.stdlib_module_names else (("PYTHONPATH", "src"),)
