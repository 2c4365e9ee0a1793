"""Stands in for `dataclasses` in a hook's process, which lives for milliseconds.

The real module imports inspect, ast and dis, and compiles several methods a class: 35 ms for the classes that a
choice needs. This one knows what those classes use, and is put in place by `decide` and by nobody else.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

MISSING: Any = object()


class Field:
    """A field of a class, as far as making an instance needs it."""

    def __init__(self, default: Any, default_factory: Any) -> None:
        self.default, self.default_factory = default, default_factory


def field(*, default: Any = MISSING, default_factory: Any = MISSING) -> Any:
    """As in `dataclasses`."""
    return Field(default, default_factory)


def dataclass(cls: type | None = None, **_: Any) -> Any:
    """As in `dataclasses`; that instances are frozen and slotted is held elsewhere, by types and tests."""
    return _made if cls is None else _made(cls)


def replace(instance: Any, **changes: Any) -> Any:
    """As in `dataclasses`."""
    return type(instance)(**{**instance.__dict__, **changes})


def install() -> None:
    """Put this in the place of `dataclasses`, for what is imported from now on."""
    module = ModuleType("dataclasses")
    module.__dict__.update(dataclass=dataclass, field=field, replace=replace, MISSING=MISSING)
    sys.modules.setdefault("dataclasses", module)


def _made(cls: Any) -> Any:
    fields: dict[str, Field] = dict(getattr(cls, "__quick_fields__", {}))
    for name, hint in cls.__annotations__.items():
        if not str(hint).startswith("ClassVar"):
            given = cls.__dict__.get(name, MISSING)
            fields[name] = given if isinstance(given, Field) else Field(given, MISSING)
    cls.__quick_fields__ = fields
    cls.__init__ = _initializer(fields)
    cls.__eq__ = lambda self, other: type(self) is type(other) and self.__dict__ == other.__dict__
    cls.__hash__ = lambda self: hash(tuple(self.__dict__.values()))
    return cls


def _initializer(fields: dict[str, Field]) -> Any:
    names = tuple(fields)

    def __init__(self: Any, *args: Any, **given: Any) -> None:
        values = self.__dict__
        values.update(zip(names, args, strict=False), **given)
        if len(values) < len(names):
            for name, one in fields.items():
                if name not in values:
                    values[name] = one.default if one.default_factory is MISSING else one.default_factory()

    return __init__
