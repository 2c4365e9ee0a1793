"""`server.json` is what the MCP registry takes: the rules of its schema of 2025-12-11 that bear on this file.

python -m tests.published.test_registry SCHEMA   # against the published schema itself, once downloaded
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .building import ROOT, project

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
TEXT = {"type": "string", "minLength": 1, "maxLength": 100}
RULES: dict[str, Any] = {
    "type": "object",
    "required": ["$schema", "name", "description", "version", "packages"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": SCHEMA},
        "name": {"type": "string", "maxLength": 200, "pattern": r"^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$"},
        "title": TEXT,
        "description": TEXT,
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"},
        "packages": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/package"}},
    },
    "$defs": {
        "package": {
            "type": "object",
            "required": ["registryType", "identifier", "version", "transport"],
            "additionalProperties": False,
            "properties": {
                "registryType": {"const": "pypi"},
                "identifier": {"type": "string"},
                "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"},
                "runtimeHint": {"const": "uvx"},
                "transport": {"const": {"type": "stdio"}},
                "packageArguments": {"type": "array", "items": {"$ref": "#/$defs/positional"}},
                "environmentVariables": {"type": "array", "items": {"$ref": "#/$defs/variable"}},
            },
        },
        "positional": {
            "type": "object",
            "required": ["type", "value"],
            "additionalProperties": False,
            "properties": {"type": {"const": "positional"}, "value": {"type": "string"}},
        },
        "variable": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "description": {"type": "string"},
                "format": {"enum": ["string", "number", "boolean", "filepath"]},
            },
        },
    },
}
BROKEN = {
    "a long description": {"description": "x" * 101},
    "a name without a namespace": {"name": "acrouter"},
    "a range of versions": {"version": "^0.1.0"},
    "no package": {"packages": []},
    "an unknown key": {"licence": "MIT"},
}


def described() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    return found


def test_it_keeps_the_rules() -> None:
    jsonschema.Draft202012Validator(RULES).validate(described())


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_the_rules_find_mistakes(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(RULES).validate(described() | change)


def test_what_it_starts_is_what_is_published() -> None:
    (package,) = described()["packages"]
    assert package["identifier"] == project()["project"]["name"]
    assert package["identifier"] in project()["project"]["scripts"]
    assert [argument["value"] for argument in package["packageArguments"]] == ["serve"]


def test_the_readme_names_the_server_as_the_registry_asks_of_a_package() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"mcp-name: (\S+)", readme) == [described()["name"]]


if __name__ == "__main__":
    jsonschema.Draft7Validator(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).validate(described())
    print("server.json is valid")
