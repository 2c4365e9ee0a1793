"""Hard caps on spending, checked before each call and shared by all clients of one memory.

Money is reserved before a call and settled after it, both in the journal under its lock, so two clients cannot
both spend the last dollar. A call whose cost stays unknown keeps its whole reservation counted.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from mcp_router.config import BudgetConfig
from mcp_router.errors import BudgetExceeded
from memory_store.records import Reservation, now
from memory_store.store import MemoryStore


@dataclass(frozen=True, slots=True)
class Cap:
    """One limit in USD on what was spent since a time, or by one decision."""

    name: str
    limit_usd: float
    since: datetime | None = None
    decision_id: str | None = None


class Purse:
    """The money of one run: reserve before a call, settle after it."""

    def __init__(self, store: MemoryStore, config: BudgetConfig, decision_id: str, max_cost_usd: float | None) -> None:
        self._store, self._config, self._decision_id = store, config, decision_id
        self._max_cost_usd = max_cost_usd
        self._amounts: dict[str, float] = {}

    def reserve(self, worst_case_usd: float | None) -> str:
        """Set the worst case of one call aside and return the reservation's id; None: the price is unknown.

        Raises:
            BudgetExceeded: a cap would be broken, or there is a cap and the price is unknown.
        """
        caps = self._caps()
        if worst_case_usd is None and caps and not self._config.allow_unknown_price:
            raise BudgetExceeded(
                "the model's price is unknown and a budget is set; give models.ID.price in config.toml, "
                "or set budget.allow_unknown_price = true."
            )
        amount = worst_case_usd or 0.0
        with self._store.transaction():
            for cap in caps:
                self._check(cap, amount)
            reservation = Reservation(
                reservation_id=uuid.uuid4().hex, decision_id=self._decision_id, at=now(), amount_usd=amount
            )
            self._store.append(reservation)
        self._amounts[reservation.reservation_id] = amount
        return reservation.reservation_id

    def settle(self, reservation_id: str, spent_usd: float | None) -> None:
        """Replace a reservation by what was spent; None leaves the whole amount counted."""
        self._store.append(
            Reservation(
                reservation_id=reservation_id,
                decision_id=self._decision_id,
                at=now(),
                amount_usd=self._amounts.pop(reservation_id),
                settled=True,
                spent_usd=spent_usd,
            )
        )

    def _check(self, cap: Cap, amount: float) -> None:
        spent = self._store.reserved_usd(cap.since, cap.decision_id)
        if spent + amount > cap.limit_usd:
            raise BudgetExceeded(
                f"{cap.name} is ${cap.limit_usd:.4g}, ${spent:.4g} is spent or reserved and the next call may "
                f"cost ${amount:.4g}; raise {cap.name} or choose a cheaper model."
            )

    def _caps(self) -> list[Cap]:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        run = self._decision_id
        limits = (
            ("max_cost_usd", self._max_cost_usd, None, run),
            ("budget.run_usd", self._config.run_usd, None, run),
            ("budget.day_usd", self._config.day_usd, today, None),
            ("budget.month_usd", self._config.month_usd, today.replace(day=1), None),
        )
        return [Cap(name, limit, since, of) for name, limit, since, of in limits if limit is not None]


def least(*limits: float | None) -> float | None:
    """The tightest of some limits; None where there is none."""
    return min((limit for limit in limits if limit is not None), default=None)
