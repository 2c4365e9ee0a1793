"""What a path is to the checks: the table by which a patch's files are told apart."""

from __future__ import annotations

import functools
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
      | \.eslintrc.* | \.eslintignore | eslint\.config\..* | biome\.jsonc? | tslint\.json | \.oxlintrc\.json
      | \.?(jest|vitest|vite|mocha|ava|karma|playwright|cypress|wdio|jasmine)\.(config|setup|workspace)\..*
      | \.?(vitest|jest|mocha|jasmine)[.-]?(setup|config|global)[\w.-]* | setup-?tests?\.[cm]?[jt]sx? | test-setup\..*
      | \.mocharc.* | \.nycrc.* | \.c8rc.* | \.taprc | \.npmrc | \.yarnrc.* | bunfig\.toml | deno\.jsonc?
      | (sitecustomize|usercustomize)/.* | node_modules/.* | site-packages/.* | [^/]*\.(dist|egg)-info/.*
      | pytest-[\w.-]*\.toml | nose2?\.cfg | unittest\.cfg | \.noserc | trial\.cfg | \.env\.(test|ci) | \.envrc
      | \.?clippy\.toml | \.cargo/config(\.toml)? | \.?tarpaulin\.toml
      | phpunit\.xml.* | phpstan.*\.neon.* | nextest\.toml | \.rspec | \.rubocop.*\.yml | \.golangci\.ya?ml
      | \.acrouter\.toml
      | \.husky/.* | \.githooks/.* | lefthook\.ya?ml | \.pre-commit-(config|hooks)\.yaml
      | \.vscode/(tasks|launch|settings)\.json | \.claude/.*\.json | \.mcp\.json | \.cursor/.*\.json
      | (run[-_])?(tests?|checks?|lint|ci|verify)([-_]\w+)?\.(sh|bash|ps1|bat|cmd)
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
CI = re.compile(
    r"""^(
        \.github/(workflows|actions)/.* | \.gitlab-ci\.ya?ml | \.gitlab/.* | \.travis\.yml | \.circleci/.*
      | \.buildkite/.*      | azure-pipelines.*\.ya?ml | \.azure-pipelines/.*
      | bitbucket-pipelines\.yml | \.?appveyor\.yml | Jenkinsfile.*
      | \.drone\.yml | \.woodpecker.* | \.cirrus\.yml | \.?ci/.*
    )$""",
    re.VERBOSE,
)
GIT = re.compile(r"(^|/)\.(gitignore|gitattributes|gitmodules|gitkeep|mailmap|git-blame-ignore-revs|lfsconfig)$")
README = re.compile(r"(^|/)(README|CHANGELOG)[^/]*$", re.IGNORECASE)
TEST_FOLDER = re.compile(r"(^|/)((\w+[_-])?tests?|specs?|__tests__|e2e|test[_-](suite|cases|unit))/", re.IGNORECASE)
SUPPORT_FOLDER = re.compile(
    r"(^|/)(__snapshots__|__mocks__|__fixtures__|testdata|test[_-]data|goldens?|golden[_-]files|cassettes)/",
    re.IGNORECASE,
)
SUPPORT_FILE = re.compile(r"\.(snap|ambr|golden|approved\.\w+|expected|exp)$", re.IGNORECASE)
TEST_FILE = re.compile(
    r"""(^|/)(
        test_[^/]*\.pyi? | [^/]*_tests?\.py | tests?\.py | [^/]*[._-](test|spec)\.([cm]?[jt]sx?|vue) | [^/]*_test\.go
      | (test-[^/]*|test)\.[cm]?[jt]sx? | [^/]*\.(bats|t)
      | [^/]*Tests?\.(java|kt|cs|scala|swift) | [^/]*_(spec|test)\.(rb|exs|dart|cc|cpp) | [^/]*Test\.php
    )$""",
    re.VERBOSE,
)
TESTS_OF_A_FOLDER = re.compile(r"\.(rs|[cm]?[jt]sx?|rb|java|kt|php|exs|go)$")
BUILD = re.compile(
    r"""(^|/)(
        (GNU)?[Mm]akefile | Rakefile | Taskfile\.ya?ml | (Grunt|gulp)file\.[cm]?[jt]s | dodo\.py | .*\.mk
      | \.?[Jj]ustfile | setup\.(py|cfg) | pyproject\.toml
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
    r"(^|/)(docs?/.*|[^/]*\.(md|rst|adoc)|(LICEN[CS]E|CHANGES|CHANGELOG|AUTHORS|NOTICE|COPYING|README)(\.\w{2,4})?)$",
    re.IGNORECASE,
)
CODE = re.compile(
    r"\.(pyi?|[cm]?[jt]sx?|rs|go|rb|php|java|kt|scala|c|cc|cpp|cxx|h|hpp|sh|bash|vue|svelte)$", re.IGNORECASE
)


ROWS: tuple[tuple[re.Pattern[str], PathClass], ...] = (
    (HARNESS, "harness"),
    (CI, "ci"),
    (GIT, "git"),
    (README, "docs"),
    (SUPPORT_FOLDER, "test_support"),
    (SUPPORT_FILE, "test_support"),
    (TEST_FILE, "test"),
    (TEST_FOLDER, "test"),
    (BUILD, "build"),
    (DOCS, "docs"),
)


@functools.lru_cache(maxsize=65_536)
def classify(path: str) -> PathClass:
    """The class of a path, by its name alone; the first row that fits.

    >>> [classify(path) for path in ("tests/test_cart.py", "tests/helpers.py", "tests/conftest.py", "shop/cart.py")]
    ['test', 'test_support', 'harness', 'source']
    """
    code = CODE.search(path)
    for pattern, kind in ROWS:
        if pattern.search(path) and not (kind == "docs" and code):
            lies_in_a_folder = pattern is TEST_FOLDER and not TESTS_OF_A_FOLDER.search(path)
            return "test_support" if lies_in_a_folder else kind
    return "source"


IMPORT_ROOT = re.compile(r"^(?:(?P<root>(?:.*/)?(?:src|lib|python))/)?(?P<name>[A-Za-z_]\w*)(?:\.pyi?|/__init__\.py)$")
OF_PYTEST = {"pytest", "_pytest", "pluggy", "iniconfig", "py"}


def shadows(path: str) -> bool:
    """Whether a file at an import root would stand in for a module of the standard library or of pytest."""
    match = IMPORT_ROOT.match(path)
    return match is not None and match["name"] in {*sys.stdlib_module_names, *OF_PYTEST}
