"""Exact amounts of money in one currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

DIGITS = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "JPY": 0}
"""Digits after the decimal point, by currency."""


class CurrencyMismatch(ValueError):
    """Amounts of two currencies were added or compared."""


@dataclass(frozen=True)
class Money:
    """An amount, always rounded to the currency's smallest unit, half up."""

    amount: Decimal
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if self.currency not in DIGITS:
            raise ValueError(f"unknown currency {self.currency!r}; one of {', '.join(DIGITS)}")
        if isinstance(self.amount, float):
            raise ValueError("an amount of money cannot be a float; give a string or a Decimal")
        amount = Decimal(self.amount).quantize(self.unit, ROUND_HALF_UP)
        object.__setattr__(self, "amount", amount)

    @classmethod
    def zero(cls, currency: str = "EUR") -> Money:
        return cls(Decimal(0), currency)

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read an amount as people write it.

        Accepts "12.50 EUR" and "EUR 12.50", any blanks around, a leading minus before the number,
        "," between thousands ("1,250.00 USD"), and the currency in lower case. Anything else, an
        unknown currency too, is a ValueError that quotes the text.
        """
        raise NotImplementedError

    @property
    def unit(self) -> Decimal:
        """The smallest amount in this currency: 0.01 for euros, 1 for yen."""
        return Decimal(1).scaleb(-DIGITS[self.currency])

    def __add__(self, other: Money) -> Money:
        self._check(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._check(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        return Money(self.amount * factor, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        self._check(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._check(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        self._check(other)
        return self.amount > other.amount

    def __ge__(self, other: Money) -> bool:
        self._check(other)
        return self.amount >= other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def percent(self, percent: int | Decimal) -> Money:
        """That many per cent of the amount."""
        return self * (Decimal(percent) / 100)

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Split in proportion to the weights; the parts add up to the amount exactly.

        What rounding leaves over goes to the first parts, one smallest unit each.
        """
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("weights must not be negative, and one of them must be above zero")
        parts = [(self.amount * weight / whole).quantize(self.unit, ROUND_DOWN) for weight in weights]
        takers = [index for index, weight in enumerate(weights) if weight]
        left = int((self.amount - sum(parts)) / self.unit)
        for index in range(left):
            parts[takers[index]] += self.unit
        return [Money(part, self.currency) for part in parts]

    def _check(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self} and {other} are of different currencies; convert one first")


def total(amounts: Iterable[Money], currency: str = "EUR") -> Money:
    """The sum of the amounts, zero if there are none."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result
