"""Stands in for some modules of the standard library in a hook's process, which lives for milliseconds.

The real `dataclasses` imports inspect, ast and dis, and compiles several methods a class: 35 ms for the classes that
a choice needs. `hashlib` loads OpenSSL, `statistics` decimals and fractions, and `typing` and `datetime` are large:
20 ms more. These know what a choice uses, with the same results, and are put in place by `decide` and by nobody else.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
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


class NormalDist:
    """N(0, 1), by the function that `statistics` calls itself."""

    def inv_cdf(self, p: float) -> float:
        """The quantile of p in (0, 1)."""
        quantile: float = _module("_statistics")._normal_dist_inv_cdf(p, 0.0, 1.0)
        return quantile


def install() -> None:
    """Put these in the place of the real modules, for what is imported from now on."""
    _stand_in("dataclasses", dataclass=dataclass, field=field, replace=replace, MISSING=MISSING)
    _stand_in("typing", TYPE_CHECKING=False, Any=object, ClassVar=object, Protocol=object, cast=lambda _, value: value)
    try:
        sys.modules.setdefault("datetime", _module("_datetime"))
        sha2 = _module("_sha2" if sys.version_info >= (3, 12) else "_sha256")
        _stand_in("hashlib", sha256=sha2.sha256, blake2b=_module("_blake2").blake2b)
        _module("_statistics")
    except ImportError:
        # Not every Python is built with them.
        return
    _stand_in("statistics", NormalDist=NormalDist)


def give_back() -> None:
    """Let what is imported from now on find the real `typing` again."""
    sys.modules.pop("typing", None)


def _stand_in(name: str, **attributes: Any) -> None:
    module = ModuleType(name)
    vars(module).update(attributes)
    sys.modules.setdefault(name, module)


def _module(name: str) -> Any:
    return __import__(name)


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
