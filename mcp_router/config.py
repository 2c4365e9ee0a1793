"""Configuration: `config.toml` in the state folder, narrowed by a repository's `.acrouter.toml`.

The state folder is $ACROUTER_HOME, else the platform's user data folder. Keys of providers are named here by
the environment variable that holds them, never written down.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from mcp_router.errors import BadInput
from mcp_router.state import is_off as is_off
from mcp_router.state import state_home as state_home

REPOSITORY_FILE = ".acrouter.toml"
T = TypeVar("T", bound=BaseModel)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_type(cls, value: Any, info: ValidationInfo) -> Any:
        """TOML tells numbers, texts and truth values apart: taken for each other they mean what nobody wrote."""
        kind = cls.model_fields[info.field_name or ""].annotation
        kinds = get_args(kind) or (kind,)
        if bool in kinds and not isinstance(value, bool):
            raise ValueError("write true or false, without quotes")
        if (int in kinds or float in kinds) and isinstance(value, bool | str):
            raise ValueError("write a number, without quotes")
        if isinstance(value, str) and "\0" in value:
            raise ValueError("it holds a NUL character; take it out")
        return value


class PriceConfig(_Table):
    """USD per million tokens. Leave out what is not known."""

    input: float | None = Field(default=None, ge=0)
    """USD per million input tokens that no cache holds."""
    output: float | None = Field(default=None, ge=0)
    """USD per million output tokens, reasoning included."""
    cache_read: float | None = Field(default=None, ge=0)
    """USD per million input tokens read from the provider's cache."""
    cache_write: float | None = Field(default=None, ge=0)
    """USD per million input tokens written to the provider's cache."""


class ModelConfig(_Table):
    """One model that delegate mode may call."""

    provider: Literal["anthropic", "openai"]
    """The protocol that its endpoint speaks; "openai" is Chat Completions unless `api` says otherwise."""
    api: Literal["chat", "responses"] = "chat"
    """Which of OpenAI's two protocols the endpoint speaks."""
    base_url: str | None = None
    """The endpoint; the provider's own when left out."""
    key_env: str | None = None
    """The environment variable that holds the key. When left out: ANTHROPIC_API_KEY or OPENAI_API_KEY at the
    provider's own endpoint, and no key at another `base_url`."""
    served_as: str | None = None
    """The name to send to the endpoint, where it differs from the name in this file."""
    effort: Literal["low", "medium", "high"] | None = None
    """How much the model is asked to think; the provider's default when left out."""
    price: PriceConfig | None = None
    """Your price, instead of the dated list price of the catalogue."""
    context_tokens: int | None = Field(default=None, gt=0)
    """The longest prompt that it takes; the catalogue's when left out."""
    timeout_s: float = Field(default=120.0, gt=0, le=3600)
    """Seconds without a byte from the endpoint after which a call is given up."""

    @field_validator("key_env")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", value):
            raise ValueError('write the name of an environment variable, as in "GATEWAY_KEY", and never the key itself')
        return value

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        try:
            parts = urlsplit(value or "http://localhost")
            fits = parts.scheme in ("http", "https") and parts.hostname is not None and parts.port != 0
        except ValueError:
            fits = False
        if not fits or value == "":
            raise ValueError('write an address such as "http://localhost:8080/v1"')
        return value


class BudgetConfig(_Table):
    """Hard caps in USD, checked before each call, over all clients on this machine."""

    run_usd: float | None = Field(default=None, ge=0)
    """For all attempts on one task."""
    day_usd: float | None = Field(default=None, ge=0)
    """From midnight UTC on."""
    month_usd: float | None = Field(default=None, ge=0)
    """From the first of the month UTC on."""
    allow_unknown_price: bool = False
    """Under a cap, call models without a known price all the same."""


Word = Annotated[str, Field(min_length=1)]


