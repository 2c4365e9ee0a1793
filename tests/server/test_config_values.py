"""What config.toml and .acrouter.toml may say, and the one sentence where they say something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_router.config import load_config, load_repository_config
from mcp_router.effective import effective
from mcp_router.errors import BadInput
from mcp_router.session import Session
from mcp_router.types import HOST

from .scene import make_repository
from .speaking import is_one_sentence

MODEL = '[models.x]\nprovider = "openai"\n'


def said(home: Path, text: str) -> str:
    """What is said of a file with this text."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_config(home)
    assert is_one_sentence(str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[budget]\nday_usd = true", "budget.day_usd: write a number, without quotes"),
        ('seed = "7"', "seed: write a number, without quotes"),
        ("[checks]\nmemory_mb = true", "checks.memory_mb: write a number, without quotes"),
        ('[checks]\ntwins = "no"', "checks.twins: write true or false, without quotes"),
        ("[memory]\ntitles = 0", "memory.titles: write true or false, without quotes"),
        ("[budget]\nday_usd = inf", "budget.day_usd: "),
        ("lambda_usd = nan", "lambda_usd: "),
        ('candidates = [""]', "candidates.0: "),
        ('[models]\nprovider = "openai"', "models.provider: write a table, [models.provider]"),
        (f'{MODEL}base_url = "localhost:8080"', "models.x.base_url: write an address"),
        (f'{MODEL}base_url = ""', "models.x.base_url: write an address"),
        (f'{MODEL}base_url = "http://localhost:99999/v1"', "models.x.base_url: write an address"),
        (f"seed = 1{'0' * 5000}", "is not valid TOML"),
        (f"seed = {'[' * 3000}{']' * 3000}", "is not valid TOML"),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_to_write(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in said(tmp_path, text)


@pytest.mark.parametrize("key", ["sk-proj-abcdefghijklmnop", "mySecretKey0123456789abcdef"])
def test_a_key_in_the_place_of_its_name_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    told = said(tmp_path, f'{MODEL}key_env = "{key}"')
    assert "models.x.key_env: write the name of an environment variable" in told
    assert key not in told


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("\ufeffseed = 4", encoding="utf-8")
    assert load_config(tmp_path).seed == 4
    assert load_repository_config('\ufeffcandidates = ["opus"]').candidates == ("opus",)


def test_a_nul_in_a_name_is_refused() -> None:
    with pytest.raises(BadInput, match="NUL"):
        load_repository_config('[checks.hidden]\nfile = "a\\u0000b"')


@pytest.mark.parametrize("own", ["[]", '["host"]'])
def test_who_allows_nobody_but_the_host_is_not_given_the_client_s_models(tmp_path: Path, own: str) -> None:
    (tmp_path / "config.toml").write_text(f"candidates = {own}")
    root = make_repository(tmp_path / "repo")
    (root / ".acrouter.toml").write_text('candidates = ["opus"]')
    session = Session(tmp_path, root)
    assert [one.id for one in session.candidates("advise", "claude-code")] == [HOST]
    session.close()
    assert [one.key for one in effective(tmp_path, root).refused] == ["candidates"]


def test_a_repository_s_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    (root / ".acrouter.toml").write_bytes(b'candidates = ["caf\xe9"]')
    with pytest.raises(BadInput, match="cannot be read"):
        effective(tmp_path / "home", root)


def test_checks_in_a_file_that_git_ignores_do_not_count_and_that_is_said(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repo")
    (root / ".acrouter.toml").write_text('[checks]\ncommand = "true"\ntimeout_s = 5\n[budget]\nrun_usd = 1\n')
    (root / ".gitignore").write_text(".acrouter.toml\n")
    found = effective(tmp_path / "home", root)
    (refused,) = found.refused
    assert (refused.key, refused.asked) == ("checks", ["command", "timeout_s"])
    assert "git ignores" in refused.why
    held = {one.key: one.value for one in found.values}
    assert (held["checks.command"], held["checks.timeout_s"], held["budget.run_usd"]) == (None, 300.0, 1)
