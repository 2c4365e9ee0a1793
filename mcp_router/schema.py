"""JSON schemas in fewer words: each is read by a model, in every session."""

from __future__ import annotations

from typing import Any


def terse(schema: Any) -> Any:
    """The schema without titles, and with an optional argument's null folded into its type."""
    if isinstance(schema, list):
        return [terse(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: terse(v) for k, v in schema.items() if k != "title" or not isinstance(v, str)}
    arms = [arm for arm in kept.pop("anyOf", []) if arm != {"type": "null"}]
    if len(arms) == 1 and kept.get("default", ...) is None:
        # An argument left out is None already; an explicit null must stay valid too.
        kind = arms[0].get("type")
        kept = {**arms[0], **kept, "type": [kind, "null"]} if kind else {"anyOf": [*arms, {"type": "null"}], **kept}
        kept.pop("default")
        if "enum" in kept or "const" in kept:
            kept["enum"] = [*(kept.get("enum") or [kept.pop("const")]), None]
    elif arms:
        kept["anyOf"] = arms
    return kept
