import pytest

from shop.cart import Cart
from shop.money import Money


def test_adding_twice_makes_one_line(cart, tea):
    cart.add(tea, 3)
    assert cart.quantity_of("TEA") == 5
    assert len(cart.lines) == 2
    assert len(cart) == 6


def test_the_subtotal(cart):
    assert cart.subtotal() == Money("25.00")
    assert Cart().subtotal() == Money.zero()


def test_the_weight(cart):
    assert cart.weight_grams() == 880


def test_quantities_are_changed_and_zero_removes(cart):
    cart.set_quantity("TEA", 7)
    cart.set_quantity("BOOK", 0)
    assert [line.quantity for line in cart.lines] == [7]


@pytest.mark.parametrize("quantity", [0, -1, 1000])
def test_quantities_have_limits(tea, quantity):
    with pytest.raises(ValueError, match="quantity"):
        Cart().add(tea, quantity)


def test_a_line_that_is_not_there_is_named(cart):
    with pytest.raises(ValueError, match="POT"):
        cart.remove("POT")


def test_merging_adds_quantities(cart, tea, pot):
    guest = Cart()
    guest.add(tea)
    guest.add(pot)
    cart.merge(guest)
    assert [line.product.sku for line in cart.lines] == ["TEA", "BOOK", "POT"]
    assert cart.quantity_of("TEA") == 3


def test_an_unavailable_line_is_dropped(cart):
    assert cart.drop_unavailable({"TEA": 1, "BOOK": 1}.get) == ["TEA"]
    assert [line.product.sku for line in cart.lines] == ["BOOK"]
