"""The reference of all settings, made from the models of config.py: what each key and variable means.

`python -m mcp_router.config_reference docs` writes it anew from a clone: the tables of docs/configuration.md, which
keeps its other words, and a JSON schema for each of the two files.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_router.config_schema import FILES, schema, schema_text

UNITS = {
    "lambda_usd": "score per USD",
    "explore": "share",
    "max_attempts": "candidates",
    "processes": "processes",
    "parallel": "tests",
}
SUFFIXES = {"_usd": "USD", "_s": "seconds", "_mb": "megabytes", "_tokens": "tokens"}
PRICE_UNIT = "USD per million tokens"
BLOCK = "<!-- {}: generated -->\n{}<!-- end -->"


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that acrouter reads, what holds without it, and what it means."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable("ACROUTER_HOME", "the platform's user data folder", "The state folder: config.toml, memory, caches."),
    Variable("ACROUTER_OFF", "0", "1 makes all of it stand aside: nothing is routed, recorded or checked."),
    Variable("ACROUTER_HTTP_TOKEN", "drawn at the start", "What callers of `acrouter serve --http` must know."),
    Variable("ACROUTER_BENCH", "none", "The folder with CodeRouterBench's tables, for `acrouter eval`."),
    Variable(
        "CLAUDE_PROJECT_DIR", "the current folder", "The repository, where no `repo` is given; Claude Code sets it."
    ),
    Variable("CLAUDE_CONFIG_DIR", "~/.claude", "Where Claude Code keeps its settings and plugins."),
    Variable("CLAUDE_PLUGIN_ROOT", "none", "The folder of the plugin whose hook runs; the client sets it."),
    Variable("CLAUDE_PID", "none", "The client whose hook runs, to tell when it is gone; Claude Code sets it."),
    Variable("CODEX_HOME", "~/.codex", "Where Codex keeps its settings and plugins."),
    Variable("ANTHROPIC_API_KEY", "none", "The key for models of provider anthropic without `key_env` or `base_url`."),
    Variable("OPENAI_API_KEY", "none", "The key for models of provider openai without `key_env` or `base_url`."),
    Variable(
        "ANTHROPIC_BASE_URL", "the provider's own", "The endpoint of models of provider anthropic without `base_url`."
    ),
    Variable("OPENAI_BASE_URL", "the provider's own", "The endpoint of models of provider openai without `base_url`."),
)
"""All of them, but for the keys that `key_env` names."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a file: `table` is its TOML table, "" the top; `kind` and `default` as a person would write them."""

    table: str
    name: str
    kind: str
    default: str
    unit: str
    meaning: str


def keys(file: str) -> Iterator[Key]:
    """Every key of a file, table by table."""
    yield from _keys("", schema(FILES[file][0]))


def render(file: str) -> str:
    """The keys of a file as tables of Markdown."""
    tables: dict[str, list[Key]] = {}
    for key in keys(file):
        tables.setdefault(key.table, []).append(key)
    lines: list[str] = []
    for table, found in tables.items():
        lines += [f"`[{table}]`" if table else "At the top of the file", ""]
        lines += _table(
            ("key", "type", "default", "unit", "meaning"),
            [(f"`{key.name}`", key.kind, key.default, key.unit, key.meaning) for key in found],
        )
    return "\n".join(lines)


def render_variables() -> str:
    """The environment variables as a table of Markdown."""
    rows = [(f"`{one.name}`", one.default, one.meaning) for one in VARIABLES]
    return "\n".join(_table(("variable", "without it", "meaning"), rows))


def documented(text: str) -> str:
    """The text of docs/configuration.md with its tables made anew."""
    blocks = {file: render(file) for file in FILES} | {"environment": render_variables()}
    for name, made in blocks.items():
        pattern = BLOCK.format(re.escape(name), "(?s:.*?)")
        text = re.sub(pattern, lambda _, name=name, made=made: BLOCK.format(name, made), text)  # type: ignore[misc]
    return text


def _keys(table: str, node: dict[str, Any]) -> Iterator[Key]:
    inner = {}
    required = node.get("required", ())
    for name, field in node["properties"].items():
        if "properties" in field:
            inner[name] = field
        elif "properties" in (field.get("additionalProperties") or {}):
            inner[f'{name}."ID"'] = field["additionalProperties"]
        else:
            default = "required" if name in required else _written(field.get("default"))
            unit = PRICE_UNIT if table.endswith(".price") else _unit(name)
            yield Key(table, name, _kind(field), default, unit, field["description"])
    for name, field in inner.items():
        yield from _keys(f"{table}.{name}" if table else name, field)


def _unit(name: str) -> str:
    return UNITS.get(name) or next((unit for suffix, unit in SUFFIXES.items() if name.endswith(suffix)), "")


def _kind(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " or ".join(map(_written, field["enum"]))
    if field["type"] == "array":
        return f"list of {_kind(field['items'])}"
    if field["type"] == "object":
        return f"table of {_kind(field['additionalProperties'])}"
    name = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}[field["type"]]
    low, above, high = (field.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    bounds = [f"from {low:g}"] if low is not None else [f"above {above:g}"] if above is not None else []
    return " ".join([name, *bounds, *([f"to {high:g}"] if high is not None else [])])


def _written(value: Any) -> str:
    return "none" if value is None else f"`{json.dumps(value)}`"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [*("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines), ""]


def main(folder: Path) -> None:
    """Write the reference into the folder `docs` of a clone."""
    page = folder / "configuration.md"
    page.write_text(documented(page.read_text(encoding="utf-8")), encoding="utf-8")
    for file, (_, name) in FILES.items():
        (folder / name).write_text(schema_text(file), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
