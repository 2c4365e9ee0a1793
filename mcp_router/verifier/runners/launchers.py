"""Words before the runner in a command line that only say in which environment it runs."""

from __future__ import annotations

import re
from pathlib import Path

PYTHON = re.compile(r"python[\d.]*(\.exe)?|pypy3?|py")
RUN = ("uv", "poetry", "pdm", "pipenv", "hatch", "rye", "pixi", "conda", "mamba", "micromamba")
COVERAGE = ("coverage", "slipcover")
TAKES_VALUE = (
    "--extra",
    "--group",
    "--with",
    "-p",
    "--python",
    "--package",
    "-n",
    "--name",
    "--env",
    "-e",
    "--directory",
)


def python_module(words: list[str]) -> list[str]:
    """The module, or program, that a command line runs with Python, and its arguments: the words as they are if none.

    >>> python_module("uv run --extra dev python3.12 -m pytest -q".split())
    ['pytest', '-q']
    """
    rest = list(words)
    while rest:
        program, after = Path(rest[0]).name, rest[1:]
        if program in RUN and after[:1] == ["run"]:
            rest = _without_options(after[1:])
        elif (PYTHON.fullmatch(program) or program in COVERAGE) and "-m" in after[:-1]:
            options = after[: after.index("-m")]
            if not all(word.startswith("-") or word == "run" for word in options):
                break
            rest = after[len(options) + 1 :]
        else:
            return [program, *after]
    return rest


def _without_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2 if words[0] in TAKES_VALUE else 1 :]
    return words
