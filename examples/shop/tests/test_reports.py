from datetime import date

import pytest

from shop.cart import Cart
from shop.money import Money
from shop.orders import place_order
from shop.reports import average_order, best_sellers, order_rows, sales_by_day, to_csv


@pytest.fixture
def orders(customer, cart, pot, stock):
    other = Cart()
    other.add(pot)
    later = place_order("2", date(2024, 3, 2), customer, cart, stock)
    first = place_order("1", date(2024, 3, 1), customer, cart, stock)
    gone = place_order("3", date(2024, 3, 2), customer, other, stock)
    gone.cancel(stock)
    return [later, first, gone]


def test_sales_by_day(orders):
    assert list(sales_by_day(orders).items()) == [
        (date(2024, 3, 1), Money("25.00")),
        (date(2024, 3, 2), Money("25.00")),
    ]


def test_best_sellers(orders):
    assert best_sellers(orders) == [("TEA", 4), ("BOOK", 2)]
    assert best_sellers(orders, 1) == [("TEA", 4)]


def test_the_average_order(orders):
    assert average_order(orders) == Money("25.00")
    assert average_order([]) is None


def test_orders_as_csv(orders):
    text = to_csv(order_rows(orders[:1]), ["id", "status", "total", "note"])
    assert text == "id,status,total,note\n2,placed,31.65,\n"
