"""Orders in a JSON file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from shop.money import Money
from shop.orders import Order, OrderLine

FORMAT = 1


def save_orders(path: Path, orders: Iterable[Order]) -> None:
    """Write all orders; the file is either the old one or the new one, never half of it."""
    data = {"format": FORMAT, "orders": [_from_order(order) for order in orders]}
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(beside, path)


def load_orders(path: Path) -> list[Order]:
    """Read all orders; no file is no orders."""
    if not path.exists():
        return []
    data = json.loads(path.read_text(encoding="utf-8"))
    if data.get("format") != FORMAT:
        raise ValueError(f"{path} has format {data.get('format')}; this program reads {FORMAT}")
    return [_to_order(entry) for entry in data["orders"]]


def _from_order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "day": order.day.isoformat(),
        "email": order.email,
        "status": order.status,
        "currency": order.goods.currency,
        "goods": str(order.goods.amount),
        "shipping": str(order.shipping.amount),
        "tax": str(order.tax.amount),
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "unit_price": str(line.unit_price.amount),
                "quantity": line.quantity,
            }
            for line in order.lines
        ],
    }


def _to_order(entry: dict[str, Any]) -> Order:
    currency = entry["currency"]
    return Order(
        id=entry["id"],
        day=date.fromisoformat(entry["day"]),
        email=entry["email"],
        status=entry["status"],
        goods=Money(entry["goods"], currency),
        shipping=Money(entry["shipping"], currency),
        tax=Money(entry["tax"], currency),
        lines=tuple(
            OrderLine(line["sku"], line["name"], Money(line["unit_price"], currency), line["quantity"])
            for line in entry["lines"]
        ),
    )
