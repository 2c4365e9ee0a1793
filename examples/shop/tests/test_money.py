from decimal import Decimal

import pytest

from shop.money import CurrencyMismatch, Money, total


def test_amounts_are_rounded_half_up():
    assert Money("1.005").amount == Decimal("1.01")
    assert Money("12.5", "JPY").amount == Decimal(13)


def test_floats_are_refused():
    with pytest.raises(ValueError, match="float"):
        Money(1.1)


def test_unknown_currencies_are_refused():
    with pytest.raises(ValueError, match="XYZ"):
        Money("1", "XYZ")


def test_sums_and_differences():
    assert Money("1.10") + Money("2.20") - Money("0.30") == Money("3.00")


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatch):
        Money("1") + Money("1", "USD")
    with pytest.raises(CurrencyMismatch):
        Money("1") < Money("1", "USD")  # noqa: B015


def test_times_and_percent():
    assert 3 * Money("0.33") == Money("0.99")
    assert Money("19.99").percent(15) == Money("3.00")


def test_order_and_truth():
    assert Money("1") < Money("2") <= Money("2")
    assert not Money.zero()
    assert -Money("1") < Money.zero()


def test_text():
    assert str(Money("1234.5")) == "1234.50 EUR"
    assert str(Money("1234.5", "JPY")) == "1235 JPY"


def test_allocate_gives_the_rest_to_the_first():
    assert Money("10.00").allocate([1, 1, 1]) == [Money("3.34"), Money("3.33"), Money("3.33")]


def test_allocate_skips_weights_of_zero():
    assert Money("0.05").allocate([0, 1, 1]) == [Money("0"), Money("0.03"), Money("0.02")]


def test_allocate_needs_weights():
    with pytest.raises(ValueError, match="weights"):
        Money("1").allocate([0, 0])


def test_total_of_nothing_is_zero():
    assert total([]) == Money.zero()
    assert total([Money("1"), Money("2")]) == Money("3")
