from decimal import Decimal

import pytest

from shop.money import Money
from shop.pricing import AmountOff, BuyXGetY, PercentOff, discounted_total


def test_per_cent_off_everything(cart):
    assert PercentOff(Decimal(10)).off(cart.lines) == Money("2.50")


def test_per_cent_off_one_category(cart):
    assert PercentOff(Decimal(50), "books").off(cart.lines) == Money("9.00")


@pytest.mark.parametrize("percent", [0, 101])
def test_per_cent_has_limits(percent):
    with pytest.raises(ValueError, match="percent"):
        PercentOff(Decimal(percent))


def test_an_amount_off_from_a_minimum_on(cart):
    assert AmountOff(Money("5"), Money("25")).off(cart.lines) == Money("5")
    assert AmountOff(Money("5"), Money("25.01")).off(cart.lines) == Money.zero()


def test_an_amount_off_is_never_more_than_the_goods(cart):
    assert AmountOff(Money("500")).off(cart.lines) == Money("25.00")


def test_every_third_is_free(cart, tea):
    cart.set_quantity("TEA", 7)
    assert BuyXGetY("TEA", buy=2).off(cart.lines) == Money("7.00")


def test_discounts_add_up_and_stop_at_zero(cart):
    discounts = [PercentOff(Decimal(10)), AmountOff(Money("5"))]
    assert discounted_total(cart, discounts) == Money("17.50")
    assert discounted_total(cart, [*discounts, AmountOff(Money("25"))]) == Money.zero()
