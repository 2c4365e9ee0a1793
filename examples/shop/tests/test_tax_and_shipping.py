from decimal import Decimal

import pytest

from shop import shipping, tax
from shop.money import Money


def test_rates_by_category():
    assert tax.rate("DE", "books") == 7
    assert tax.rate("DE", "garden") == 19
    assert tax.rate("FR", "food") == Decimal("5.5")


def test_unknown_countries_are_named():
    with pytest.raises(ValueError, match="XX"):
        tax.rate("XX", "books")


def test_tax_on_a_net_amount():
    assert tax.tax_on(Money("100"), "DE") == Money("19.00")


def test_net_of_a_gross_amount():
    assert tax.net_of(Money("119"), "DE") == Money("100.00")


def test_tax_on_lines(cart):
    assert tax.tax_on_lines(cart.lines, "DE") == Money("1.75")


def test_zones():
    assert [shipping.zone_of(country) for country in ("DE", "IE", "NZ")] == ["domestic", "europe", "world"]


@pytest.mark.parametrize(("grams", "expected"), [(0, 1), (1000, 1), (1001, 2), (3500, 4)])
def test_started_kilograms(grams, expected):
    assert shipping.kilograms(grams) == expected


@pytest.mark.parametrize(
    ("zone", "grams", "price"),
    [("domestic", 500, "4.90"), ("domestic", 2500, "6.10"), ("europe", 1500, "11.70"), ("world", 800, "19.90")],
)
def test_prices_of_parcels(zone, grams, price):
    assert shipping.quote(zone, grams, Money("20")) == Money(price)


def test_valuable_parcels_are_free():
    assert shipping.quote("domestic", 500, Money("50")) == Money.zero()
    assert shipping.quote("europe", 500, Money("119.99")) == Money("9.90")
    assert shipping.quote("world", 500, Money("5000")) == Money("19.90")


def test_heavy_parcels_and_unknown_zones_are_refused():
    with pytest.raises(ValueError, match="too heavy"):
        shipping.quote("domestic", 31_501, Money("1"))
    with pytest.raises(ValueError, match="unknown zone"):
        shipping.quote("moon", 500, Money("1"))
