import time

from shop.till import fewest_coins


def test_taking_the_largest_first_is_not_enough():
    assert fewest_coins(6, [1, 3, 4]) == [3, 3]
    assert fewest_coins(30, [1, 10, 25]) == [10, 10, 10]


def test_a_dead_end_is_avoided():
    assert fewest_coins(6, [4, 3]) == [3, 3]
    assert fewest_coins(27, [10, 7, 6]) == [10, 10, 7]
    assert fewest_coins(5, [3]) is None
    assert fewest_coins(0, [3]) == []


def test_large_amounts_are_quick():
    started = time.process_time()
    coins = fewest_coins(20_000, [7, 60, 501, 1000, 1999])
    assert time.process_time() - started < 1
    assert coins is not None
    assert (sum(coins), len(coins)) == (20_000, 13)
