from datetime import date
from decimal import Decimal

import pytest

from shop.coupons import Coupon, CouponBook, CouponRefused
from shop.pricing import PercentOff

TENTH = PercentOff(Decimal(10))


@pytest.fixture
def book():
    book = CouponBook()
    book.add(Coupon("SPRING", TENTH, date(2024, 3, 1), date(2024, 3, 31), uses=2))
    return book


def test_a_coupon_gives_its_discount(book):
    assert book.redeem("SPRING", date(2024, 3, 10)) is TENTH
    assert book.times_redeemed("SPRING") == 1


def test_a_coupon_is_not_valid_before_it_starts(book):
    with pytest.raises(CouponRefused, match="valid from"):
        book.redeem("SPRING", date(2024, 2, 29))
    assert book.times_redeemed("SPRING") == 0


def test_a_coupon_is_used_up(book):
    for _ in range(2):
        book.redeem("SPRING", date(2024, 3, 10))
    with pytest.raises(CouponRefused, match="used up"):
        book.redeem("SPRING", date(2024, 3, 10))


def test_unknown_codes_are_refused(book):
    with pytest.raises(CouponRefused, match="AUTUMN"):
        book.redeem("AUTUMN", date(2024, 3, 10))


def test_a_code_is_given_once(book):
    with pytest.raises(ValueError, match="another code"):
        book.add(Coupon("SPRING", TENTH, date(2025, 3, 1), date(2025, 3, 31)))


def test_a_coupon_must_not_end_before_it_starts():
    with pytest.raises(ValueError, match="ends before"):
        Coupon("ODD", TENTH, date(2024, 3, 2), date(2024, 3, 1))
