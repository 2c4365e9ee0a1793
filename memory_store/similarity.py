"""Similar past tasks, found by the words and names they share; no model, no network, no numbers to fit.

A task becomes a set of hashed features. Similarity is the cosine of the two sets' weight vectors,

    sim(q, d) = sum over f in both of w(f)^2 / (|q| |d|),    |x|^2 = sum over f in x of w(f)^2,
    w(f) = kind(f) * ln(1 + N / (1 + df(f))),

N tasks in the index, df(f) of them with f: binary term frequency and a smoothed inverse document frequency
(Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988). kind(f) is 1 for a word,
0.7 for a pair of words and 2.5 for a name of code or of a file: two tasks that name the same function are about
the same thing however they are worded.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise

MAX_FEATURES = 128
MAX_CHARS = 8_000
_WORD, _PAIR, _NAME = 0, 1, 2
_KIND_WEIGHT = (1.0, 0.7, 2.5)
_VISITS = 1_000
"""Postings read in one search, rarest features first: bounds its time."""
_COMPARED = 24
"""Tasks compared in full in one search, at least."""

_TOKEN = re.compile(r"[^\W_](?:[\w./:\\-]*\w)?(?:\(\))?|_\w+(?:\(\))?")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_CODE = re.compile(r"\w[_.:/\\]+\w|[a-z][A-Z]|[A-Z][a-z]+[A-Z]|^_\w|\(\)$")
_QUOTED = re.compile(r"`([^`\s]{2,80})`")
_SECRET = re.compile(
    r"(?i:password|passwd|secret|token|api[_-]?key|authorization)[\"']?\s*[=:]\s*(?:bearer\s+)?\S+|://[^/\s@]+:[^/\s@]+@"
)
_RANDOM = re.compile(r"(?=[0-9]*[A-Za-z])(?=(?:[A-Za-z]*[0-9]+){2})[A-Za-z0-9]{16,}")
_STOP = frozenset(
    re.findall(
        r"\w+",
        """a about after again all also an and any are as at be because been before but by can cannot could did do does
        done each else every for from get give given had has have here how i if in into is it its just like make may
        me more most must my need no not now of on one only or other our out over please same shall she should so
        some such sure than that the their them then there these they this those to too under until up use used
        using very via want was we were what when where whether which while who why will with within without would
        yet you your task code file files function method class""",
    )
)


def features(text: str, files: Sequence[str] = ()) -> tuple[int, ...]:
    """Up to 128 distinct hashed features of a task, the most telling first; the same for the same input.

    Names of code and files come first, then words (of the text, and the parts of names), then pairs of
    neighbouring words. Words are lower-cased, cut at underscores and capitals, and lightly stemmed. Only the
    first 8,000 characters count. A feature is 24 bits of a hash and 2 bits that say which kind it is.

    What looks like a secret is left out, because its pieces could be guessed one by one; a plain word that
    somebody already suspects can be confirmed, with one false alarm in 16.7 million.

    >>> first, second = features("Fix `cart_total` in shop/cart.py"), features("cart_total() is off by a cent")
    >>> len(first), len(second), len(set(first) & set(second))
    (13, 8, 4)
    """
    clean = _SECRET.sub(" ", text[:MAX_CHARS])
    tokens = [token for token in _TOKEN.findall(clean) if _is_plain(token)]
    names = [*_QUOTED.findall(clean), *(token for token in tokens if _CODE.search(token))]
    shown = [name for name in (*files, *names) if _is_plain(name)]
    of_names = [word for name in shown for word in _words(name)]
    words = [word for token in (*files, *tokens) if _is_plain(token) for word in _words(token)]
    hashed = [
        *(_hash(name, _NAME) for name in _names(shown)),
        *(_hash(word, _WORD) for word in (*of_names, *words)),
        *(_hash(f"{left} {right}", _PAIR) for left, right in pairwise(words)),
    ]
    return tuple(dict.fromkeys(hashed))[:MAX_FEATURES]


def _is_plain(token: str) -> bool:
    """Whether it is short enough to be a name and does not look like a key or a checksum."""
    return len(token) <= 120 and not _RANDOM.search(token)


def _names(tokens: Iterable[str]) -> Iterator[str]:
    """Each name in one spelling, whole and by its last step: a/b.py and b.py, Cart::total() and total."""
    for token in tokens:
        name = token.removesuffix("()").replace("::", ".").replace("\\", "/").strip("./:").lower()
        steps = name.split("/")
        if len(steps) == 1 and "." in name and len(name.rpartition(".")[2]) > 4:
            steps = name.split(".")
        if len(name) > 1:
            yield name
        if len(steps) > 1 and len(steps[-1]) > 1:
            yield steps[-1]


def _words(token: str) -> list[str]:
    parts = (part.lower() for part in _PART.findall(token))
    return [_stem(part) for part in parts if len(part) > 1 and part not in _STOP]


def _stem(word: str) -> str:
    """The word without its commonest English endings, so that rounds, rounded and rounding are one."""
    for ending in ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def _hash(feature: str, kind: int) -> int:
    digest = blake2b(f"{kind} {feature}".encode("utf-8", "replace"), digest_size=3).digest()
    return int.from_bytes(digest) << 2 | kind


class SimilarityIndex:
    """Past tasks by their features. Grows only; not safe for writing from several threads.

    >>> index = SimilarityIndex()
    >>> index.add("a", features("Round the total in `cart_total`"))
    >>> index.add("b", features("Write the changelog of the release"))
    >>> [key for key, _ in index.search(features("cart_total() rounds the wrong way"), limit=1)]
    ['a']
    """

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._known: set[str] = set()
        self._features: list[tuple[int, ...]] = []
        self._postings: dict[int, list[int]] = {}
        self._levels: dict[int, int] = {}
        self._inverse_sizes: list[float] = []

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str, features: Iterable[int]) -> None:
        """Remember a task. One whose key is known already stays as it is."""
        if key in self._known:
            return
        self._known.add(key)
        task = len(self._keys)
        distinct = tuple(dict.fromkeys(features))
        for feature in distinct:
            self._postings.setdefault(feature, []).append(task)
            self._levels[feature] = self._levels.get(feature, feature & 3) + 4
        self._keys.append(key)
        self._inverse_sizes.append(1 / max(1, len(distinct)))
        self._features.append(distinct)

    def search(self, features: Iterable[int], limit: int) -> list[tuple[str, float]]:
        """The tasks that share something, with their similarity in (0, 1]: best first, ties by key.

        Exact for the tasks that it compares. In a large index those are the ones that share the rarest
        features; what nearly all tasks have in common proposes no one, but counts in the comparison.
        """
        squares = _Squares(len(self._keys))
        wanted = {feature: squares[self._levels.get(feature, feature & 3)] for feature in features}
        norm = math.sqrt(sum(wanted.values()))
        if not norm or limit < 1:
            return []
        found = [
            (-self._shared(task, wanted, squares) / norm, self._keys[task])
            for task in self._candidates(wanted, max(_COMPARED, limit))
        ]
        return [(key, min(1.0, -negative)) for negative, key in sorted(found)[:limit]]

    def _candidates(self, wanted: dict[int, float], most: int) -> list[int]:
        """The tasks to compare, by what they share of the rarest features for their size."""
        shared: dict[int, float] = {}
        visits = 0
        for feature in sorted(wanted, key=lambda one: (-wanted[one], one)):
            posting = self._postings.get(feature, ())
            visits += len(posting)
            if visits > _VISITS and shared:
                break
            square = wanted[feature]
            for task in posting:
                shared[task] = shared.get(task, 0.0) + square
        ranked = [(-square * square * self._inverse_sizes[task], task) for task, square in shared.items()]
        return [task for _, task in heapq.nsmallest(most, ranked)]

    def _shared(self, task: int, wanted: dict[int, float], squares: _Squares) -> float:
        """The cosine times |q|."""
        own, levels = self._features[task], self._levels
        common = sum([wanted[feature] for feature in own if feature in wanted])
        return common / math.sqrt(sum([squares[levels[feature]] for feature in own]))


class _Squares(dict[int, float]):
    """w(f)^2 by level, `4 df(f) + kind(f)`: one logarithm for all features that equally many tasks hold."""

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self._count = tasks

    def __missing__(self, key: int) -> float:
        weight = _KIND_WEIGHT[key & 3] * math.log(1 + self._count / (1 + (key >> 2)))
        self[key] = square = weight * weight
        return square
