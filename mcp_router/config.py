"""Configuration: `config.toml` in the state folder, narrowed by a repository's `.acrouter.toml`.

The state folder is $ACROUTER_HOME, else the platform's user data folder. Keys of providers are named here by
the environment variable that holds them, never written down.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mcp_router.errors import BadInput

REPOSITORY_FILE = ".acrouter.toml"
T = TypeVar("T", bound=BaseModel)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceConfig(_Table):
    """USD per million tokens. Leave out what is not known."""

    input: float | None = Field(default=None, ge=0)
    output: float | None = Field(default=None, ge=0)
    cache_read: float | None = Field(default=None, ge=0)
    cache_write: float | None = Field(default=None, ge=0)


class ModelConfig(_Table):
    """One model that delegate mode may call."""

    provider: Literal["anthropic", "openai"]
    """The protocol that its endpoint speaks; "openai" is Chat Completions unless `api` says otherwise."""
    api: Literal["chat", "responses"] = "chat"
    base_url: str | None = None
    """The endpoint; the provider's own when left out."""
    key_env: str | None = None
    """The environment variable that holds the key. When left out: ANTHROPIC_API_KEY or OPENAI_API_KEY at the
    provider's own endpoint, and no key at another `base_url`."""
    served_as: str | None = None
    """The name to send to the endpoint, where it differs from the name in this file."""
    effort: Literal["low", "medium", "high"] | None = None
    price: PriceConfig | None = None
    context_tokens: int | None = Field(default=None, gt=0)
    timeout_s: float = Field(default=120.0, gt=0, le=3600)
    """Seconds without a byte from the endpoint after which a call is given up."""


class BudgetConfig(_Table):
    """Hard caps in USD, checked before each call, over all clients on this machine."""

    run_usd: float | None = Field(default=None, ge=0)
    day_usd: float | None = Field(default=None, ge=0)
    month_usd: float | None = Field(default=None, ge=0)
    allow_unknown_price: bool = False
    """Under a cap, call models without a known price all the same."""


class ChecksConfig(_Table):
    """How a result is verified."""

    command: str | None = None
    """The command that checks this repository; found in the repository when left out."""
    timeout_s: float = Field(default=300.0, gt=0, le=7200)
    isolation: Literal["auto", "none"] = "auto"
    """auto: a sandbox, and no checks where there is none; none: run them as the user, unprotected."""


class MemoryConfig(_Table):
    """What the memory keeps."""

    titles: bool = True
    """Keep the first line of a task, cut to 120 characters and with secrets redacted."""


class Config(_Table):
    """The whole of config.toml."""

    models: dict[str, ModelConfig] = Field(default_factory=dict)
    candidates: tuple[str, ...] | None = None
    """The models to choose among, MODEL or MODEL@EFFORT; those of the client at hand when left out."""
    lambda_usd: float = Field(default=0.1, ge=0)
    """What a dollar costs in score: reward = score - lambda_usd * cost_usd."""
    max_attempts: int = Field(default=3, ge=1, le=10)
    explore: float = Field(default=0.05, ge=0, le=0.5)
    """Share of decisions whose first candidate is drawn among the plausible ones, so that all stay measurable."""
    seed: int = 0
    """Seeds what is drawn: the same seed, memory and task give the same decision."""
    floor: dict[str, str] = Field(default_factory=dict)
    """Never below this model for risky work: a word of the task or a path pattern = a model."""
    budget: BudgetConfig = BudgetConfig()
    checks: ChecksConfig = ChecksConfig()
    memory: MemoryConfig = MemoryConfig()


class RepositoryBudget(_Table):
    """A repository's own caps; they can only lower the user's."""

    run_usd: float | None = Field(default=None, ge=0)


class RepositoryChecks(_Table):
    """A repository's own checks; they run sandboxed only, unless the user trusts the repository."""

    command: str | None = None
    timeout_s: float | None = Field(default=None, gt=0, le=7200)


class RepositoryConfig(_Table):
    """The whole of .acrouter.toml: it narrows what the user allowed and never widens it."""

    candidates: tuple[str, ...] | None = None
    budget: RepositoryBudget = RepositoryBudget()
    checks: RepositoryChecks = RepositoryChecks()


def state_home() -> Path:
    """The folder of everything that lasts: configuration, memory, caches, worktrees."""
    named = os.environ.get("ACROUTER_HOME")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("acrouter", appauthor=False))


def is_off() -> bool:
    """Whether the user asked all of it to stand aside, by ACROUTER_OFF=1."""
    return os.environ.get("ACROUTER_OFF", "") not in ("", "0")


def is_trusted(home: Path, identity: str) -> bool:
    """Whether the user lets a repository name checks that run outside a sandbox."""
    try:
        return identity in _trusted(home).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False


def trust(home: Path, identity: str) -> None:
    """Let a repository name checks that run outside a sandbox, where the user's configuration runs them so."""
    if not is_trusted(home, identity):
        home.mkdir(parents=True, exist_ok=True)
        with _trusted(home).open("a", encoding="utf-8") as file:
            file.write(identity + "\n")


def _trusted(home: Path) -> Path:
    return home / "trusted"


def load_config(home: Path | None = None) -> Config:
    """The user's configuration; defaults where there is no file.

    Raises:
        BadInput: the file is not TOML, or a key or value is wrong; names the key and the nearest right one.
    """
    return _read((home or state_home()) / "config.toml", Config)


def load_repository_config(text: str, where: str = REPOSITORY_FILE) -> RepositoryConfig:
    """The configuration that a repository carries, from its text.

    Raises:
        BadInput: as load_config.
    """
    return _parse(text, RepositoryConfig, where)


def _read(path: Path, model: type[T]) -> T:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return model()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read ({error}); make it a readable UTF-8 file.") from None
    return _parse(text, model, str(path))


def _parse(text: str, model: type[T], where: str) -> T:
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{where} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise BadInput(f"{where}: {_explain(error, model)}") from None


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"{key}: {first['msg']}."
    near = difflib.get_close_matches(str(first["loc"][-1]), _keys_beside(model, first["loc"]), n=1)
    return f"unknown key {key}" + (f"; did you mean {near[0]}?" if near else ".")


def _keys_beside(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    here: Any = model
    for part in loc[:-1]:
        fields = getattr(here, "model_fields", {})
        here = fields[part].annotation if part in fields else ModelConfig
    return list(getattr(here, "model_fields", {}))
