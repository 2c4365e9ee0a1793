"""`acrouter config`: each value with its origin, what a repository was not granted, and no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcp_router.config_schema import FILES, schema_text

from .scene import KEY, KEY_VARIABLE, Scene
from .speaking import is_one_sentence


def shown(scene: Scene, own: str = "", users: str = "") -> dict[str, Any]:
    """What `config show --json` says with these two files."""
    scene.home.mkdir(parents=True, exist_ok=True)
    (scene.home / "config.toml").write_text(users)
    if own:
        (scene.root / ".acrouter.toml").write_text(own)
    found: dict[str, Any] = scene.json("config", "show")
    return found


def value(found: dict[str, Any], key: str) -> tuple[Any, str]:
    """A value that holds, and the last part of where it comes from."""
    (one,) = (one for one in found["values"] if one["key"] == key)
    return one["value"], one["from"].rpartition("/")[2]


def refused(found: dict[str, Any]) -> dict[str, str]:
    """Why each key was not granted."""
    assert all(is_one_sentence(one["why"]) for one in found["not_granted"])
    return {one["key"]: one["why"] for one in found["not_granted"]}


def test_each_value_says_where_it_comes_from(plain: Scene) -> None:
    found = shown(
        plain,
        own="[checks]\ncommand = 'pytest -q tests'\ntimeout_s = 60\n[budget]\nrun_usd = 0.5",
        users="seed = 3\n[budget]\nrun_usd = 2.0\n[checks]\nmemory_mb = 900",
    )
    assert value(found, "seed") == (3, "config.toml")
    assert value(found, "explore") == (0.05, "default")
    assert value(found, "checks.command") == ("pytest -q tests", ".acrouter.toml")
    assert value(found, "checks.timeout_s") == (60, ".acrouter.toml")
    assert value(found, "checks.memory_mb") == (900, "config.toml")
    assert value(found, "budget.run_usd") == (0.5, ".acrouter.toml")
    assert (found["home"], found["home_from"]) == (str(plain.home), "ACROUTER_HOME")
    assert found["not_granted"] == []


def test_without_any_file_everything_is_a_default(plain: Scene) -> None:
    found = plain.json("config", "show")
    assert {one["from"] for one in found["values"]} == {"default"}
    assert (found["config_file"], found["repository_file"]) == (None, None)


@pytest.mark.parametrize(
    ("own", "users", "key", "holds", "why"),
    [
        ("[checks]\ntimeout_s = 900", "", "checks.timeout_s", 300, "Yours is 300.0"),
        ("[checks]\nprocesses = 900", "[checks]\nprocesses = 64", "checks.processes", 64, "Yours is 64"),
        ("[budget]\nrun_usd = 9", "[budget]\nrun_usd = 1", "budget.run_usd", 1, "Yours is 1.0"),
        ("[checks]\ntwins = true", "[checks]\ntwins = false", "checks.twins", False, "cannot turn it on"),
        ("[checks]\ncommand = 'a'", "[checks]\ncommand = 'b'", "checks.command", "b", 'Yours holds: "b".'),
        ("[checks]\ncommand = 'a'", "[checks]\ncommands = ['b']", "checks.command", None, "Your own checks hold"),
        (
            "candidates = ['opus', 'gpt-6-astra']",
            "candidates = ['opus', 'haiku']",
            "candidates",
            ["opus"],
            "gpt-6-astra",
        ),
    ],
)
def test_a_repository_narrows_and_never_widens(
    plain: Scene, own: str, users: str, key: str, holds: object, why: str
) -> None:
    found = shown(plain, own, users)
    assert value(found, key)[0] == holds
    assert list(refused(found)) == [key]
    assert why in refused(found)[key]


def test_what_waits_for_trust_is_granted_once_the_user_trusts_it(plain: Scene) -> None:
    own = "[checks]\ncommand = 'pytest -q'\nnetwork = true\n[checks.hidden]\nfile = '/etc/hosts'"
    before = shown(plain, own)
    assert set(refused(before)) == {"checks.network", "checks.hidden.file"}
    assert all("acrouter trust" in why for why in refused(before).values())
    assert "the network" in refused(before)["checks.network"]
    assert "/etc/hosts" in refused(before)["checks.hidden.file"]
    plain.command("trust")
    after = plain.json("config", "show")
    assert after["not_granted"] == []
    assert value(after, "checks.network") == (True, ".acrouter.toml")
    assert value(after, "checks.hidden.file") == ("/etc/hosts", ".acrouter.toml")


def test_checks_of_a_repository_that_would_run_unprotected_wait_for_trust(plain: Scene) -> None:
    found = shown(plain, "[checks]\ncommand = 'pytest -q'", "[checks]\nisolation = 'none'")
    assert "unprotected" in refused(found)["checks.command"]
    plain.command("trust")
    assert plain.json("config", "show")["not_granted"] == []


def test_a_key_is_shown_by_its_name_alone(plain: Scene) -> None:
    models = (
        f'[models.a]\nprovider = "openai"\nkey_env = "{KEY_VARIABLE}"\nbase_url = "https://me:hunter22@h.invalid/v1"'
    )
    found = shown(plain, "[checks]\ncommand = 'TOKEN=ghp_0123456789abcdef0123 pytest'", models)
    text = json.dumps(found) + plain.command("config", "show").stdout
    for secret in (KEY, "hunter22", "ghp_0123456789abcdef0123"):
        assert secret not in text
    assert {"name": KEY_VARIABLE, "set": True, "value": None} in found["environment"]


def test_outside_of_a_repository_its_file_does_not_count(plain: Scene) -> None:
    found = plain.json("config", "show", "--repo", str(plain.home))
    assert found["repository_file"] is None
    assert "not in a git repository" in found["outside"]


def test_a_mistake_in_either_file_is_one_sentence(plain: Scene) -> None:
    (plain.root / ".acrouter.toml").write_text("candidatse = []")
    said = plain.command("config", "show", code=2).stderr
    assert "did you mean candidates?" in said
    assert len(said.splitlines()) == 1


def test_the_table_names_files_and_reasons(plain: Scene) -> None:
    shown(plain, "[checks]\ntimeout_s = 900")
    table = plain.command("config", "show").stdout
    assert "asked for, not granted" in table
    assert str(plain.root / ".acrouter.toml") in table


@pytest.mark.parametrize(("flags", "file"), [((), "config.toml"), (("--repository",), ".acrouter.toml")])
def test_the_schema_is_printed_for_editors(plain: Scene, flags: tuple[str, ...], file: str) -> None:
    assert plain.command("config", "schema", *flags).stdout == schema_text(file)
    assert file in FILES


def test_words_of_a_file_cannot_act_on_the_terminal(plain: Scene) -> None:
    (plain.root / ".acrouter.toml").write_text('"\\u001b]0;mine\\u0007\\u001b[31mred" = 1')
    said = plain.command("config", "show", code=2).stderr
    assert "red" in said
    assert "\x1b" not in said
