from datetime import date
from decimal import Decimal

import pytest

from shop.cart import Cart
from shop.inventory import OutOfStock
from shop.money import Money
from shop.orders import WrongStatus, place_order
from shop.pricing import PercentOff
from shop.storage import load_orders, save_orders


def test_an_order_adds_up(order):
    assert order.goods == Money("25.00")
    assert order.shipping == Money("4.90")
    assert order.tax == Money("1.75")
    assert order.total == Money("31.65")
    assert order.email == "ada@example.com"


def test_an_order_holds_its_goods(order, stock):
    assert stock.available("TEA") == 38
    assert order.status == "placed"


def test_discounts_lower_goods_and_tax(customer, cart, stock):
    order = place_order("1", date(2024, 3, 1), customer, cart, stock, [PercentOff(Decimal(50))])
    assert order.goods == Money("12.50")
    assert order.discount == Money("12.50")
    assert order.tax == Money("0.88")


def test_an_empty_cart_cannot_be_ordered(customer, stock):
    with pytest.raises(ValueError, match="empty"):
        place_order("1", date(2024, 3, 1), customer, Cart(), stock)


def test_what_is_not_there_cannot_be_ordered(customer, cart, stock):
    cart.set_quantity("BOOK", 6)
    with pytest.raises(OutOfStock):
        place_order("1", date(2024, 3, 1), customer, cart, stock)


def test_a_paid_order_is_shipped(order, stock):
    order.pay()
    order.ship(stock)
    assert order.status == "shipped"
    assert stock.on_hand("TEA") == 38


def test_a_cancelled_order_gives_its_goods_back(order, stock):
    order.cancel(stock)
    assert order.status == "cancelled"
    assert stock.available("TEA") == 40


def test_a_returned_order_fills_the_stock(order, stock):
    order.pay()
    order.ship(stock)
    order.take_back(stock)
    assert (order.status, stock.on_hand("TEA")) == ("returned", 40)


def test_steps_need_their_status(order, stock):
    with pytest.raises(WrongStatus, match="only a paid order"):
        order.ship(stock)
    order.pay()
    with pytest.raises(WrongStatus, match="only a placed order"):
        order.pay()
    order.ship(stock)
    with pytest.raises(WrongStatus, match="too late"):
        order.cancel(stock)


def test_orders_survive_a_file(order, tmp_path):
    path = tmp_path / "orders.json"
    order.pay()
    save_orders(path, [order])
    assert load_orders(path) == [order]


def test_no_file_is_no_orders(tmp_path):
    assert load_orders(tmp_path / "orders.json") == []


def test_files_of_another_format_are_refused(tmp_path):
    path = tmp_path / "orders.json"
    path.write_text('{"format": 2, "orders": []}')
    with pytest.raises(ValueError, match="format 2"):
        load_orders(path)
