"""Judges every case and prints how many of each kind and class got which verdict: `python -m tests.verifier.corpus`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter

from . import CASES
from .bench import corpus
from .case import Case

VERDICTS = ("pass", "fail", "suspect", "tampered", "refused", "no_signal")


def main() -> int:
    """Returns 1 when a case got a verdict that is not right, or when anything outside changed."""
    parser = argparse.ArgumentParser(prog="python -m tests.verifier.corpus", description=__doc__)
    parser.add_argument("--class", dest="cls", help="only the cases of this class, or whose name holds this")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    cases = [case for case in CASES if not asked.cls or asked.cls in (case.cls, case.kind) or asked.cls in case.name]
    rows, touched = _judge(cases, quiet=asked.json)
    bad = [row for row in rows if row["verdict"] not in row["right"]]
    if asked.json:
        print(json.dumps({"cases": rows, "wrong": [row["name"] for row in bad], "touched": touched}, indent=1))
    else:
        _show(rows, bad, touched)
    return 1 if bad or touched else 0


def _judge(cases: list[Case], quiet: bool) -> tuple[list[dict[str, object]], list[str]]:
    """What became of each case, and the files outside of the sandbox that changed."""
    rows: list[dict[str, object]] = []
    with corpus() as place:
        place.prepare(cases)
        before = place.state_of()
        for at, case in enumerate(cases, 1):
            began = time.monotonic()
            found = place.judge(case)
            taken = round(time.monotonic() - began, 2)
            rows.append(
                {
                    "name": case.name,
                    "class": case.cls,
                    "kind": case.kind,
                    "verdict": str(found.verdict),
                    "right": sorted(case.verdicts()),
                    "reason": (found.reasons or ("",))[0],
                    "seconds": taken,
                }
            )
            if not quiet and sys.stderr.isatty():
                print(f"\r{at}/{len(cases)}", end="", file=sys.stderr)
        after = place.state_of()
    touched = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return rows, touched


def _show(rows: list[dict[str, object]], bad: list[dict[str, object]], touched: list[str]) -> None:
    counts = Counter((row["kind"], row["class"], row["verdict"]) for row in rows)
    groups = sorted({(str(row["kind"]), str(row["class"])) for row in rows})
    print(f"{'kind':<13}{'class':<28}" + "".join(f"{verdict:>11}" for verdict in VERDICTS))
    for kind, cls in groups:
        print(f"{kind:<13}{cls:<28}" + "".join(f"{counts[kind, cls, verdict] or '.':>11}" for verdict in VERDICTS))
    seconds = sum(float(str(row["seconds"])) for row in rows)
    print(f"\n{len(rows)} cases, {len(bad)} with a verdict that is not right, {seconds:.0f} s")
    for row in bad:
        which = f"{row['name']} ({row['kind']}, {row['class']})"
        print(f"- {which}: {row['verdict']}, right is {row['right']}. {row['reason']}")
    for name in touched:
        print(f"- changed outside: {name}")


if __name__ == "__main__":
    sys.exit(main())
