from decimal import Decimal

from shop.cart import Cart
from shop.catalogue import Product
from shop.money import Money
from shop.tax import breakdown


def test_the_tax_is_added_up_by_rate(cart, pot):
    cart.add(pot)
    assert list(breakdown(cart.lines, "DE").items()) == [
        (Decimal(19), Money("9.48")),
        (Decimal(7), Money("1.75")),
    ]


def test_the_tax_is_rounded_once_a_rate():
    cart = Cart()
    for number in range(3):
        cart.add(Product(f"PEN{number}", "Pen", Money("0.13")))
    assert breakdown(cart.lines, "DE") == {Decimal(19): Money("0.07")}


def test_a_rate_of_zero_and_no_lines(cart, pot):
    cart.add(pot)
    assert list(breakdown(cart.lines, "IE")) == [Decimal(23)]
    assert breakdown([], "IE") == {}
