"""Each text that a model reads stays within its limit; `python -m tests.server.words` prints all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from .scene import Scene
from .words import LIMITS, Text, described, hooks, plugin, results, tokens

SAMPLES = {
    "Which model should do this subtask? Call it before you hand work to a subagent. Returns the model, why": 24,
    '{"decision_id":"d_f067d3522d7d","status":"advised","model":"wrong"}': 25,
    '"interval":[0.2065493117918027,1.0],"cost_usd":0.005': 24,
    "diff --git a/notes.txt b/notes.txt\nnew file mode 100644\n--- /dev/null\n+++ b/notes.txt\n@@ -0,0 +1,400 @@": 43,
}
"""What the dearest of three tokenizers made of a text."""


def too_long(texts: Iterable[Text]) -> dict[str, int]:
    """The texts over their limit; at least one must have been looked at."""
    found = list(texts)
    assert found
    return {text.name: text.tokens for text in found if text.tokens > LIMITS[text.group]}


@pytest.mark.parametrize("text", SAMPLES)
def test_the_estimate_is_not_below_what_tokenizers_count(text: str) -> None:
    assert SAMPLES[text] <= tokens(text) <= 1.6 * SAMPLES[text]


def test_what_is_told_of_the_tools_is_short(plain: Scene) -> None:
    with plain.here() as connection:
        texts = list(described(connection))
    together: Counter[str] = Counter()
    for text in texts:
        together[text.group] += text.tokens
    assert set(together) == {"read", "output schemas"}
    assert all(count < LIMITS[group] for group, count in together.items()), together


def test_what_hooks_say_is_short() -> None:
    assert too_long(hooks()) == {}


def test_what_the_plugin_adds_is_short() -> None:
    assert too_long(plugin()) == {}


def test_results_are_short_on_a_young_memory_and_on_a_full_one(scene: Scene) -> None:
    assert too_long(results(scene)) == {}
