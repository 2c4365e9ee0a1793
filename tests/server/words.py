"""The words that a model reads, counted: `python -m tests.server.words` prints the table, with each limit.

Tools, instructions and results are those of real servers on a real repository, in the form in which clients show them:
the compact JSON of the structured content. `tokens` is an estimate from above, as tokenizers are no dependency of this
project: it was compared with the vocabularies o200k and cl100k and with a published one of Claude's on every text of
the table, and was never below them.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_router.demo.provider import RecordedProvider
from mcp_router.demo.stage import plain_path
from mcp_router.hooks.rewrite import advice
from mcp_router.types import HOST, Candidate, Choice, Plan
from memory_store.similarity import features
from tests.memory import builders

from .scene import KEY, KEY_VARIABLE, RIGHT, SHOP, SLOW_TASK, TASK, WRONG, Scene, make_repository, recorded
from .speaking import Connection

PLUGIN = Path(__file__).parents[2] / "examples" / "claude-code-plugin"
PART = re.compile(r"[A-Za-z]+|\d+|_|[!-/:-@\[-^`{-~]+|\s{2,}|[^\x00-\x7f]")
LETTERS, OTHERS = 5, 2
"""Characters of a run of letters, and of digits or signs, that make a token; spaces belong to what follows."""
LIMITS = {"read": 1500, "output schemas": 1000, "hook": 100, "result": 1000, "plugin": 300}
"""In tokens: "read" and "output schemas" are for all three tools together, the others for each text."""
KINDS = ("bug_fixing", "code_generation", "test_generation", "code_refactoring", "algorithm", "data_science")
MODELS = ("claude-sonnet-5@high", "claude-haiku-4-5", "claude-opus-5", "gpt-5.4@medium", "gpt-5.4-mini", "glm-5-air")
SLOW_CHECKS = 'sh -c "sleep 3; grep -q discount shop.py"'


@dataclass(frozen=True)
class Text:
    """A text that a model reads; `group` is a key of LIMITS."""

    group: str
    name: str
    text: str

    @property
    def tokens(self) -> int:
        """At most so many."""
        return tokens(self.text)


def tokens(text: str) -> int:
    """At least as many as a tokenizer makes of a text of this project's kind."""
    return sum(_of_run(run) for run in PART.findall(text))


def _of_run(run: str) -> int:
    if not run.isascii():
        return 2
    return math.ceil(len(run) / (LETTERS if run.isalpha() else OTHERS))


def described(connection: Connection) -> Iterator[Text]:
    """What a client is told of the tools."""
    yield Text("read", "instructions", connection.client.instructions or "")
    for tool in connection.portal.call(connection.client.list_tools).tools:
        yield Text("read", tool.name, f"{tool.name} {tool.description} {compact(tool.input_schema)}")
        yield Text("output schemas", f"{tool.name}: output schema", compact(tool.output_schema))


def hooks() -> Iterator[Text]:
    """What hooks say to the model that is about to start a subagent, with the longest names that there are."""
    choice = Choice(candidate="m", model="m", p_success=0.9, low=0.8, high=1.0, cost_usd=0.0123)
    plan = Plan((choice,), 1.0, "")
    longest = "/".join(["provider-of-models", "family-5-2026-11-25-preview", "x" * 60])
    yield Text("hook", "PreToolUse: another model", advice(Candidate("m", longest, effort="medium"), plan))
    yield Text("hook", "PreToolUse: do it yourself", advice(Candidate(HOST, HOST), plan))


def plugin() -> Iterator[Text]:
    """What the plugin puts before a model: its skill, its command, its agents."""
    files = (PLUGIN / "skills/routing/SKILL.md", PLUGIN / "commands/learned.md", *(PLUGIN / "agents").glob("*.md"))
    for file in files:
        yield Text("plugin", file.relative_to(PLUGIN).as_posix(), file.read_text(encoding="utf-8"))


