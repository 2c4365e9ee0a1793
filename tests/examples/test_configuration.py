"""The configuration files of examples/ are read as they stand."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from mcp_router.config import load_config, load_repository_config
from mcp_router.config_reference import VARIABLES, documented, keys
from mcp_router.config_schema import FILES, schema, schema_text
from mcp_router.errors import BadInput
from mcp_router.models import configured_candidates

ROOT = Path(__file__).parents[2]
EXAMPLES, DOCS = ROOT / "examples", ROOT / "docs"
WRITE_ANEW = "run `python -m mcp_router.config_reference docs`"
EXAMPLE_OF = {"config.toml": "config.toml", ".acrouter.toml": "acrouter.toml"}


def test_the_example_configuration_is_valid_and_names_callable_models(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text((EXAMPLES / "config.toml").read_text())
    config = load_config(tmp_path)
    assert [c.provider for c in configured_candidates(config)] == ["anthropic", "anthropic", "openai"]
    assert config.budget.day_usd == 10.0


def test_the_example_of_a_repository_is_valid() -> None:
    assert load_repository_config((EXAMPLES / "acrouter.toml").read_text()).checks.timeout_s == 120


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("candidatse = []", "did you mean candidates?"),
        ("[checks]\ntimeout = 3", "did you mean timeout_s?"),
        ('[models."x"]\nprovder = "openai"\nprovider = "openai"', "did you mean provider?"),
        ('[models."x"]\nprovider = "openai"\nprice = { inptu = 1 }', "models.x.price.inptu; did you mean input?"),
        ('[models."x"]\nprovider = "openia"', "models.x.provider: Input should be 'anthropic' or 'openai'"),
        ("[budgte]\nrun_usd = 1", "did you mean budget?"),
        ("[budget]\nday_us = 1", "budget.day_us; did you mean day_usd?"),
        ("[memory]\ntitle = true", "memory.title; did you mean titles?"),
        ("max_attempts = 0", "max_attempts: Input should be greater than or equal to 1"),
        ("= 3", "is not valid TOML"),
    ],
)
def test_a_mistake_in_the_configuration_is_one_sentence_that_names_it(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(BadInput) as caught:
        load_config(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_repository_cannot_set_what_only_the_user_may() -> None:
    with pytest.raises(BadInput, match=r"unknown key checks\.isolation"):
        load_repository_config('[checks]\nisolation = "none"')


def test_a_misspelt_key_of_a_repository_is_named_in_nested_tables_too() -> None:
    with pytest.raises(BadInput, match=r"checks\.hidden\.fiel; did you mean file\?"):
        load_repository_config('[checks.hidden]\nfiel = "tests/test_hidden.py"')


def test_the_reference_and_the_schemas_are_those_of_the_program() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert page == documented(page), WRITE_ANEW
    for file, (_, name) in FILES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == schema_text(file), WRITE_ANEW
        assert all(f"| `{key.name}` | {key.kind} |" in page for key in keys(file)), WRITE_ANEW


def test_numbers_have_a_unit_and_every_key_a_meaning() -> None:
    for file in FILES:
        for key in keys(file):
            assert key.meaning.endswith("."), key
            assert key.unit or "number" not in key.kind or key.name == "seed", key


@pytest.mark.parametrize("file", FILES)
def test_an_example_shows_every_key_and_fits_the_schema_that_it_names(file: str) -> None:
    text = (EXAMPLES / EXAMPLE_OF[file]).read_text(encoding="utf-8")
    assert [key.name for key in keys(file) if not re.search(rf"\b{key.name}\b", text)] == []
    named = EXAMPLES / text.splitlines()[0].removeprefix("#:schema ")
    assert named.resolve() == DOCS / FILES[file][1]
    jsonschema.validate(tomllib.loads(text), json.loads(named.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    ["candidatse = []", "[checks]\ntimeout = 3", '[models.x]\nprovider = "openia"', "max_attempts = 0", "seed = 'x'"],
)
def test_an_editor_marks_what_the_program_refuses(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(BadInput):
        load_config(tmp_path)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), schema(FILES["config.toml"][0]))


def test_every_variable_of_ours_that_the_program_reads_is_documented() -> None:
    sources = [
        *(ROOT / "mcp_router").rglob("*.py"),
        *(ROOT / "tools").glob("*.py"),
        *(ROOT / "memory_store").glob("*.py"),
    ]
    read = re.compile(r"(?:environ(?:\.get)?[\[(]|getenv\()\s*\"((?:ACROUTER|CLAUDE|CODEX)_\w+)\"")
    found = {name for path in sources for name in read.findall(path.read_text(encoding="utf-8"))}
    assert "ACROUTER_HOME" in found
    assert found - {"ACROUTER_SELFTEST"} <= {variable.name for variable in VARIABLES}
