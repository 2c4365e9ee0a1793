"""Which dimension a subtask belongs to, and in which programming language it is, from its text alone."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from mcp_router.orchestrator.signs import signs

UNKNOWN = "unknown"
TABLE = __file__.removesuffix(".py") + ".json"


@dataclass(frozen=True, slots=True)
class Table:
    """A fitted multinomial logistic regression: weights by sign, one for each of `dimensions`.

    Probabilities are softmax(sum of weights / temperature). Under `threshold` the answer is unknown.
    """

    dimensions: tuple[str, ...]
    weights: dict[str, tuple[float, ...]]
    temperature: float
    threshold: float

    def probabilities(self, found: dict[str, float]) -> list[float]:
        """One in [0, 1] for each dimension; they sum to 1."""
        scores = [0.0] * len(self.dimensions)
        for sign, value in found.items():
            for position, weight in enumerate(self.weights.get(sign, ())):
                scores[position] += weight * value
        highest = max(scores)
        powers = [math.exp((score - highest) / self.temperature) for score in scores]
        total = sum(powers)
        return [power / total for power in powers]

    def answer(self, found: dict[str, float]) -> tuple[str, float]:
        """The likeliest dimension with its probability, or unknown with the probability that it is another."""
        probabilities = self.probabilities(found)
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        likely = probabilities[best]
        return (self.dimensions[best], likely) if likely >= self.threshold else (UNKNOWN, 1.0 - likely)


@cache
def fitted() -> Table:
    """The table that `python -m mcp_router.evaluation.dimensions --fit` wrote; read once."""
    with open(TABLE, encoding="utf-8") as file:  # noqa: PTH123 - hooks have no time for pathlib
        data = json.load(file)
    return Table(
        dimensions=tuple(data["dimensions"]),
        weights={sign: tuple(value / 100 for value in values) for sign, values in data["weights"].items()},
        temperature=data["temperature"],
        threshold=data["threshold"],
    )


def infer(text: str, files: Sequence[str] = ()) -> tuple[str, float]:
    """The dimension of a subtask and the confidence in it, in [0, 1].

    "unknown" when even the best guess is more likely wrong than right; its confidence is then the
    probability that the best guess is wrong. Files count as if the text named them at its end; only the first
    4,000 characters count.

    >>> infer("Fix the crash in parse_header() when the file is empty")[0]
    'bug_fixing'
    >>> infer("ok, next one")[0]
    'unknown'
    """
    return fitted().answer(signs("\n".join((text, *files))))


_ENDINGS = {
    "python": "py pyi pyx ipynb",
    "javascript": "js jsx mjs cjs",
    "typescript": "ts tsx mts cts",
    "go": "go",
    "rust": "rs",
    "java": "java",
    "kotlin": "kt kts",
    "scala": "scala",
    "ruby": "rb",
    "php": "php",
    "c": "c h",
    "c++": "cpp cc cxx hpp hh",
    "c#": "cs",
    "swift": "swift",
    "objective-c": "m mm",
    "shell": "sh bash zsh",
    "powershell": "ps1",
    "sql": "sql",
    "r": "r rmd",
    "julia": "jl",
    "haskell": "hs",
    "ocaml": "ml mli",
    "elixir": "ex exs",
    "clojure": "clj cljs",
    "lua": "lua",
    "perl": "pl pm",
    "dart": "dart",
    "zig": "zig",
    "html": "html",
    "css": "css scss",
}
_BY_ENDING = {ending: name for name, endings in _ENDINGS.items() for ending in endings.split()}
_BY_NAME = {name: name for name in _ENDINGS if name not in ("c", "r", "go")} | {
    "golang": "go",
    "cpp": "c++",
    "csharp": "c#",
    "bash": "shell",
    "node": "javascript",
    "node.js": "javascript",
    "react": "javascript",
    "pytest": "python",
    "pandas": "python",
    "django": "python",
    "flask": "python",
    "fastapi": "python",
    "cargo": "rust",
    "rails": "ruby",
    "rspec": "ruby",
    "junit": "java",
    "npm": "javascript",
    "jest": "javascript",
}
_PATH = re.compile(r"[\w-]\.([A-Za-z]\w{0,5})(?![\w(])")
_FENCE = re.compile(r"```([A-Za-z+#]+)")
_CAPITAL_NAME = re.compile(r"\b(?:in|to|into|from|idiomatic|as|our|the|a) (Go|C|R)\b(?![\w+#'-])")
_SUFFIX = re.compile(r"[^/\\]\.([^./\\]+)$")
_NAME = re.compile(r"[a-z][a-z.-]*[a-z](?:\+\+|#)?|c\+\+|c#")


def language(text: str, files: Sequence[str] = ()) -> str | None:
    """The programming language of a subtask in lower case, None where nothing tells it.

    The files given decide, then endings of files that the text names, then code fences, then names of
    languages and of tools that belong to one; the commonest of its kind, the first of equals.

    >>> language("Add a flag", ["src/main.rs"]), language("Port slug.py to Go"), language("Do it")
    ('rust', 'python', None)
    """
    start = text[:4_000]
    lowered = start.lower()
    evidence = (
        [_BY_ENDING.get(match[1].lower()) for file in files if (match := _SUFFIX.search(file))],
        [_BY_ENDING.get(ending.lower()) for ending in _PATH.findall(start)],
        [_BY_ENDING.get(tag) or _BY_NAME.get(tag) for tag in map(str.lower, _FENCE.findall(start))],
        [*map(_BY_NAME.get, _NAME.findall(lowered)), *map(str.lower, _CAPITAL_NAME.findall(start))],
    )
    for names in evidence:
        counted = Counter(name for name in names if name)
        if counted:
            return counted.most_common(1)[0][0]
    return None
