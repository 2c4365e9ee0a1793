import importlib
import inspect

import pytest
from shop import catalogue, customers


def validation():
    return importlib.import_module("shop.validation")


def test_the_checks_live_in_one_module():
    assert validation().require_text("Tea", "name") == "Tea"
    assert validation().check_email(" Ada@Example.com") == "ada@example.com"


def test_the_old_names_are_the_same_functions():
    assert customers.check_email is validation().check_email
    assert customers.check_postcode is validation().check_postcode


@pytest.mark.parametrize("module", [catalogue, customers], ids=["catalogue", "customers"])
def test_no_module_has_a_copy(module):
    assert "def _require_text" not in inspect.getsource(module)
    assert module.require_text is validation().require_text


def test_empty_text_is_refused_as_before():
    with pytest.raises(ValueError, match="email is empty"):
        customers.check_email(" ")
