"""Customers and where they live."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_POSTCODES = {"DE": r"\d{5}", "FR": r"\d{5}", "CH": r"\d{4}", "AT": r"\d{4}"}


def _require_text(value: str, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} is empty; give some text")
    return value


def check_email(value: str) -> str:
    """The address in lower case, if it looks like one."""
    value = _require_text(value, "email").strip().lower()
    if not _EMAIL.fullmatch(value):
        raise ValueError(f"email {value!r} is not an address like name@example.com")
    return value


def check_postcode(value: str, country: str) -> str:
    """The postcode without blanks around it, if it has the form that its country uses."""
    value = _require_text(value, "postcode").strip()
    form = _POSTCODES.get(country)
    if form is not None and not re.fullmatch(form, value):
        raise ValueError(f"postcode {value!r} is not one of {country}")
    return value


@dataclass(frozen=True)
class Address:
    """A postal address; `country` is its two-letter code."""

    street: str
    postcode: str
    city: str
    country: str = "DE"

    def __post_init__(self) -> None:
        _require_text(self.street, "street")
        _require_text(self.city, "city")
        object.__setattr__(self, "postcode", check_postcode(self.postcode, self.country))

    def label(self) -> str:
        """The lines of a parcel's label below the name."""
        return f"{self.street}\n{self.postcode} {self.city}\n{self.country}"


@dataclass(frozen=True)
class Customer:
    """Somebody who buys. Told apart by the e-mail address."""

    name: str
    email: str
    address: Address

    def __post_init__(self) -> None:
        _require_text(self.name, "name")
        object.__setattr__(self, "email", check_email(self.email))
