"""The configuration files of examples/ are read as they stand."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mcp_router.config import load_config, load_repository_config
from mcp_router.errors import BadInput
from mcp_router.models import configured_candidates

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_configuration_is_valid_and_names_callable_models(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text((EXAMPLES / "config.toml").read_text())
    config = load_config(tmp_path)
    assert [c.provider for c in configured_candidates(config)] == ["anthropic", "anthropic", "openai"]
    assert config.budget.day_usd == 10.0


def test_the_example_of_a_repository_is_valid() -> None:
    assert load_repository_config((EXAMPLES / "acrouter.toml").read_text()).checks.timeout_s == 120


@pytest.mark.parametrize("name", ["claude-code.mcp.json", "cursor.mcp.json", "vscode.mcp.json"])
def test_client_configurations_start_the_server(name: str) -> None:
    content = json.loads((EXAMPLES / "clients" / name).read_text())
    (servers,) = content.values()
    assert [servers["acrouter"]["command"], *servers["acrouter"]["args"]] == ["acrouter", "serve"]


def test_the_codex_configuration_starts_the_server() -> None:
    server = tomllib.loads((EXAMPLES / "clients" / "codex.config.toml").read_text())["mcp_servers"]["acrouter"]
    assert [server["command"], *server["args"]] == ["acrouter", "serve"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("candidatse = []", "did you mean candidates?"),
        ("[checks]\ntimeout = 3", "did you mean timeout_s?"),
        ('[models."x"]\nprovder = "openai"\nprovider = "openai"', "did you mean provider?"),
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