class _NamedChecks(_Table):
    """What both files may say of how a result is verified."""

    command: str | None = None
    """The command that checks this repository; found in the repository when left out."""
    commands: tuple[Word, ...] = ()
    """Several commands instead of one: all of them have to hold."""
    report: str | None = None
    """Where the command leaves its results: a pattern of JUnit XML files in the repository, or "tap" for what it
    prints. Runners that are known need none."""
    parallel: int | None = Field(default=None, ge=1, le=64)
    """Tests at a time, where the runner can; as the repository is configured when left out."""
    diagnostics: bool = True
    """Let new findings of the repository's linters and type checkers lower the score."""
    twins: bool = True
    """Run tests once more with other expectations, which honest code must fail."""

    @field_validator("report")
    @classmethod
    def _inside(cls, value: str | None) -> str | None:
        parts = re.split(r"[/\\]", value or "")
        if value != "tap" and value is not None and (".." in parts or not parts[0] or not value.endswith(".xml")):
            raise ValueError('write "tap", or a pattern of files inside the repository such as "build/junit-*.xml"')
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.command is not None and self.commands:
            raise ValueError("command and commands say the same thing; keep one of them")
        return self


class ChecksConfig(_NamedChecks):
    """How a result is verified. The limits hold for each run of the checks; a repository may only lower them."""

    timeout_s: float = Field(default=300.0, gt=0, le=7200)
    """Each run of the checks; a verdict ends within three times that."""
    isolation: Literal["auto", "none"] = "auto"
    """auto: a sandbox, and no checks where there is none; none: run them as the user, unprotected."""
    memory_mb: int = Field(default=8000, ge=64)
    """All processes together. Two compilers or type checkers of 1 to 3 GB each fit; a leak ends before the machine."""
    processes: int = Field(default=512, ge=16, le=65536)
    """At a time. A parallel build starts hundreds, a fork bomb thousands."""
    disk_mb: int = Field(default=4000, ge=16)
    """What one run writes. A debug build of a mid-sized Rust workspace takes 1 to 3 GB."""


class MemoryConfig(_Table):
    """What the memory keeps."""

    titles: bool = True
    """Keep the first line of a task, cut to 120 characters and with secrets redacted."""


class Config(_Table):
    """The whole of config.toml."""

    models: dict[str, ModelConfig] = Field(default_factory=dict)
    """The models that delegate mode may call, by the name that you give them."""
    candidates: tuple[Word, ...] | None = None
    """The models to choose among, MODEL or MODEL@EFFORT; those of the client at hand when left out."""
    lambda_usd: float = Field(default=0.1, ge=0)
    """What a dollar costs in score: reward = score - lambda_usd * cost_usd."""
    max_attempts: int = Field(default=3, ge=1, le=10)
    """Candidates that may be tried, one after the other, on one task."""
    explore: float = Field(default=0.05, ge=0, le=0.5)
    """Share of decisions whose first candidate is drawn among the plausible ones, so that all stay measurable."""
    seed: int = 0
    """Seeds what is drawn: the same seed, memory and task give the same decision."""
    floor: dict[str, str] = Field(default_factory=dict)
    """Never below this model for risky work: a word of the task or a path pattern = a model."""
    budget: BudgetConfig = BudgetConfig()
    """Hard caps on what delegated runs may spend."""
    checks: ChecksConfig = ChecksConfig()
    """How a result is verified."""
    memory: MemoryConfig = MemoryConfig()
    """What is kept of a task."""
    route: Literal["set", "advise", "observe"] = "observe"
    """What clients' hooks do before a subagent starts: set its model, only advise, or only watch and learn."""

    @property
    def key_names(self) -> tuple[str, ...]:
        """The variables from which models take their keys, as far as `key_env` names them."""
        return tuple(dict.fromkeys(model.key_env for model in self.models.values() if model.key_env))


class RepositoryBudget(_Table):
    """A repository's own caps; they can only lower the user's."""

    run_usd: float | None = Field(default=None, ge=0)
    """For all attempts on one task; the lower of this and the user's holds."""


