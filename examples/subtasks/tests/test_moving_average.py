from decimal import Decimal

import pytest
from shop.reports import moving_average


def decimals(*values):
    return [None if value is None else Decimal(value) for value in values]


def test_the_mean_of_the_last_values():
    assert moving_average(decimals(1, 2, 6, 4), 2) == decimals(None, "1.5", 4, 5)
    assert moving_average(decimals(1, 2, 6, 4), 3) == decimals(None, None, 3, 4)


def test_a_window_of_one_and_one_that_is_too_wide():
    assert moving_average(decimals(1, 2), 1) == decimals(1, 2)
    assert moving_average(decimals(1, 2), 3) == [None, None]
    assert moving_average([], 3) == []


def test_a_window_below_one_is_refused():
    with pytest.raises(ValueError, match="window"):
        moving_average(decimals(1, 2), 0)
