import pytest
from shop import search


@pytest.fixture(autouse=True)
def empty():
    search.clear()
    yield
    search.clear()


def test_two_indexes_know_nothing_of_each_other(tea, pot):
    drinks, kitchen = search.SearchIndex(), search.SearchIndex()
    drinks.add(tea)
    kitchen.add(pot)
    assert (drinks.search("tea"), kitchen.search("tea")) == (["TEA"], [])
    assert (drinks.search("teapot"), kitchen.search("teapot")) == ([], ["POT"])


def test_an_index_forgets(tea, book):
    index, other = search.SearchIndex(), search.SearchIndex()
    for product in (tea, book):
        index.add(product)
        other.add(product)
    index.remove("TEA")
    assert (index.search("tea"), other.search("green")) == (["BOOK"], ["TEA"])
    index.clear()
    assert (index.search("book"), other.search("book")) == ([], ["BOOK"])


def test_the_functions_work_on_the_default_index(tea):
    search.add(tea)
    assert search.DEFAULT.search("tea") == ["TEA"]
    search.DEFAULT.remove("TEA")
    assert search.search("tea") == []


def test_the_functions_work_as_before(tea, book):
    for product in (tea, book):
        search.add(product)
    assert search.search("tea book") == ["BOOK", "TEA"]
    search.remove("BOOK")
    assert search.search("tea book") == ["TEA"]
