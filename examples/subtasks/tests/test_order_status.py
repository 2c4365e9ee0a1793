import pytest
from shop import orders
from shop.reports import order_rows
from shop.storage import load_orders, save_orders


def test_the_status_of_an_order_is_an_enumeration(order):
    assert order.status is orders.Status.PLACED
    assert [status.value for status in orders.Status] == ["placed", "paid", "shipped", "cancelled", "returned"]


def test_a_table_says_which_step_may_follow():
    status = orders.Status
    assert orders.TRANSITIONS[status.PLACED] == {status.PAID, status.CANCELLED}
    assert orders.TRANSITIONS[status.PAID] == {status.SHIPPED, status.CANCELLED}
    assert orders.TRANSITIONS[status.SHIPPED] == {status.RETURNED}
    assert not orders.TRANSITIONS[status.RETURNED]


def test_a_status_is_still_text(order, tmp_path):
    assert order.status == "placed"
    assert order_rows([order])[0]["status"] == "placed"
    save_orders(tmp_path / "orders.json", [order])
    assert load_orders(tmp_path / "orders.json")[0].status == "placed"


def test_a_loaded_order_has_the_enumeration(order, tmp_path):
    save_orders(tmp_path / "orders.json", [order])
    assert load_orders(tmp_path / "orders.json")[0].status is orders.Status.PLACED


def test_a_wrong_step_is_refused_as_before(order, stock):
    order.cancel(stock)
    with pytest.raises(orders.WrongStatus, match="only a placed order can be paid"):
        order.pay()
