"""The linters and type checkers that are known: by what a repository configures each, and how it is run.

Each is made to print what a program can read, to change no file, to keep no cache in the tree and to load nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Texts = Mapping[str, str]
"""The configuration files that exist at the top of the tree."""

PYTHON = (".py", ".pyi")
SCRIPT = (".js", ".jsx", ".mjs", ".cjs")
TYPED = (".ts", ".tsx", ".mts", ".cts")
INI_FILES = ("setup.cfg", "tox.ini")
ESLINT_FLAT = tuple(f"eslint.config.{suffix}" for suffix in ("js", "mjs", "cjs", "ts", "mts", "cts"))
ESLINT_OLD = tuple(f".eslintrc{suffix}" for suffix in ("", ".js", ".cjs", ".json", ".yml", ".yaml"))
OTHERS = ("pyproject.toml", *INI_FILES, "package.json", "tsconfig.json", "Cargo.toml", "go.mod")


@dataclass(frozen=True, slots=True)
class Tool:
    """A row of the table. It is configured by one of `files`, a table of pyproject.toml, a section of an INI file,
    or what `also` sees; `programs` are names of it, the better first."""

    name: str
    programs: tuple[str, ...]
    options: tuple[str, ...]
    suffixes: tuple[str, ...]
    files: tuple[str, ...] = ()
    table: str | None = None
    also: Callable[[Texts], bool] | None = None
    whole: bool = False

    def is_configured(self, texts: Texts) -> bool:
        """Whether the repository asks for it."""
        return (
            any(name in texts for name in self.files)
            or (self.table is not None and _has_table(texts, self.table))
            or (self.also is not None and self.also(texts))
        )


def _has_table(texts: Texts, name: str) -> bool:
    heads = {"pyproject.toml": rf"^\[+tool\.{name}[\].]", **dict.fromkeys(INI_FILES, rf"^\[{name}[\].]")}
    return any(re.search(head, texts.get(file, ""), re.MULTILINE) for file, head in heads.items())


def _is_linted_by_cargo(texts: Texts) -> bool:
    return re.search(r"^\[(workspace\.)?lints[\].]", texts.get("Cargo.toml", ""), re.MULTILINE) is not None


def _is_linted_by_npm(texts: Texts) -> bool:
    return '"eslintConfig"' in texts.get("package.json", "")


def _is_typescript(texts: Texts) -> bool:
    return "tsconfig.json" in texts and re.search(r'"typescript"\s*:', texts.get("package.json", "")) is not None


TOOLS = (
    Tool(
        "ruff",
        ("ruff",),
        ("check", "--output-format", "json", "--no-cache", "--no-fix", "--force-exclude"),
        PYTHON,
        files=("ruff.toml", ".ruff.toml"),
        table="ruff",
    ),
    Tool("flake8", ("flake8",), ("--format=default", "--no-show-source"), (".py",), files=(".flake8",), table="flake8"),
    Tool(
        "pylint",
        ("pylint",),
        ("--output-format=json", "--score=n", "--persistent=n"),
        (".py",),
        files=("pylintrc", ".pylintrc", "pylintrc.toml", ".pylintrc.toml"),
        table="pylint",
    ),
    Tool(
        "mypy",
        ("mypy",),
        (
            *("--cache-dir=/dev/null", "--no-pretty", "--no-color-output", "--no-error-summary"),
            *("--hide-error-context", "--show-error-codes"),
        ),
        PYTHON,
        files=("mypy.ini", ".mypy.ini"),
        table="mypy",
        whole=True,
    ),
    Tool(
        "pyright",
        ("pyright", "basedpyright"),
        ("--outputjson",),
        PYTHON,
        files=("pyrightconfig.json",),
        table="pyright",
        whole=True,
    ),
    Tool("basedpyright", ("basedpyright",), ("--outputjson",), PYTHON, table="basedpyright", whole=True),
    Tool(
        "ty",
        ("ty",),
        ("check", "--output-format", "concise", "--no-progress", "--color", "never"),
        PYTHON,
        files=("ty.toml",),
        table="ty",
        whole=True,
    ),
    Tool(
        "eslint",
        ("eslint",),
        ("--format", "json", "--no-color", "--no-error-on-unmatched-pattern"),
        SCRIPT,
        files=(*ESLINT_FLAT, *ESLINT_OLD),
        also=_is_linted_by_npm,
    ),
    Tool(
        "biome",
        ("biome",),
        ("lint", "--reporter=github", "--colors=off", "--max-diagnostics=none", "--no-errors-on-unmatched"),
        (*SCRIPT, *TYPED),
        files=("biome.json", "biome.jsonc"),
    ),
    Tool("tsc", ("tsc",), ("--noEmit", "--pretty", "false"), TYPED, also=_is_typescript, whole=True),
    Tool(
        "clippy",
        ("cargo-clippy",),
        ("clippy", "--offline", "--all-targets", "--message-format", "json"),
        (".rs",),
        files=("clippy.toml", ".clippy.toml"),
        also=_is_linted_by_cargo,
        whole=True,
    ),
    Tool("go vet", ("go",), ("vet", "./..."), (".go",), files=("go.mod",), whole=True),
)

CONFIGURATION = sorted({name for tool in TOOLS for name in tool.files} | set(OTHERS))
"""Every file that may configure one of them."""
