"""Coupon codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shop.pricing import Discount


class CouponRefused(ValueError):
    """The coupon does not exist, is not valid today or is used up."""


@dataclass(frozen=True)
class Coupon:
    """A code for a discount, valid from `starts` to `ends`, both days included.

    `uses` is how often it may be redeemed in all; None is without limit.
    """

    code: str
    discount: Discount
    starts: date
    ends: date
    uses: int | None = None

    def __post_init__(self) -> None:
        if self.ends < self.starts:
            raise ValueError(f"coupon {self.code} ends before it starts")

    def valid_on(self, day: date) -> bool:
        return self.starts <= day < self.ends


class CouponBook:
    """All coupons, and how often each was redeemed. Codes are told apart without regard to case."""

    def __init__(self) -> None:
        self._coupons: dict[str, Coupon] = {}
        self._redeemed: dict[str, int] = {}

    def add(self, coupon: Coupon) -> None:
        if coupon.code in self._coupons:
            raise ValueError(f"there is a coupon {coupon.code} already; choose another code")
        self._coupons[coupon.code] = coupon

    def find(self, code: str) -> Coupon:
        """The coupon of a code as a customer typed it."""
        try:
            return self._coupons[code]
        except KeyError:
            raise CouponRefused(f"there is no coupon {code!r}") from None

    def redeem(self, code: str, day: date) -> Discount:
        """Use a coupon once and get its discount."""
        coupon = self.find(code)
        if not coupon.valid_on(day):
            raise CouponRefused(f"coupon {coupon.code} is valid from {coupon.starts} to {coupon.ends}")
        used = self._redeemed.get(coupon.code, 0)
        if coupon.uses is not None and used >= coupon.uses:
            raise CouponRefused(f"coupon {coupon.code} is used up")
        self._redeemed[coupon.code] = used + 1
        return coupon.discount

    def times_redeemed(self, code: str) -> int:
        return self._redeemed.get(self.find(code).code, 0)
