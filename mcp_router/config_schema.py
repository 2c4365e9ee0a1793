"""A JSON schema for each file of settings, made from the models of config.py: for editors, and for the reference."""

from __future__ import annotations

import ast
import inspect
import json
from typing import Any

from pydantic import BaseModel

from mcp_router import config
from mcp_router.config import REPOSITORY_FILE, Config, RepositoryConfig

FILES: dict[str, tuple[type[BaseModel], str]] = {
    "config.toml": (Config, "config.schema.json"),
    REPOSITORY_FILE: (RepositoryConfig, "acrouter.schema.json"),
}
"""Each file of settings with its model and the name of its schema."""
DRAFT = "http://json-schema.org/draft-07/schema#"


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a file of settings: in one piece, each key described, and no null, which TOML has not."""
    whole = model.model_json_schema()
    parts = whole.pop("$defs", {})
    for name, part in {**parts, model.__name__: whole}.items():
        words = _docstrings(getattr(config, name))
        for key, field in part.get("properties", {}).items():
            field["description"] = words[key]
    return {"$schema": DRAFT, **_plain(whole, parts)}


def schema_text(file: str) -> str:
    """The schema of a file as it is written."""
    return json.dumps(schema(FILES[file][0]), indent=2, ensure_ascii=False) + "\n"


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each field in the source, of the classes that it comes from too."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if kind.__module__ != config.__name__:
            continue
        body = ast.parse(inspect.getsource(kind)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                    found[name] = " ".join(words.split())
    return found


def _plain(node: Any, parts: dict[str, Any]) -> Any:
    """With references filled in, titles and defaults of whole tables left out, and nothing that may be null."""
    if isinstance(node, list):
        return [_plain(item, parts) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = {**parts[node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}}
    if "anyOf" in node:
        (arm,) = (arm for arm in node["anyOf"] if arm != {"type": "null"})
        return _plain({**arm, **{k: v for k, v in node.items() if k != "anyOf"}}, parts)
    left_out = {"title"} if isinstance(node.get("title"), str) else set()
    if node.get("default", ...) in (None, []) or isinstance(node.get("default"), dict):
        left_out.add("default")
    return {key: _plain(item, parts) for key, item in node.items() if key not in left_out}
