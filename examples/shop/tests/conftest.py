"""What most tests need: a few products, a customer, a filled warehouse."""

from datetime import date

import pytest

from shop.cart import Cart
from shop.catalogue import Product
from shop.customers import Address, Customer
from shop.inventory import Stock
from shop.money import Money
from shop.orders import Order, place_order


@pytest.fixture
def tea() -> Product:
    return Product("TEA", "Green tea", Money("3.50"), "food", 120, ("drink", "organic"))


@pytest.fixture
def book() -> Product:
    return Product("BOOK", "The tea book", Money("18.00"), "books", 640, ("reading",))


@pytest.fixture
def pot() -> Product:
    return Product("POT", "Cast iron teapot", Money("49.90"), "standard", 1800, ("kitchen",))


@pytest.fixture
def customer() -> Customer:
    return Customer("Ada Example", "Ada@Example.com", Address("Lane 1", "10115", "Berlin"))


@pytest.fixture
def stock() -> Stock:
    stock = Stock()
    for sku, quantity in {"TEA": 40, "BOOK": 5, "POT": 2}.items():
        stock.receive(sku, quantity)
    return stock


@pytest.fixture
def cart(tea: Product, book: Product) -> Cart:
    cart = Cart()
    cart.add(tea, 2)
    cart.add(book)
    return cart


@pytest.fixture
def order(customer: Customer, cart: Cart, stock: Stock) -> Order:
    return place_order("1001", date(2024, 3, 1), customer, cart, stock)
