from decimal import Decimal

import pytest
from shop import pricing
from shop.cart import Cart
from shop.money import Money


@pytest.fixture
def bulk():
    return pricing.BulkDiscount("TEA", {10: Decimal(5), 50: Decimal(20)})


def lines_of(product, quantity):
    cart = Cart()
    cart.add(product, quantity)
    return cart.lines


def test_a_tier_counts_from_its_quantity_on(bulk, tea):
    assert bulk.off(lines_of(tea, 9)) == Money.zero()
    assert bulk.off(lines_of(tea, 10)) == Money("1.75")


def test_the_highest_tier_reached_counts(bulk, tea):
    assert bulk.off(lines_of(tea, 60)) == Money("42.00")


def test_other_products_pay_in_full(bulk, tea, book):
    cart = Cart()
    cart.add(tea, 10)
    cart.add(book, 99)
    assert pricing.discounted_total(cart, [bulk]) == cart.subtotal() - Money("1.75")


def test_buy_two_get_one_is_as_before(tea):
    assert pricing.BuyXGetY("TEA", 2).off(lines_of(tea, 6)) == Money("7.00")
