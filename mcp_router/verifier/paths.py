"""What a path is to the checks: the table by which a patch's files are told apart."""

from __future__ import annotations

import re
import sys
from typing import Literal

PathClass = Literal["test", "test_support", "harness", "ci", "build", "git", "docs", "source"]

HARNESS = re.compile(
    r"""(^|/)(
        conftest\.py | \.?pytest\.(ini|toml) | pytest\.py | _pytest(/.*|\.py) | pluggy(/.*|\.py) | iniconfig(/.*|\.py)
      | sitecustomize\.py | usercustomize\.py | .*\.pth | tox\.(ini|toml) | noxfile\.py | \.coveragerc
      | \.?codecov\.ya?ml
      | \.?mypy\.ini | \.?ruff\.toml | \.flake8 | \.?pylintrc(\.toml)? | pyrightconfig\.json | \.bandit
      | \.eslintrc.* | eslint\.config\..* | \.?(jest|vitest|mocha|ava|karma|playwright|cypress)\.config\..*
      | \.mocharc.*
      | phpunit\.xml.* | nextest\.toml | \.rspec | clippy\.toml | \.golangci\.ya?ml | \.acrouter\.toml
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
CI = re.compile(
    r"""^(
        \.github/(workflows|actions)/.* | \.gitlab-ci\.ya?ml | \.gitlab/.* | \.travis\.yml | \.circleci/.*
      | \.buildkite/.*      | azure-pipelines.*\.ya?ml | \.azure-pipelines/.*
      | bitbucket-pipelines\.yml | \.?appveyor\.yml | Jenkinsfile.*
      | \.drone\.yml | \.woodpecker.* | \.cirrus\.yml | \.pre-commit-(config|hooks)\.yaml
      | lefthook\.ya?ml | \.husky/.* | \.ci/.*
    )$""",
    re.VERBOSE,
)
GIT = re.compile(r"(^|/)\.(gitignore|gitattributes|gitmodules|gitkeep|mailmap|git-blame-ignore-revs|lfsconfig)$")
README = re.compile(r"(^|/)(README|CHANGELOG)[^/]*$", re.IGNORECASE)
TEST_FOLDER = re.compile(r"(^|/)(tests?|specs?|__tests__|e2e)/", re.IGNORECASE)
SUPPORT_FOLDER = re.compile(r"(^|/)(__snapshots__|testdata|test_data|test-data|golden|goldens)/", re.IGNORECASE)
TEST_FILE = re.compile(
    r"""(^|/)(
        test_[^/]*\.py | [^/]*_test\.py | tests?\.py | [^/]*[._-](test|spec)\.([cm]?[jt]sx?|vue) | [^/]*_test\.go
      | [^/]*Tests?\.(java|kt|cs|scala|swift) | [^/]*_(spec|test)\.(rb|exs|dart|cc|cpp) | [^/]*Test\.php
    )$""",
    re.VERBOSE,
)
TESTS_OF_A_FOLDER = re.compile(r"\.(rs|[cm]?[jt]sx?|rb|java|kt|php|exs|go)$")
BUILD = re.compile(
    r"""(^|/)(
        (GNU)?[Mm]akefile | .*\.mk | \.?[Jj]ustfile | setup\.(py|cfg) | pyproject\.toml
      | requirements[^/]*\.(txt|in) | constraints[^/]*\.txt
      | Pipfile | .*\.lock | uv\.toml | poetry\.toml | MANIFEST\.in | package(-lock)?\.json
      | pnpm-.*\.yaml | npm-shrinkwrap\.json
      | Cargo\.toml | build\.rs | go\.(mod|sum|work) | Dockerfile.* | docker-compose.*\.ya?ml
      | CMakeLists\.txt | .*\.cmake
      | pom\.xml | build\.gradle.* | settings\.gradle.* | gradlew? | Gemfile | composer\.json
      | mix\.exs | tsconfig.*\.json
      | environment\.ya?ml | meson\.build | BUILD(\.bazel)? | WORKSPACE | \.python-version | \.tool-versions | \.nvmrc
    )$""",
    re.VERBOSE,
)
DOCS = re.compile(
    r"(^|/)(docs?/.*|[^/]*\.(md|rst|adoc)|(LICEN[CS]E|CHANGES|CHANGELOG|AUTHORS|NOTICE|COPYING|README)[^/]*)$",
    re.IGNORECASE,
)


def classify(path: str) -> PathClass:
    """The class of a path, by its name alone; the first row that fits.

    >>> [classify(path) for path in ("tests/test_cart.py", "tests/helpers.py", "tests/conftest.py", "shop/cart.py")]
    ['test', 'test_support', 'harness', 'source']
    """
    rows: tuple[tuple[bool, PathClass], ...] = (
        (bool(HARNESS.search(path)), "harness"),
        (bool(CI.search(path)), "ci"),
        (bool(GIT.search(path)), "git"),
        (bool(README.search(path)), "docs"),
        (bool(SUPPORT_FOLDER.search(path)) or path.endswith(".snap"), "test_support"),
        (bool(TEST_FILE.search(path)), "test"),
        (bool(TEST_FOLDER.search(path)), "test" if TESTS_OF_A_FOLDER.search(path) else "test_support"),
        (bool(BUILD.search(path)), "build"),
        (bool(DOCS.search(path)), "docs"),
    )
    return next((name for holds, name in rows if holds), "source")


def shadows(path: str) -> bool:
    """Whether a file at an import root would stand in for a module of the standard library or of pytest."""
    match = re.match(r"^(?:src/|lib/)?([A-Za-z_]\w*)(?:\.py|/__init__\.py)$", path)
    return match is not None and match[1] in {
        *sys.stdlib_module_names,
        "pytest",
        "_pytest",
        "pluggy",
        "iniconfig",
        "py",
    }
