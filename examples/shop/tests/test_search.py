import pytest

from shop import search


@pytest.fixture(autouse=True)
def indexed(tea, book, pot):
    search.clear()
    for product in (tea, book, pot):
        search.add(product)
    yield
    search.clear()


def test_words_are_plain():
    assert search.words("Crème brûlée, 2 pieces") == ["creme", "brulee", "2", "pieces"]


def test_products_are_found_by_name_and_tag():
    assert search.search("teapot") == ["POT"]
    assert search.search("organic") == ["TEA"]


def test_rare_words_count_more():
    assert search.search("tea book") == ["BOOK", "TEA"]


def test_nothing_is_found():
    assert search.search("bicycle") == []
    assert search.search("") == []


def test_removed_products_are_gone():
    search.remove("TEA")
    assert search.search("tea") == ["BOOK"]


def test_a_product_added_again_is_replaced(tea):
    before = search.search("green tea")
    search.add(tea)
    assert search.search("green tea") == before == ["TEA", "BOOK"]
