"""The candidates: their keys by name, their prices, and what delegate mode needs to start. Nothing is spent."""

from __future__ import annotations

import importlib
import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from urllib.parse import urlsplit

from mcp_router.config import Config, ModelConfig
from mcp_router.doctor.findings import Finding, Ground, failure, not_applicable, ok, warning
from mcp_router.errors import ProviderError
from mcp_router.executors.endpoint import KEY_ENV, endpoint_of
from mcp_router.models import client_candidates, configured_candidates, resolve
from mcp_router.types import Candidate

NONE = "no model is configured: advise mode needs neither a key nor a price list of yours"
PRICE_DAYS = 180
"""List prices older than that are worth a look."""
CONNECT_S = 4.0
PROVIDERS = {
    "anthropic": ("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    "openai": ("OPENAI_BASE_URL", "https://api.openai.com/v1"),
}
"""Where each SDK sends calls without a `base_url`: the variable that it obeys, else its own address."""


def keys(ground: Ground) -> Iterator[Finding]:
    """Whether the variable of each model's key is set; neither its value nor anything of it is looked at."""
    if not ground.config or not ground.config.models:
        yield not_applicable("keys", NONE)
        return
    for variable, models in _by_key(ground.config).items():
        try:
            for name, model in models:
                endpoint_of(name, model, model.effort)
        except ProviderError as error:
            says = str(error).partition("; ")[0]
            yield failure("keys", says, f"export {variable}=...  # where your client starts")
        else:
            names = ", ".join(name for name, _ in models)
            yield ok("keys", f"{variable} is set, for {names}" if variable else f"no key is needed for {names}")


def prices(ground: Ground) -> Iterator[Finding]:
    """Whether each candidate has a price, and how old the list is."""
    if ground.config is None:
        yield not_applicable("prices", "config.toml has to be put right first")
        return
    candidates = configured_candidates(ground.config)
    if candidates is None:
        candidates = client_candidates("claude-code") + client_candidates("codex")
    budget = ground.config.budget
    capped = not budget.allow_unknown_price and any(
        cap is not None for cap in (budget.run_usd, budget.day_usd, budget.month_usd)
    )
    unknown = [one for one in candidates if one.price.input is None or one.price.output is None]
    for one in unknown:
        fix = f'[models."{one.model}"]\nprice = {{ input = USD, output = USD }}  # per million tokens, in config.toml'
        if capped and one.provider:
            yield failure("prices", f"{one.id} has no known price, so under your budget it is never called", fix)
        else:
            yield warning("prices", f"{one.id} has no known price, so its cost counts as unknown", fix)
    known = [one for one in candidates if one not in unknown]
    if known:
        yield _age(known)


def executors(ground: Ground) -> Iterator[Finding]:
    """What delegate mode would start: the SDK of each provider, and a connection to each address; no call is made."""
    if not ground.config or not ground.config.models:
        yield not_applicable("executors", NONE)
        return
    models = ground.config.models
    for provider in dict.fromkeys(model.provider for model in models.values()):
        yield _sdk(provider)
    places = dict.fromkeys(_address(model) for model in models.values())
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from pool.map(_connect, places)


def _by_key(config: Config) -> dict[str | None, list[tuple[str, ModelConfig]]]:
    found: dict[str | None, list[tuple[str, ModelConfig]]] = {}
    for name, model in config.models.items():
        own = KEY_ENV[model.provider] if model.base_url is None else None
        found.setdefault(model.key_env or own, []).append((name, model))
    return found


def _age(known: list[Candidate]) -> Finding:
    dates = [found.price_date for one in known if (found := resolve(one.model)) and found.price == one.price]
    names = f"{len(known)} candidates have a price"
    if not dates:
        return ok("prices", f"{names}, all of them yours")
    days = (date.today() - date.fromisoformat(min(dates))).days
    if days > PRICE_DAYS:
        return warning("prices", f"{names}; the list is {days} days old", "uv tool upgrade acrouter")
    return ok("prices", f"{names}; the list is of {min(dates)}")


def _sdk(provider: str) -> Finding:
    began = time.monotonic()
    try:
        importlib.import_module(provider)
    except ImportError as error:
        return failure("executors", f"the SDK {provider} cannot be imported ({error})", f"uv pip install {provider}")
    return ok("executors", f"the SDK {provider} starts in {time.monotonic() - began:.1f} s")


def _address(model: ModelConfig) -> str:
    variable, own = PROVIDERS[model.provider]
    return model.base_url or os.environ.get(variable) or own


def _connect(address: str) -> Finding:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        return failure("executors", f"{address} is no address ({error})", "correct it where it is set")
    shown = f"{parts.scheme}://{host}:{port}"
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port, shown = through.hostname or "", through.port or 80, f"{shown} (by a proxy)"
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except OSError as error:
        fix = "start the server there, or correct `base_url` in config.toml; behind a proxy set HTTPS_PROXY"
        return failure("executors", f"{shown} takes no connection ({error.strerror or error})", fix)
    return ok("executors", f"{shown} takes connections")
