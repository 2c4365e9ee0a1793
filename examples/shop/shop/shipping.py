"""What it costs to send a parcel."""

from __future__ import annotations

from shop.money import Money

MAX_GRAMS = 31_500
"""The heaviest parcel that a carrier takes."""

COUNTRIES = {
    "DE": "domestic",
    "FR": "europe",
    "IE": "europe",
    "AT": "europe",
    "CH": "europe",
}
"""The zone of each country; all others are `world`."""


def zone_of(country: str) -> str:
    return COUNTRIES.get(country, "world")


def kilograms(grams: int) -> int:
    """Started kilograms, at least one."""
    return max(1, -(-grams // 1000))


def quote(zone: str, grams: int, goods: Money) -> Money:
    """The price of a parcel: a base price, so much for every kilogram after the first, and
    nothing from a certain value of the goods on.
    """
    if grams > MAX_GRAMS:
        raise ValueError(f"a parcel of {grams} g is too heavy; at most {MAX_GRAMS} g, split it")
    if zone == "domestic":
        if goods >= Money("50.00"):
            return Money.zero()
        price = Money("4.90")
        extra = kilograms(grams) - 1
        price = price + Money("0.60") * extra
        return price
    elif zone == "europe":
        if goods >= Money("120.00"):
            return Money.zero()
        price = Money("9.90")
        extra = kilograms(grams) - 1
        price = price + Money("1.80") * extra
        return price
    elif zone == "world":
        price = Money("19.90")
        extra = kilograms(grams) - 1
        price = price + Money("6.50") * extra
        return price
    else:
        raise ValueError(f"unknown zone {zone!r}; one of domestic, europe, world")
