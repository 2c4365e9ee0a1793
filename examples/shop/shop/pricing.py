"""Discounts, and what a cart costs after them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from shop.cart import Cart, Line
from shop.money import Money, total


class Discount(Protocol):
    """Something that makes a cart cheaper."""

    def off(self, lines: Sequence[Line]) -> Money:
        """How much it takes off, never below zero."""


@dataclass(frozen=True)
class PercentOff:
    """So many per cent off every line, or off the lines of one category."""

    percent: Decimal
    category: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.percent <= 100:
            raise ValueError(f"percent is {self.percent}; give more than 0 and at most 100")

    def off(self, lines: Sequence[Line]) -> Money:
        reduced = [line for line in lines if self.category in (None, line.product.category)]
        return total((line.total.percent(self.percent) for line in reduced), currency_of(lines))


@dataclass(frozen=True)
class AmountOff:
    """A fixed amount off, from a minimum value of the goods on."""

    amount: Money
    minimum: Money | None = None

    def off(self, lines: Sequence[Line]) -> Money:
        goods = total((line.total for line in lines), self.amount.currency)
        if self.minimum is not None and goods < self.minimum:
            return Money.zero(self.amount.currency)
        return min(self.amount, goods)


@dataclass(frozen=True)
class BuyXGetY:
    """For every `buy` of a product paid, `free` more of it cost nothing."""

    sku: str
    buy: int
    free: int = 1

    def off(self, lines: Sequence[Line]) -> Money:
        gifts = (
            line.product.price * (line.quantity // (self.buy + self.free) * self.free)
            for line in lines
            if line.product.sku == self.sku
        )
        return total(gifts, currency_of(lines))


def currency_of(lines: Sequence[Line]) -> str:
    return lines[0].product.price.currency if lines else "EUR"


def discounted_total(cart: Cart, discounts: Iterable[Discount]) -> Money:
    """The goods' value after all discounts, each reckoned on the full prices; at least zero."""
    off = total((discount.off(cart.lines) for discount in discounts), cart.currency)
    return max(cart.subtotal() - off, Money.zero(cart.currency))
