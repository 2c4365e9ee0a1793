from shop.cart import Cart


def test_neighbouring_lines_are_all_dropped(tea, book, pot):
    cart = Cart()
    for product in (tea, book, pot):
        cart.add(product)
    assert cart.drop_unavailable({"TEA": 0, "BOOK": 0, "POT": 1}.get) == ["TEA", "BOOK"]
    assert [line.product.sku for line in cart.lines] == ["POT"]


def test_a_cart_of_nothing_available_is_emptied(tea, book, pot):
    cart = Cart()
    for product in (pot, tea, book):
        cart.add(product, 2)
    assert cart.drop_unavailable(lambda _sku: 1) == ["POT", "TEA", "BOOK"]
    assert cart.lines == ()


def test_an_available_cart_stays(cart):
    assert cart.drop_unavailable(lambda _sku: 9) == []
    assert len(cart.lines) == 2
