"""Where and how one configured model is called."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_router.errors import ProviderError

if TYPE_CHECKING:
    from mcp_router.config import ModelConfig

KEY_ENV = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
NO_KEY = "no-key-configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model's address. `model` is its name in config.toml, `sent_as` the name on the wire."""

    model: str
    sent_as: str
    provider: str
    api: str
    base_url: str | None
    key_env: str
    key: str = field(repr=False)
    effort: str | None
    timeout_s: float

    def describe(self) -> str:
        """The model and its provider, for a sentence: `opus (anthropic at https://...)`."""
        return f"{self.model} ({self.provider}{f' at {self.base_url}' if self.base_url else ''})"

    def redact(self, text: str) -> str:
        """The text without the key, whole or as providers shorten it in their error messages."""
        return re.sub(r"\bsk-[\w*.…-]+", "[key]", text.replace(self.key, "[key]"))


def endpoint_of(model: str, config: ModelConfig, effort: str | None) -> Endpoint:
    """The endpoint of a configured model, with its key read from the environment.

    Raises:
        ProviderError: kind auth; the key is not set. Says which variable to set.
    """
    key_env = config.key_env or KEY_ENV[config.provider]
    # A provider's own key is for its own endpoint: another address gets a key only if one is named for it.
    elsewhere = config.base_url is not None and config.key_env is None
    key = NO_KEY if elsewhere else os.environ.get(key_env, "").strip()
    if not key:
        raise ProviderError(
            "auth", f"{key_env} is not set, so {model} cannot be called; set it, or set models.{model}.key_env."
        )
    if not (key.isascii() and key.isprintable()):
        raise ProviderError("auth", f"{key_env} holds characters that no key has; set it to the key of {model} alone.")
    return Endpoint(
        model=model,
        sent_as=config.served_as or model,
        provider=config.provider,
        api=config.api,
        base_url=config.base_url,
        key_env=key_env,
        key=key,
        effort=effort,
        timeout_s=config.timeout_s,
    )
