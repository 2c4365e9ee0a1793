"""What is in stock, and what of it is promised to somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class OutOfStock(ValueError):
    """Fewer are available than wanted."""


@dataclass(frozen=True)
class Movement:
    """One change of the stock: positive came in, negative went out."""

    sku: str
    quantity: int
    reason: str


class Stock:
    """Quantities on hand by SKU, reservations by order, and every movement."""

    def __init__(self) -> None:
        self._on_hand: dict[str, int] = {}
        self._reserved: dict[str, dict[str, int]] = {}
        self.movements: list[Movement] = []

    def receive(self, sku: str, quantity: int, reason: str = "delivery") -> None:
        """Goods came in."""
        if quantity < 1:
            raise ValueError(f"quantity is {quantity}; give 1 or more")
        self._move(sku, quantity, reason)

    def on_hand(self, sku: str) -> int:
        """How many lie in the warehouse, promised ones too."""
        return self._on_hand.get(sku, 0)

    def available(self, sku: str) -> int:
        """How many can still be promised."""
        return self.on_hand(sku) - sum(held.get(sku, 0) for held in self._reserved.values())

    def reserve(self, order_id: str, wanted: Mapping[str, int]) -> None:
        """Hold goods for an order: all of them or none."""
        if order_id in self._reserved:
            raise ValueError(f"order {order_id} holds a reservation already; release it first")
        for sku, quantity in wanted.items():
            if self.available(sku) < quantity:
                raise OutOfStock(f"{quantity} of {sku} wanted, {self.available(sku)} available")
        self._reserved[order_id] = dict(wanted)

    def release(self, order_id: str) -> None:
        """Give up what an order holds; nothing happens if it holds nothing."""
        self._reserved.pop(order_id, None)

    def ship(self, order_id: str) -> None:
        """What an order holds leaves the warehouse."""
        if order_id not in self._reserved:
            raise ValueError(f"order {order_id} holds no reservation; reserve before shipping")
        for sku, quantity in self._reserved.pop(order_id).items():
            self._move(sku, -quantity, f"order {order_id}")

    def take_back(self, wanted: Mapping[str, int], order_id: str) -> None:
        """Goods of an order were returned."""
        for sku, quantity in wanted.items():
            self._move(sku, quantity, f"return of order {order_id}")

    def reorder_list(self, minimum: Mapping[str, int], pack: Mapping[str, int]) -> dict[str, int]:
        """How many to order of each product that has run low, by SKU in alphabetical order.

        A product has run low when fewer are available than its `minimum`; reserved goods are not
        available. Enough is ordered to reach the minimum again, rounded up to whole packs; a
        product without a `pack` size comes singly. Products that have not run low are left out.
        """
        raise NotImplementedError

    def _move(self, sku: str, quantity: int, reason: str) -> None:
        self._on_hand[sku] = self.on_hand(sku) + quantity
        self.movements.append(Movement(sku, quantity, reason))
