"""One line of the journal: what is taken out before it is written, and how it is read back and checked."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from contextlib import suppress
from typing import Any

from memory_store.records import VERSION, Record, canonical, content_id, from_data
from memory_store.redact import redact

_decode = json.JSONDecoder().decode


def id_of(line: str) -> str:
    """The content id in a line that `to_line` made."""
    return line.split('"id": "', 1)[1][:32]


def parse(raw: bytes) -> tuple[str, int, Record | None]:
    """Content id, version and record of a line; None for a record that only a newer version understands.

    Raises:
        ValueError: it holds no record, or not the one that was written.
    """
    try:
        line = _decode(raw.decode().removeprefix("\ufeff"))
        version, key, kind, data = line["v"], line["id"], line["kind"], line["data"]
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    except (KeyError, TypeError):
        raise ValueError("it lacks v, id, kind or data") from None
    if not (type(version) is int and version > 0 and isinstance(data, dict)):
        raise ValueError("its v or data is of the wrong type")
    key, kind = str(key), str(kind)
    if version > VERSION:
        with suppress(ValueError):
            return key, version, from_data(kind, data)
        return key, version, None
    if key != _id_as_it_stands(kind, raw) and key != content_id(kind, canonical(data)):
        raise ValueError("its content does not match its id")
    return key, version, from_data(kind, data)


def _id_as_it_stands(kind: str, raw: bytes) -> str:
    """The content id of a line laid out as `to_line` does; the canonical form, which takes much longer to make,
    is needed only for a line that another tool laid out anew.
    """
    digest = hashlib.sha256(f"{kind}\n".encode())
    digest.update(raw[raw.find(b'"data": ') + 8 : raw.rfind(b"}")])
    return digest.hexdigest()[:32]


def clean(value: Any) -> Any:
    """A record, or a value of one, without secrets and without text that UTF-8 cannot hold."""
    if isinstance(value, str):
        return redact(value).encode(errors="replace").decode()
    if isinstance(value, tuple):
        return tuple(map(clean, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: clean(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value
