"""Value added tax, by country and category of goods."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from shop.cart import Line
from shop.money import Money

RATES: dict[str, dict[str, Decimal]] = {
    "DE": {"standard": Decimal(19), "books": Decimal(7), "food": Decimal(7)},
    "FR": {"standard": Decimal(20), "books": Decimal("5.5"), "food": Decimal("5.5")},
    "IE": {"standard": Decimal(23), "books": Decimal(0), "food": Decimal(0)},
    "CH": {"standard": Decimal("8.1"), "books": Decimal("2.6"), "food": Decimal("2.6")},
}
"""Per cent of the net price; a category that a country does not name pays its standard rate."""


def rate(country: str, category: str) -> Decimal:
    """The rate in per cent."""
    try:
        rates = RATES[country]
    except KeyError:
        raise ValueError(f"no tax rates for country {country!r}; one of {', '.join(RATES)}") from None
    return rates.get(category, rates["standard"])


def tax_on(net: Money, country: str, category: str = "standard") -> Money:
    """The tax to add to a net amount."""
    return net.percent(rate(country, category))


def net_of(gross: Money, country: str, category: str = "standard") -> Money:
    """The net amount in a price that includes the tax."""
    return gross * (100 / (100 + rate(country, category)))


def tax_on_lines(lines: Sequence[Line], country: str, currency: str = "EUR") -> Money:
    """The tax on all lines, rounded once a line."""
    result = Money.zero(currency)
    for line in lines:
        result = result + tax_on(line.total, country, line.product.category)
    return result


def breakdown(lines: Sequence[Line], country: str) -> dict[Decimal, Money]:
    """The tax by rate, as it stands on an invoice.

    Adds up the net amounts of each rate and rounds the tax once a rate, not once a line. Highest
    rate first; a rate of zero is left out. No lines give an empty dictionary.
    """
    raise NotImplementedError
