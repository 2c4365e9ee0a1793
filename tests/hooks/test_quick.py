"""What makes a choice fast in a hook's process gives the same results as what it stands in for."""

from __future__ import annotations

import json
import marshal
import re
import subprocess
import sys
from pathlib import Path
from statistics import NormalDist

from mcp_router.hooks import patterns, quick
from mcp_router.hooks.events import CLAUDE_CODE
from mcp_router.hooks.keep import Keeper
from mcp_router.session import Session

CHOOSE = """
import json, re, sys
from mcp_router.hooks.snapshot import open_snapshot
from mcp_router.hooks.patterns import preload
compiled, compile = [], re._compiler.compile
re._compiler.compile = lambda pattern, flags=0: compiled.append(pattern) or compile(pattern, flags)
snapshot = open_snapshot(sys.argv[1], "claude-code")
preload(snapshot.values["patterns"])
from mcp_router.hooks.decide import decide
given = {"cwd": sys.argv[1], "tool_input": {"prompt": "Fix the crash in `parse_header()`", "subagent_type": ""}}
plan, _ = decide(snapshot, {"client": "claude-code"}, given)
print(json.dumps({"chain": plan["chain"], "compiled": compiled, "modules": sorted(sys.modules)}))
"""
SLOW = (
    *("pydantic", "click", "git", "mcp", "numpy", "asyncio", "pathlib", "inspect", "decimal", "fractions"),
    *("_hashlib", "_strptime"),
)


def test_kept_expressions_are_those_that_would_be_compiled() -> None:
    kept = marshal.loads(marshal.dumps(patterns.keep()))
    compiled = [re.compile(text, given) for text, given, *_ in kept]
    re.purge()
    patterns.preload(kept)
    assert [re.compile(text, given) for text, given, *_ in kept] == compiled
    assert len(kept) > 40


def test_quantiles_are_those_of_statistics() -> None:
    for n in range(1, 200):
        assert quick.NormalDist().inv_cdf(n / 200) == NormalDist().inv_cdf(n / 200)


def test_a_choice_imports_nothing_slow_and_compiles_next_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('route = "set"\n', encoding="utf-8")
    session = Session(tmp_path)
    Keeper(session).keep(CLAUDE_CODE)
    session.close()
    ran = subprocess.run(
        [sys.executable, "-I", "-c", CHOOSE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    found = json.loads(ran.stdout)
    assert found["chain"]
    assert not set(SLOW) & set(found["modules"])
    assert len(found["compiled"]) <= 4, found["compiled"]
