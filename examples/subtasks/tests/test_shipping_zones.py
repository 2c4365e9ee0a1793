import inspect

import pytest
from shop import shipping
from shop.money import Money


def test_the_zones_are_a_table():
    assert set(shipping.ZONES) == {"domestic", "europe", "world"}
    assert shipping.ZONES["europe"] == shipping.Zone(Money("9.90"), Money("1.80"), Money("120.00"))
    assert shipping.ZONES["world"].free_from is None


def test_a_new_row_is_all_that_a_new_zone_needs(monkeypatch):
    monkeypatch.setitem(shipping.ZONES, "moon", shipping.Zone(Money("100"), Money("10"), Money("900")))
    assert shipping.quote("moon", 2500, Money("1")) == Money("120")
    assert shipping.quote("moon", 2500, Money("900")) == Money.zero()


def test_the_quote_names_no_zone():
    source = inspect.getsource(shipping.quote)
    assert not [zone for zone in ("domestic", "europe", "world") if zone in source]


@pytest.mark.parametrize(
    ("zone", "goods", "price"), [("domestic", "49.99", "6.10"), ("europe", "120", "0"), ("world", "9999", "32.90")]
)
def test_prices_are_as_before(zone, goods, price):
    assert shipping.quote(zone, 2500, Money(goods)) == Money(price)


def test_an_unknown_zone_is_refused_as_before():
    with pytest.raises(ValueError, match="one of domestic, europe, world"):
        shipping.quote("moon", 500, Money("1"))
