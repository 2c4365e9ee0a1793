import pytest

from shop.customers import Address, Customer, check_email, check_postcode


def test_addresses_of_mail_are_put_in_order():
    assert check_email("  Ada@Example.COM ") == "ada@example.com"


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@example"])
def test_odd_addresses_of_mail_are_refused(email):
    with pytest.raises(ValueError, match="email"):
        check_email(email)


def test_postcodes_follow_their_country():
    assert check_postcode(" 10115 ", "DE") == "10115"
    assert check_postcode("D02 X285", "IE") == "D02 X285"
    with pytest.raises(ValueError, match="postcode"):
        check_postcode("1011", "DE")


def test_the_label(customer):
    assert customer.address.label() == "Lane 1\n10115 Berlin\nDE"


def test_customers_need_a_name():
    with pytest.raises(ValueError, match="name"):
        Customer(" ", "ada@example.com", Address("Lane 1", "10115", "Berlin"))
