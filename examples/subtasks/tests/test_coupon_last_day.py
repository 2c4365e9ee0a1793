from datetime import date
from decimal import Decimal

import pytest
from shop.coupons import Coupon, CouponBook, CouponRefused
from shop.pricing import PercentOff

COUPON = Coupon("Spring", PercentOff(Decimal(10)), date(2024, 3, 1), date(2024, 3, 31))


@pytest.fixture
def book():
    book = CouponBook()
    book.add(COUPON)
    return book


def test_a_coupon_is_valid_on_its_last_day(book):
    assert book.redeem("Spring", date(2024, 3, 31)) is COUPON.discount


def test_a_coupon_is_not_valid_after_its_last_day(book):
    with pytest.raises(CouponRefused, match="valid from"):
        book.redeem("Spring", date(2024, 4, 1))


def test_case_and_blanks_of_a_typed_code_do_not_matter(book):
    assert book.find(" SPRING ") is COUPON
    assert book.redeem("spring", date(2024, 3, 2)) is COUPON.discount
    assert book.times_redeemed("sPRING") == 1


def test_codes_that_differ_in_case_only_are_one_code(book):
    with pytest.raises(ValueError, match="another code"):
        book.add(Coupon("SPRING", COUPON.discount, date(2025, 3, 1), date(2025, 3, 31)))
