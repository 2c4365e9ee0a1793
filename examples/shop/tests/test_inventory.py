import pytest

from shop.inventory import OutOfStock, Stock


def test_goods_come_in(stock):
    stock.receive("TEA", 10)
    assert stock.on_hand("TEA") == 50
    assert stock.on_hand("GHOST") == 0


def test_nothing_cannot_come_in():
    with pytest.raises(ValueError, match="quantity"):
        Stock().receive("TEA", 0)


def test_reserved_goods_are_not_available(stock):
    stock.reserve("1", {"TEA": 30})
    assert stock.on_hand("TEA") == 40
    assert stock.available("TEA") == 10


def test_a_reservation_is_all_or_nothing(stock):
    with pytest.raises(OutOfStock, match="3 of POT"):
        stock.reserve("1", {"TEA": 1, "POT": 3})
    assert stock.available("TEA") == 40


def test_an_order_reserves_once(stock):
    stock.reserve("1", {"TEA": 1})
    with pytest.raises(ValueError, match="already"):
        stock.reserve("1", {"TEA": 1})


def test_released_goods_are_available_again(stock):
    stock.reserve("1", {"TEA": 40})
    stock.release("1")
    stock.release("1")
    assert stock.available("TEA") == 40


def test_shipped_goods_leave(stock):
    stock.reserve("1", {"TEA": 3})
    stock.ship("1")
    assert stock.on_hand("TEA") == 37
    assert stock.movements[-1].quantity == -3


def test_shipping_needs_a_reservation(stock):
    with pytest.raises(ValueError, match="no reservation"):
        stock.ship("1")
