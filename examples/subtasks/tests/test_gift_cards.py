import pytest
from shop.giftcards import GiftCard
from shop.money import CurrencyMismatch, Money


def test_a_card_that_covers_the_bill_leaves_nothing_to_pay():
    card = GiftCard("G-1", Money("50"))
    assert card.pay(Money("30")) == Money.zero()
    assert card.balance == Money("20")


def test_a_card_that_is_too_small_leaves_the_rest_to_pay():
    card = GiftCard("G-1", Money("50"))
    assert card.pay(Money("80")) == Money("30")
    assert card.pay(Money("30")) == Money("30")
    assert card.balance == Money.zero()


def test_another_currency_is_refused():
    card = GiftCard("G-1", Money("50"))
    with pytest.raises(CurrencyMismatch):
        card.pay(Money("10", "USD"))
    assert card.balance == Money("50")


def test_negative_amounts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        GiftCard("G-1", Money("-1"))
    with pytest.raises(ValueError, match="negative"):
        GiftCard("G-1", Money("50")).pay(Money("-1"))
