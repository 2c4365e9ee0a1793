from shop.windows import free, merge


def test_overlapping_windows_are_merged():
    assert merge([(9, 12), (11, 14)]) == [(9, 14)]
    assert merge([(13, 15), (9, 17), (10, 11)]) == [(9, 17)]


def test_touching_windows_are_merged():
    assert merge([(9, 12), (10, 11), (12, 14), (15, 16)]) == [(9, 14), (15, 16)]


def test_what_is_left_of_a_day_is_free():
    assert free([(9, 15), (10, 11), (16, 17)], 8, 18) == [(8, 9), (15, 16), (17, 18)]
    assert free([(7, 20), (8, 9)], 8, 18) == []
    assert free([], 8, 18) == [(8, 18)]
