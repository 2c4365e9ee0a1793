"""Writes prices.json, the dated list prices of the catalogue, from the PyPI package genai-prices (MIT).

Run it as `python -m mcp_router.evaluation.make_prices` where genai-prices is installed; it is no dependency.
Kept are the current families of Anthropic and OpenAI and the other models of CodeRouterBench.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEPT = {
    "anthropic": r"claude-(haiku|sonnet|opus|fable)-(4-[5-9]|5(-\d)?)",
    "openai": r"gpt-(5|6)(\.\d)?(-(mini|nano|codex|codex-mini|luna|sol|terra|astra))?",
    "zai": r"GLM-5",
    "moonshotai": r"kimi-k2\.5",
    "minimax": r"MiniMax-M2\.7",
    "openrouter": r"qwen/qwen3-max",
}
PARTS = ("input", "output", "cache_read", "cache_write")


def main() -> None:
    """Write the file anew."""
    providers = importlib.import_module("genai_prices.data").providers
    kept = [
        _entry(provider.id, model)
        for provider in providers
        for model in provider.models
        if re.fullmatch(KEPT.get(provider.id, r"(?!)"), model.id)
    ]
    _name_newest(kept)
    head = {
        "about": "List prices in USD per million tokens; cache_write is the five-minute cache's.",
        "source": f"genai-prices {importlib.metadata.version('genai-prices')} by Pydantic Services Inc.",
        "licence": "MIT",
        "command": "python -m mcp_router.evaluation.make_prices",
        "date": datetime.now(UTC).date().isoformat(),
    }
    lines = ",\n    ".join(json.dumps(entry) for entry in sorted(kept, key=lambda entry: str(entry["id"])))
    text = json.dumps(head, indent=2)[:-2] + f',\n  "models": [\n    {lines}\n  ]\n}}\n'
    Path(__file__).parents[1].joinpath("prices.json").write_text(text, encoding="utf-8")


def _entry(provider: str, model: Any) -> dict[str, Any]:
    prices = model.get_prices(datetime.now(UTC), None)
    values: dict[str, Any] = {part: getattr(prices, f"{part}_mtok", None) for part in PARTS}
    values = {part: value for part, value in values.items() if value is not None}
    identity = model.id.lower().rpartition("/")[2]
    entry: dict[str, Any] = {
        "id": identity,
        "family": _family(identity),
        "provider": provider,
        "price": {part: float(getattr(value, "base", value)) for part, value in values.items()},
    }
    if model.context_window:
        entry["context_tokens"] = model.context_window
    tiers = {part: value.tiers for part, value in values.items() if hasattr(value, "tiers")}
    if tiers:
        first = {part: steps[0] for part, steps in tiers.items()}
        if any(len(steps) > 1 for steps in tiers.values()) or len({tier.start for tier in first.values()}) > 1:
            raise SystemExit(f"{model.id} has several price steps; the file's format holds one")
        above = {part: float(tier.price) for part, tier in first.items()}
        entry["above"] = {"tokens": next(iter(first.values())).start, "price": {**entry["price"], **above}}
    return entry


def _family(identity: str) -> str:
    """The name without its version: claude-opus-4-5 is of claude-opus, gpt-6.1-sol of gpt-sol."""
    return "-".join(word for word in re.split(r"-(?=[a-z]{2})|-[km]?[\d.]+|(?<=qwen)[\d.]+", identity) if word)


def _name_newest(entries: list[dict[str, Any]]) -> None:
    """Give Claude Code's alias, for example opus, to the newest model of each Claude family."""
    claude = [entry for entry in entries if entry["provider"] == "anthropic"]
    for family in {entry["family"] for entry in claude}:
        of_it = (entry for entry in claude if entry["family"] == family)
        newest = max(of_it, key=lambda entry: [int(number) for number in re.findall(r"\d+", entry["id"])])
        newest["aliases"] = [family.removeprefix("claude-")]


if __name__ == "__main__":
    main()
