from shop.money import Money, total


def test_the_parts_of_a_refund_add_up():
    refund = Money("-10.00")
    assert total(refund.allocate([1, 1, 1])) == refund


def test_the_rest_of_a_refund_goes_to_the_first_parts():
    assert Money("-0.05").allocate([1, 1, 1]) == [Money("-0.02"), Money("-0.02"), Money("-0.01")]


def test_a_payment_is_split_as_before():
    assert Money("0.05").allocate([1, 1, 1]) == [Money("0.02"), Money("0.02"), Money("0.01")]
