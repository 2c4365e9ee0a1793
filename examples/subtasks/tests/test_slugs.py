import pytest
from shop.slugs import slugify


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Green tea", "green-tea"),
        ("Crème brûlée!", "creme-brulee"),
        ("  A -- B  ", "a-b"),
        ("Größe 40/2", "groe-40-2"),
    ],
)
def test_names_become_slugs(name, slug):
    assert slugify(name) == slug


def test_a_taken_slug_gets_a_number():
    assert slugify("Green tea", {"green-tea"}) == "green-tea-2"
    assert slugify("Green tea", {"green-tea", "green-tea-2", "green-tea-3"}) == "green-tea-4"


def test_a_name_without_letters_is_refused():
    with pytest.raises(ValueError, match="letter"):
        slugify("!?")