def results(scene: Scene) -> Iterator[Text]:
    """Each tool's typical results, on a memory with a few outcomes and then on one with hundreds."""
    with scene.here(client="claude-code") as connection:
        yield from _advised(scene, connection)
        yield from _delegated(connection)
    fill(scene)
    with scene.here(client="claude-code") as connection:
        for view in ("summary", "models", "outcomes", "regret"):
            yield _asked(connection, "full memory", view=view, limit=50)
        yield _asked(connection, "full memory", view="neighbours", query="Fix the rounding of line 7.", limit=50)


def _advised(scene: Scene, connection: Connection) -> Iterator[Text]:
    routed = connection.call("route_task", task=TASK)
    yield _result("route_task, advise", routed)
    for name, source in (("fail", WRONG), ("pass", RIGHT)):
        (scene.root / "shop.py").write_text(source, encoding="utf-8")
        yield _result(f"report_outcome, {name}", connection.report(routed["decision_id"], model="right", success=True))
    (scene.root / "shop.py").write_text(SHOP, encoding="utf-8")
    slow = connection.call("route_task", task=SLOW_TASK, checks=SLOW_CHECKS)["decision_id"]
    (scene.root / "shop.py").write_text(RIGHT, encoding="utf-8")
    yield _result("report_outcome, running", connection.call("report_outcome", decision_id=slow, success=True))
    connection.ended(slow)
    (scene.root / "shop.py").write_text(SHOP, encoding="utf-8")


def _delegated(connection: Connection) -> Iterator[Text]:
    routed = connection.call("route_task", task=TASK, mode="delegate", force_model="other")
    yield _result("route_task, delegate", routed)
    run = routed["decision_id"]
    connection.ended(run)
    for view in ("run", "decision"):
        yield _asked(connection, view=view, id=run)
    yield _asked(connection, view="run", id=run, part="diff")


def fill(scene: Scene) -> None:
    """Hundreds of verified outcomes, of six models, six kinds of task and eight repositories."""
    store = scene.memory()
    for n in range(240):
        kind, model = KINDS[n % 6], MODELS[n // 6 % 6]
        minute = n % 1400
        title = f"Fix the rounding of line {n} in shop/money.py, so that test_rounding_{n} passes."
        repo = f"git.example.org/team/service-{n % 8}"
        routed = {"title": title, "dimension": kind, "repo": repo, "features": tuple(features(title))}
        ids = {"decision_id": f"d_{n:012x}", "candidate": model}
        cost = 0.0123456 * (1 + n % 7)
        store.append(
            builders.decision(f"d_{n:012x}", minute, **routed),
            builders.attempt(f"a{n}", minute, model_asked=model.partition("@")[0], cost_usd=cost, **ids),
            builders.outcome(f"o{n}", minute, attempt_id=f"a{n}", score=float(n % 3 > 0), **ids),
        )


def _asked(connection: Connection, of: str = "", **arguments: Any) -> Text:
    part = ", part=diff" if "part" in arguments else ""
    name = f"query_memory, view={arguments['view']}{part}{f', {of}' if of else ''}"
    return _result(name, connection.call("query_memory", **arguments))


def _result(name: str, content: dict[str, Any]) -> Text:
    return Text("result", name, compact(content))


def compact(value: Any) -> str:
    """JSON as clients write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def main() -> None:
    """Print the table, in Markdown."""
    os.environ.update({"NO_PROXY": "127.0.0.1", KEY_VARIABLE: KEY, "PATH": plain_path()})
    with tempfile.TemporaryDirectory(prefix="acrouter-words-") as place:
        folder = Path(place)
        with RecordedProvider([TASK, SLOW_TASK], recorded) as provider:
            scene = Scene(make_repository(folder / "repo"), folder / "home", provider)
            scene.configure()
            with scene.here() as connection:
                texts = list(described(connection))
            texts += [*hooks(), *plugin(), *results(scene)]
    print("| text | characters | tokens at most | limit |\n| --- | ---: | ---: | ---: |")
    for group, limit in LIMITS.items():
        own = [text for text in texts if text.group == group]
        together = group in ("read", "output schemas")
        for text in own:
            print(f"| {text.name} | {len(text.text)} | {text.tokens} | {'' if together else limit} |")
        if together:
            print(f"| **together** | {sum(len(t.text) for t in own)} | {sum(t.tokens for t in own)} | {limit} |")


if __name__ == "__main__":
    main()
