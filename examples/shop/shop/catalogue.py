"""Products and the catalogue that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from shop.money import Money


@dataclass(frozen=True)
class Product:
    """Something for sale. Weight in grams; `tags` are words that people search for."""

    sku: str
    name: str
    price: Money
    category: str = "standard"
    weight_grams: int = 0
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self.sku, "sku")
        _require_text(self.name, "name")
        if self.price.amount < 0:
            raise ValueError(f"price of {self.sku} is negative; give zero or more")
        if self.weight_grams < 0:
            raise ValueError(f"weight_grams of {self.sku} is negative; give zero or more")


class Catalogue:
    """The products by SKU, in the order in which they were added."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._products: dict[str, Product] = {}
        for product in products:
            self.add(product)

    def __len__(self) -> int:
        return len(self._products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self._products.values())

    def __contains__(self, sku: str) -> bool:
        return sku in self._products

    def add(self, product: Product) -> None:
        if product.sku in self._products:
            raise ValueError(f"{product.sku} is in the catalogue already; change it with `reprice`")
        self._products[product.sku] = product

    def get(self, sku: str) -> Product:
        try:
            return self._products[sku]
        except KeyError:
            raise ValueError(f"there is no product {sku!r} in the catalogue") from None

    def reprice(self, sku: str, price: Money) -> Product:
        """Give a product another price; carts that hold the old one keep it."""
        changed = replace(self.get(sku), price=price)
        self._products[sku] = changed
        return changed

    def in_category(self, category: str) -> list[Product]:
        return [product for product in self if product.category == category]

    def priced_between(self, low: Money, high: Money) -> list[Product]:
        """Products from `low` to `high`, both included, cheapest first."""
        found = [product for product in self if low <= product.price <= high]
        return sorted(found, key=lambda product: (product.price.amount, product.sku))


def from_rows(rows: Iterable[Mapping[str, str]], currency: str = "EUR") -> Catalogue:
    """A catalogue from rows of text, as a CSV reader gives them; tags are separated by blanks."""
    catalogue = Catalogue()
    for row in rows:
        catalogue.add(
            Product(
                sku=row["sku"].strip(),
                name=row["name"].strip(),
                price=Money(row["price"], currency),
                category=row.get("category") or "standard",
                weight_grams=int(row.get("weight_grams") or 0),
                tags=tuple((row.get("tags") or "").split()),
            )
        )
    return catalogue


def _require_text(value: str, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} is empty; give some text")
    return value
