"""Edits by spans: whatever a file looks like, all but the entry stays as it is."""

from __future__ import annotations

import random
import tomllib

import pytest

from mcp_router.clients import jsonc, tomltext
from mcp_router.errors import BadInput

ENTRY = {"command": "/p", "args": ["-I", "serve"]}
PATH = ("mcpServers", "acrouter")


def some_json(draw: random.Random, depth: int = 0) -> str:
    """A document in a style of its own: comments, trailing commas, white space, line ends."""
    if depth > 3 or (depth and draw.random() < 0.3):
        return draw.choice(["1", "null", '"a // b"', '"{\\"}"', "[1, [2],]", "true", "[]"])
    gap = draw.choice(["", " ", "\n" + "  " * depth, "\r\n\t", " /* c, { */ ", "\n// d }\n"])
    keys = [f"k{n}" for n in range(draw.randint(0, 3))]
    members = [f'{gap}"{key}"{draw.choice([":", ": "])}{some_json(draw, depth + 1)}' for key in keys]
    if not depth and draw.random() < 0.5:
        members.insert(draw.randint(0, len(members)), f'{gap}"mcpServers": {some_servers(draw)}')
    return "{" + ",".join(members) + ("," if members and draw.random() < 0.3 else "") + gap + "}"


def some_servers(draw: random.Random) -> str:
    gap = draw.choice(["", " ", "\n    ", "\n    // e\n    "])
    return "{" + ",".join(f'{gap}"s{n}": {{"command": "x"}}' for n in range(draw.randint(0, 2))) + gap + "}"


@pytest.mark.parametrize("seed", range(300))
def test_an_entry_gets_in_and_out_of_any_json(seed: int) -> None:
    text = some_json(random.Random(seed))
    before = jsonc.SYNTAX.read(text)
    put = jsonc.SYNTAX.put(text, PATH, ENTRY, whole=True)
    after = jsonc.SYNTAX.read(put)
    assert after["mcpServers"].pop("acrouter") == ENTRY
    assert {**after, "mcpServers": after["mcpServers"] or before.get("mcpServers", {})} == {"mcpServers": {}, **before}
    dropped = jsonc.SYNTAX.drop(put, PATH)
    assert {"mcpServers": {}, **jsonc.SYNTAX.read(dropped)} == {"mcpServers": {}, **before}
    assert dropped.count("// ") == text.count("// ")
    assert dropped.count("/* ") == text.count("/* ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n  "a": 1\n  "b": 2\n}', 'line 3: expected "," or "}", found'),
        ('{"a": }', "line 1: expected a value"),
        ('{\n"a": [1, 2', 'line 2: expected "," or "]", found the end of the file'),
        ("[]", "line 1: expected an object"),
        ("{} x", "line 1: expected nothing more"),
        ("{\n'a': 1}", 'line 2: expected a key in quotes or "}"'),
        ('{"a": "\n"}', "line 1: expected a value of JSON"),
        ('{\n"mcpServers": null}', "line 2: mcpServers is not an object"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        jsonc.SYNTAX.put(text, PATH, ENTRY, whole=True)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only words",
        "a = 1",
        '[x]\ny = """\n[mcp_servers.acrouter]\n"""\n',
        "a = [\n[1],\n[2]]\n[mcp_servers]\n[mcp_servers.files]\nargs = [\n  '''[b]''',\n]\n",
        '[[x]]\n[[x]]\n["mcp_servers"."o.p"] # why\ncommand = "c"\n\n# last words\n',
        "\ufeffa = 1\r\n[b]\r\nc = 2\r\n",
    ],
)
def test_a_table_gets_in_and_out_of_any_toml(text: str) -> None:
    path = ("mcp_servers", "acrouter")
    put = tomltext.SYNTAX.put(text, path, {**ENTRY, "env": {"A.B": "c"}}, whole=True)
    assert put.startswith(text)
    assert tomllib.loads(put.removeprefix("\ufeff"))["mcp_servers"]["acrouter"] == {**ENTRY, "env": {"A.B": "c"}}
    assert tomltext.SYNTAX.drop(put, path).rstrip() == text.rstrip()


def test_tables_below_ours_go_with_it_and_words_of_others_stay() -> None:
    text = (
        'a = 1\n\n[mcp_servers.acrouter]\ncommand = "x"\n\n[mcp_servers.acrouter.env]\nA = "b"\n\n'
        "# of the next\n[z]\nb = 2\n[mcp_servers.acrouter.tools.route_task] # ours\napproval_mode = 'approve'\n"
    )
    assert tomltext.SYNTAX.drop(text, ("mcp_servers", "acrouter")) == "a = 1\n\n# of the next\n[z]\nb = 2\n"


def test_a_stale_table_is_mended_in_place() -> None:
    text = '[mcp_servers.acrouter]\nenabled = false # for now\ncommand = "old"\n\n[z]\n'
    assert tomltext.SYNTAX.put(text, ("mcp_servers", "acrouter"), ENTRY, whole=False) == (
        '[mcp_servers.acrouter]\nenabled = false # for now\ncommand = "/p"\nargs = ["-I", "serve"]\n\n[z]\n'
    )
