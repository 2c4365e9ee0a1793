import pytest
from shop.spelling import distance, suggest


@pytest.mark.parametrize(
    ("a", "b", "expected"), [("tea", "tea", 0), ("", "tea", 3), ("kettle", "kettel", 1), ("ca", "abc", 3)]
)
def test_two_neighbours_swapped_are_one_mistake(a, b, expected):
    assert distance(a, b) == distance(b, a) == expected


@pytest.mark.parametrize(("a", "b", "expected"), [("teapot", "tepot", 1), ("tee", "tea", 1), ("pan", "span", 1)])
def test_one_letter_more_less_or_other_is_one_mistake(a, b, expected):
    assert distance(a, b) == expected


def test_the_nearest_words_come_first():
    assert suggest("tae", ["teapot", "ton", "tea", "take"]) == ["take", "tea", "ton"]


def test_far_words_are_left_out():
    assert suggest("bicycle", ["tea", "teapot"]) == []
