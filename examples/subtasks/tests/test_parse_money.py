import re

import pytest
from shop.money import Money


@pytest.mark.parametrize("text", ["12.50 EUR", "  12.5 EUR "])
def test_the_number_comes_first(text):
    assert Money.parse(text) == Money("12.50")


@pytest.mark.parametrize(("text", "amount"), [("EUR 12.50", "12.50"), ("EUR -3", "-3"), ("eur 0.99", "0.99")])
def test_or_the_currency_comes_first(text, amount):
    assert Money.parse(text) == Money(amount)


def test_thousands_are_separated_by_commas():
    assert Money.parse("1,250.00 USD") == Money("1250", "USD")
    assert Money.parse("-1,234,567 jpy") == Money("-1234567", "JPY")


@pytest.mark.parametrize("text", ["", "12.50", "EUR", "12.50 XYZ", "EUR 12.50 EUR", "1e3 EUR", "12..5 EUR", "NaN EUR"])
def test_anything_else_is_quoted(text):
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        Money.parse(text)