class HiddenConfig(_Table):
    """A test file that the workers of a task do not see: ignored by git, or outside of the repository."""

    file: str = Field(min_length=1)
    """Relative to the repository's root. Outside of it, or not named as tests are, it waits for `acrouter trust`."""
    command: str | None = None
    """How to run it, with {file} for its place in the tree; by the runner of the checks when left out."""

    @field_validator("command")
    @classmethod
    def _names_the_file(cls, value: str | None) -> str | None:
        if value is not None and "{file}" not in value:
            raise ValueError('write {file} where the file belongs, as in "node --test {file}"')
        return value


class RepositoryChecks(_NamedChecks):
    """A repository's own checks; they run sandboxed only, unless the user trusts them as they are."""

    timeout_s: float | None = Field(default=None, gt=0, le=7200)
    """Each run of the checks; the lower of this and the user's holds, as for the three limits below."""
    memory_mb: int | None = Field(default=None, ge=64)
    """All processes together."""
    processes: int | None = Field(default=None, ge=16, le=65536)
    """At a time."""
    disk_mb: int | None = Field(default=None, ge=16)
    """What one run writes."""
    network: bool = False
    """Let the checks use the network; counts once the user has run `acrouter trust`."""
    hidden: HiddenConfig | None = None
    """Tests that no worker sees."""


class RepositoryConfig(_Table):
    """The whole of .acrouter.toml: it narrows what the user allowed and never widens it."""

    candidates: tuple[Word, ...] | None = None
    """Of the user's candidates only these; the host itself always stays."""
    budget: RepositoryBudget = RepositoryBudget()
    """A lower cap than the user's."""
    checks: RepositoryChecks = RepositoryChecks()
    """How a result is verified here."""


def load_config(home: Path | None = None) -> Config:
    """The user's configuration; defaults where there is no file.

    Raises:
        BadInput: the file is not TOML, or a key or value is wrong; names the key and the nearest right one.
    """
    file = (home or state_home()) / "config.toml"
    return _read(file, Config, str(file))


def load_repository_config(text: str, where: str = REPOSITORY_FILE) -> RepositoryConfig:
    """The configuration that a repository carries, from its text.

    Raises:
        BadInput: as load_config.
    """
    return _parse(text, RepositoryConfig, where)


def read_repository_config(root: Path) -> RepositoryConfig:
    """The configuration of the repository at `root` as it lies there; defaults where there is no file.

    Raises:
        BadInput: as load_config.
    """
    return _read(root / REPOSITORY_FILE, RepositoryConfig, REPOSITORY_FILE)


def _read(path: Path, model: type[T], where: str) -> T:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return model()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{where} cannot be read ({error}); make it a readable UTF-8 file.") from None
    return _parse(text, model, where)


def _parse(text: str, model: type[T], where: str) -> T:
    try:
        # Windows' editors put a byte order mark before the text.
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} is not valid TOML: {error}.") from None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadInput(f"{where}: {_explain(error, model)}") from None


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    errors = error.errors()
    # A key that is misspelt is often missed under its right name too.
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        if first["type"] == "model_type":
            return f"{key}: write a table, [{key}]."
        return f"{key}: {first['msg'].removeprefix('Value error, ').replace('a valid tuple', 'a list')}."
    name, loc = str(first["loc"][-1]), first["loc"]
    if near := difflib.get_close_matches(name, _keys_beside(model, loc), n=1):
        return f"unknown key {key}; did you mean {near[0]}?"
    elsewhere, where = (RepositoryConfig, REPOSITORY_FILE) if model is Config else (Config, "your own config.toml")
    return f"unknown key {key}" + (f"; it belongs in {where}." if name in _keys_beside(elsewhere, loc) else ".")


def _keys_beside(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    here: Any = model
    for part in loc[:-1]:
        fields = getattr(here, "model_fields", {})
        kind = fields[part].annotation if part in fields else ModelConfig
        here = next((arm for arm in get_args(kind) if hasattr(arm, "model_fields")), kind)
    return list(getattr(here, "model_fields", {}))
