"""From a cart to an order, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shop import shipping, tax
from shop.cart import Cart
from shop.customers import Customer
from shop.inventory import Stock
from shop.money import Money, total
from shop.pricing import Discount, discounted_total


class WrongStatus(ValueError):
    """The order is not in the state that the step needs."""


@dataclass(frozen=True)
class OrderLine:
    """A product as it was sold; later changes of the catalogue do not touch it."""

    sku: str
    name: str
    unit_price: Money
    quantity: int

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


@dataclass
class Order:
    """What a customer bought. `goods` is the lines' value after discounts."""

    id: str
    day: date
    email: str
    lines: tuple[OrderLine, ...]
    goods: Money
    shipping: Money
    tax: Money
    status: str = "placed"

    @property
    def total(self) -> Money:
        return self.goods + self.shipping + self.tax

    @property
    def discount(self) -> Money:
        full = total((line.total for line in self.lines), self.goods.currency)
        return full - self.goods

    def quantities(self) -> dict[str, int]:
        return {line.sku: line.quantity for line in self.lines}

    def pay(self) -> None:
        if self.status != "placed":
            raise WrongStatus(f"order {self.id} is {self.status}; only a placed order can be paid")
        self.status = "paid"

    def ship(self, stock: Stock) -> None:
        if self.status != "paid":
            raise WrongStatus(f"order {self.id} is {self.status}; only a paid order can be shipped")
        stock.ship(self.id)
        self.status = "shipped"

    def cancel(self, stock: Stock) -> None:
        if self.status != "placed" and self.status != "paid":
            raise WrongStatus(f"order {self.id} is {self.status}; it is too late to cancel it")
        stock.release(self.id)
        self.status = "cancelled"

    def take_back(self, stock: Stock) -> None:
        if self.status != "shipped":
            raise WrongStatus(f"order {self.id} is {self.status}; only a shipped order can come back")
        stock.take_back(self.quantities(), self.id)
        self.status = "returned"


def place_order(
    order_id: str,
    day: date,
    customer: Customer,
    cart: Cart,
    stock: Stock,
    discounts: Iterable[Discount] = (),
) -> Order:
    """Turn a cart into an order and hold its goods; the cart stays as it is."""
    if not cart.lines:
        raise ValueError("the cart is empty; put something in before ordering")
    country = customer.address.country
    goods = discounted_total(cart, discounts)
    order = Order(
        id=order_id,
        day=day,
        email=customer.email,
        lines=tuple(
            OrderLine(line.product.sku, line.product.name, line.product.price, line.quantity)
            for line in cart.lines
        ),
        goods=goods,
        shipping=shipping.quote(shipping.zone_of(country), cart.weight_grams(), goods),
        tax=_tax(cart, country, goods),
    )
    stock.reserve(order_id, order.quantities())
    return order


def _tax(cart: Cart, country: str, goods: Money) -> Money:
    """Tax on the lines, each made cheaper by its share of the discounts."""
    weights = [int(line.total.amount / line.total.unit) for line in cart.lines]
    if not sum(weights):
        return Money.zero(cart.currency)
    shares = goods.allocate(weights)
    return total(
        (
            tax.tax_on(share, country, line.product.category)
            for share, line in zip(shares, cart.lines, strict=True)
        ),
        cart.currency,
    )
