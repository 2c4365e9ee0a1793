"""The cart of a customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shop.catalogue import Product
from shop.money import Money, total

MAX_QUANTITY = 999


@dataclass
class Line:
    """A product and how many of it."""

    product: Product
    quantity: int

    @property
    def total(self) -> Money:
        return self.product.price * self.quantity

    @property
    def weight_grams(self) -> int:
        return self.product.weight_grams * self.quantity


class Cart:
    """Lines in the order in which their products were first added, one line a product."""

    def __init__(self, currency: str = "EUR") -> None:
        self.currency = currency
        self._lines: list[Line] = []

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(self._lines)

    def __len__(self) -> int:
        return sum(line.quantity for line in self._lines)

    def add(self, product: Product, quantity: int = 1) -> None:
        """Put more of a product into the cart."""
        _check_quantity(quantity)
        line = self._find(product.sku)
        if line is None:
            self._lines.append(Line(product, quantity))
        else:
            _check_quantity(line.quantity + quantity)
            line.quantity += quantity

    def set_quantity(self, sku: str, quantity: int) -> None:
        """Say how many of a product that is in the cart are wanted; zero takes it out."""
        if quantity == 0:
            self.remove(sku)
            return
        _check_quantity(quantity)
        self._get(sku).quantity = quantity

    def remove(self, sku: str) -> None:
        self._lines.remove(self._get(sku))

    def quantity_of(self, sku: str) -> int:
        line = self._find(sku)
        return line.quantity if line else 0

    def merge(self, other: Cart) -> None:
        """Take over the lines of another cart, as when a guest logs in; quantities add up."""
        for line in other.lines:
            self.add(line.product, line.quantity)

    def drop_unavailable(self, available: Callable[[str], int]) -> list[str]:
        """Take out every line of which fewer are available than wanted; the SKUs, in cart order."""
        dropped = []
        for line in self._lines:
            if available(line.product.sku) < line.quantity:
                self._lines.remove(line)
                dropped.append(line.product.sku)
        return dropped

    def subtotal(self) -> Money:
        return total((line.total for line in self._lines), self.currency)

    def weight_grams(self) -> int:
        return sum(line.weight_grams for line in self._lines)

    def _find(self, sku: str) -> Line | None:
        return next((line for line in self._lines if line.product.sku == sku), None)

    def _get(self, sku: str) -> Line:
        line = self._find(sku)
        if line is None:
            raise ValueError(f"{sku!r} is not in the cart")
        return line


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise ValueError(f"quantity is {quantity}; give 1 to {MAX_QUANTITY}")
