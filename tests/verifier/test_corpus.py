"""No hostile or wrong patch of the corpus passes, every honest one does, and nothing outside of the sandbox changes.

Run here is one case of each kind and class on each repository; `make bench-verifier` runs all.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from corpus import CASES, QUICK
from corpus.bench import Corpus, corpus
from corpus.case import Case


@pytest.fixture(scope="module")
def place() -> Iterator[Corpus]:
    """Where the cases run; afterwards everything outside of the sandbox is as it was."""
    with corpus() as made:
        made.prepare(QUICK)
        before = made.state_of()
        if not made.sandboxed:
            print("no sandbox here:", made.why_not)
        yield made
        assert made.state_of() == before


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_each_case_gets_a_right_verdict(place: Corpus, case: Case) -> None:
    found = place.judge(case)
    assert str(found.verdict) in case.verdicts(), found.reasons


def test_the_corpus_has_every_kind_and_unique_names() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 60
    assert {case.kind for case in CASES} == {"honest", "wrong", "hidden-wrong", "hostile"}
