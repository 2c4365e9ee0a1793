"""Text search over the catalogue."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

from shop.catalogue import Product

NAME_WEIGHT = 3
TAG_WEIGHT = 2
CATEGORY_WEIGHT = 1

_postings: dict[str, dict[str, int]] = {}
_skus: set[str] = set()


def words(text: str) -> list[str]:
    """The words of a text in lower case without accents."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[a-z0-9]+", plain.lower())


def add(product: Product) -> None:
    """Make a product findable; one that is already in is replaced."""
    remove(product.sku)
    _skus.add(product.sku)
    _count(product.sku, words(product.name), NAME_WEIGHT)
    _count(product.sku, (word for tag in product.tags for word in words(tag)), TAG_WEIGHT)
    _count(product.sku, words(product.category), CATEGORY_WEIGHT)


def remove(sku: str) -> None:
    """Forget a product; nothing happens if it is not in."""
    _skus.discard(sku)
    for word in [word for word, skus in _postings.items() if sku in skus]:
        del _postings[word][sku]
        if not _postings[word]:
            del _postings[word]


def clear() -> None:
    """Forget all products."""
    _skus.clear()
    _postings.clear()


def search(query: str, limit: int = 10) -> list[str]:
    """The SKUs that fit best, best first, then by SKU; rare words count more than common ones."""
    scores: dict[str, float] = {}
    for word in set(words(query)):
        found = _postings.get(word, {})
        rarity = math.log(1 + len(_skus) / len(found)) if found else 0.0
        for sku, weight in found.items():
            scores[sku] = scores.get(sku, 0.0) + weight * rarity
    return sorted(scores, key=lambda sku: (-scores[sku], sku))[:limit]


def _count(sku: str, found: Iterable[str], weight: int) -> None:
    for word in found:
        skus = _postings.setdefault(word, {})
        skus[sku] = skus.get(sku, 0) + weight
