"""`cargo test`: the stable text of its test programs, unit, integration and documentation tests, target by target.

Ids are PACKAGE/TARGET::path, where TARGET is lib, doc, or KIND/NAME, as cargo's own options name it. A target that
does not compile, or that breaks off, is PACKAGE/TARGET alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mcp_router.verifier.runners import BROKEN, CHANNEL, OUTPUT_CHARS, CheckRun, Problem, by_signal
from mcp_router.verifier.runners.javascript import split_settings, without
from mcp_router.verifier.runners.libtest import KINDS, Suite, parse

if TYPE_CHECKING:
    from mcp_router.verifier.checks import Checks
    from mcp_router.verifier.sandboxes.process import Ran

BOOTSTRAP = Path(__file__).with_name("bootstrap_cargo.py")
SELECTS = {"--lib", "--bins", "--tests", "--examples", "--benches", "--all-targets", "--doc"}
SELECTS_ONE = {"--bin", "--test", "--example", "--bench"}
PACKAGES = {"--workspace", "--all"}
ONE_PACKAGE = {"-p", "--package", "--exclude"}
DROPPED = {"-q", "--quiet", "-v", "-vv", "--verbose", "--no-fail-fast"}
DROPPED_WITH_VALUE = {"--color", "--message-format"}
VALUED = {
    *("-F", "--features", "--profile", "--target", "--target-dir", "--manifest-path", "-j", "--jobs", "--config"),
    *("-Z", "-C", "--lockfile-path"),
}
HARNESS_DROPPED = {"-q", "--quiet", "--nocapture", "--no-capture", "--show-output", "--report-time"}
HARNESS_DROPPED_WITH_VALUE = {"--format", "--color", "--logfile", "-Z"}
OURS = ("--no-fail-fast", "--color=never", "--message-format=json-render-diagnostics")


def arguments(words: list[str]) -> list[str] | None:
    """The arguments for `cargo test` when a command line only runs it, the toolchain and variables first."""
    return subcommand(words, {"test", "t"}, {"--no-run", "--list", "--help", "-h"})


def subcommand(words: list[str], names: set[str], refused: set[str]) -> list[str] | None:
    """The words after `cargo [+TOOLCHAIN] NAME`, with the variables and the toolchain in front of them."""
    settings, rest = split_settings(words)
    if not rest or PurePosixPath(rest[0]).name != "cargo":
        return None
    toolchain = rest[1:2] if rest[1:2] and rest[1].startswith("+") else []
    rest = rest[1 + len(toolchain) :]
    if not rest or rest[0] not in names or refused & set(rest):
        return None
    return [*settings[1:], *toolchain, *rest[1:]]


def launch(checks: Checks, root: Path, place: Path, only: Sequence[str]) -> list[str]:  # noqa: ARG001
    """Our bootstrap, which starts cargo; `only` names targets, PACKAGE/TARGET, or files of tests."""
    settings, cargo, options, harness = split(checks.argv)
    named = selected(only) if only else []
    kept = unselected(options) if only else options
    harness += [f"--test-threads={checks.parallel}"] if checks.parallel else []
    after = ["--", *harness] if harness else []
    told = {
        "whole": [*cargo, "test", *OURS, *kept, *named, *after],
        "each": [*cargo, "test", *OURS, *unselected(options)],
        "after": after,
        "docs": not only and not SELECTS & set(options) and not SELECTS_ONE & {o.partition("=")[0] for o in options},
        "channel": CHANNEL,
    }
    python = str(checks.environment.python)
    return [*settings, python, "-I", "-c", BOOTSTRAP.read_text(encoding="utf-8"), json.dumps(told)]


def split(argv: Sequence[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """Variables, cargo with its toolchain, its options, and what goes to the test programs, without what we set."""
    settings, rest = split_settings(argv)
    cargo = ["cargo", *(rest.pop(0) for _ in rest[:1] if rest[0].startswith("+"))]
    end = rest.index("--") if "--" in rest else len(rest)
    options = without(rest[:end], DROPPED, DROPPED_WITH_VALUE)
    return settings, cargo, options, without(rest[end + 1 :], HARNESS_DROPPED, HARNESS_DROPPED_WITH_VALUE)


def unselected(options: Sequence[str]) -> list[str]:
    """The options without those that choose packages, targets or tests."""
    rest = without(options, SELECTS | PACKAGES, SELECTS_ONE | ONE_PACKAGE)
    return [word for at, word in enumerate(rest) if word.startswith("-") or (at and rest[at - 1] in VALUED)]


def selected(only: Sequence[str]) -> list[str]:
    """Options that choose the targets of ids or of files; where documentation is among them, whole packages."""
    packages: list[str] = []
    chosen: list[str] = []
    for name in only:
        path = PurePosixPath(name)
        if path.suffix == ".rs":
            at = path.parts.index("tests") if "tests" in path.parts else None
            # tests/NAME.rs or tests/NAME/main.rs; tests elsewhere are part of a library or program.
            chosen += ["--lib", "--bins"] if at is None else ["--test", PurePosixPath(path.parts[at + 1]).stem]
        else:
            package, kind, target = (*name.split("/", 2), "", "")[:3]
            packages += ["-p", package] if package not in packages else []
            chosen += [f"--{kind}", target] if kind in KINDS else [f"--{kind}"]
    # cargo takes no other target beside the documentation's.
    return packages if "--doc" in chosen and set(chosen) != {"--doc"} else [*packages, *_once(chosen)]


def _once(options: list[str]) -> list[str]:
    pairs = [tuple(options[at : at + (2 if one in SELECTS_ONE else 1)]) for at, one in enumerate(options)]
    return [word for pair in dict.fromkeys(pairs) if pair[0].startswith("-") for word in pair]


def read(ran: Ran, place: Path) -> CheckRun:  # noqa: ARG001
    """A run from what cargo and the test programs printed; sound only when it fits their counts and the exit code."""
    text = ran.channel.decode("utf-8", "replace")
    output = (text + ran.output)[-OUTPUT_CHARS:]
    suites, uncompiled = parse(text.splitlines())
    results, messages = dict.fromkeys(uncompiled, "error"), dict(uncompiled)
    for suite in suites:
        results |= {f"{suite.name}::{test}": outcome for test, outcome in suite.outcomes().items()}
        messages |= {f"{suite.name}::{test}": said for test, said in suite.said().items()}
        if suite.total is None and suite.failed:
            results[suite.name], messages[suite.name] = "error", suite.broke_off()
    problem = ran.stopped or _problem(ran, suites, results)
    if problem:
        return CheckRun(ran.exit_code, ran.seconds, output=output, problem=problem)
    return CheckRun(ran.exit_code, ran.seconds, results, messages, output, evidence="report")


def _problem(ran: Ran, suites: Sequence[Suite], results: dict[str, str]) -> Problem | None:
    if by_signal(ran.exit_code):
        return "crashed"
    if any(suite.total is None and not suite.failed for suite in suites):
        return "report_missing"
    if any(suite.total not in (None, len(suite.results)) for suite in suites):
        return "disagree"
    if not results:
        return "not_started" if ran.exit_code else "no_tests"
    broken = any(outcome in BROKEN for outcome in results.values())
    return None if broken == (ran.exit_code != 0) else "disagree"
