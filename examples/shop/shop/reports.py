"""Sales figures, and tables as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from shop.money import Money
from shop.orders import Order

NOT_SOLD = ("cancelled", "returned")


def sold(orders: Iterable[Order]) -> list[Order]:
    """The orders that count as sales."""
    return [order for order in orders if order.status not in NOT_SOLD]


def sales_by_day(orders: Iterable[Order], currency: str = "EUR") -> dict[date, Money]:
    """The goods' value sold on each day, oldest day first; days without sales are left out."""
    days: dict[date, Money] = {}
    for order in sold(orders):
        days[order.day] = days.get(order.day, Money.zero(currency)) + order.goods
    return dict(sorted(days.items()))


def best_sellers(orders: Iterable[Order], count: int = 5) -> list[tuple[str, int]]:
    """The SKUs sold most often with their quantities, most first, then by SKU."""
    pieces: Counter[str] = Counter()
    for order in sold(orders):
        pieces.update(order.quantities())
    return sorted(pieces.items(), key=lambda item: (-item[1], item[0]))[:count]


def average_order(orders: Iterable[Order], currency: str = "EUR") -> Money | None:
    """The mean value of the goods in an order, None if nothing was sold."""
    values = [order.goods.amount for order in sold(orders)]
    if not values:
        return None
    return Money(sum(values, Decimal(0)) / len(values), currency)


def moving_average(values: Sequence[Decimal], window: int) -> list[Decimal | None]:
    """The mean of each value and the `window - 1` values before it.

    As long as the input; None where fewer than `window` values have been seen. Exact decimals,
    not rounded. A window below 1 is a ValueError.
    """
    raise NotImplementedError


def order_rows(orders: Iterable[Order]) -> list[dict[str, str]]:
    """One row an order, as text, for `to_csv`."""
    return [
        {
            "id": order.id,
            "day": order.day.isoformat(),
            "email": order.email,
            "status": str(order.status),
            "total": str(order.total.amount),
            "currency": order.total.currency,
        }
        for order in orders
    ]


def to_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """The rows as CSV with a heading, lines ended by a line feed; what a row lacks stays empty."""
    lines = [",".join(columns)]
    for row in rows:
        lines.append(",".join(str(row.get(column, "")) for column in columns))
    return "\n".join(lines) + "\n"
