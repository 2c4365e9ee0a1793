import pytest

from shop.catalogue import Catalogue, Product, from_rows
from shop.money import Money


def test_products_are_found_by_sku(tea, book):
    catalogue = Catalogue([tea, book])
    assert catalogue.get("TEA") is tea
    assert len(catalogue) == 2
    assert "POT" not in catalogue


def test_a_sku_is_added_once(tea):
    catalogue = Catalogue([tea])
    with pytest.raises(ValueError, match="TEA"):
        catalogue.add(tea)


def test_unknown_skus_are_named():
    with pytest.raises(ValueError, match="GHOST"):
        Catalogue().get("GHOST")


def test_a_new_price_leaves_the_old_product_alone(tea):
    catalogue = Catalogue([tea])
    assert catalogue.reprice("TEA", Money("4.00")).price == Money("4.00")
    assert catalogue.get("TEA").price == Money("4.00")
    assert tea.price == Money("3.50")


def test_products_by_category_and_price(tea, book, pot):
    catalogue = Catalogue([pot, book, tea])
    assert catalogue.in_category("food") == [tea]
    assert catalogue.priced_between(Money("3.50"), Money("18.00")) == [tea, book]


@pytest.mark.parametrize(("sku", "name"), [("", "Tea"), ("TEA", "  ")])
def test_products_need_a_sku_and_a_name(sku, name):
    with pytest.raises(ValueError, match="empty"):
        Product(sku, name, Money("1"))


def test_negative_prices_and_weights_are_refused():
    with pytest.raises(ValueError, match="price"):
        Product("TEA", "Tea", Money("-1"))
    with pytest.raises(ValueError, match="weight_grams"):
        Product("TEA", "Tea", Money("1"), weight_grams=-1)


def test_a_catalogue_from_rows():
    row = {"sku": " TEA ", "name": "Tea", "price": "3.5", "category": "", "tags": "drink organic"}
    (product,) = from_rows([row])
    assert product == Product("TEA", "Tea", Money("3.50"), tags=("drink", "organic"))
