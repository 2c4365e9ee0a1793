"""Runners that print TAP or leave JUnit XML: what is made of it, whole and torn."""

from __future__ import annotations

import shutil

import pytest
from running import case

from mcp_router.verifier.runners.table import known_runner
from mcp_router.verifier.runners.tap import read_tap

__all__ = ["case"]

TAP = {
    "plain": ("1..2\nok 1 - a\nnot ok 2 - b\n", {"tap::a": "passed", "tap::b": "failed"}),
    "plan at the end": ("ok a\nnoise\nok a\n1..2\n", {"tap::a": "passed", "tap::a (2)": "passed"}),
    "directives": (
        "ok 1 - a # SKIP why\nnot ok 2 - b # TODO later\nok 3 - c # todo done\n1..3\n",
        {"tap::a": "skipped", "tap::b": "xfailed", "tap::c": "passed"},
    ),
    "nested": (
        "# Subtest: test/a.js\n    # Subtest: in\n        ok 1 - x\n        1..1\n"
        "    ok 1 - in\n    1..1\nok 1 - test/a.js\n1..1\n",
        {"test/a.js::in > x": "passed", "test/a.js::in": "passed", "tap::test/a.js": "passed"},
    ),
    "buffered": (
        "ok 1 - a {\n    not ok 1 - x # TODO y\n    1..1\n}\n1..1\n",
        {"tap::a > x": "xfailed", "tap::a": "passed"},
    ),
    "with headings": (
        "TAP version 13\n# one\nok 1 x\n# two\nok 2 x\n\n1..2\n# tests 2\n# pass 2\n",
        {"tap::one > x": "passed", "tap::two > x": "passed"},
    ),
}


@pytest.mark.parametrize(("text", "results"), TAP.values(), ids=TAP)
def test_tap_is_read_test_by_test(text, results):
    stream = read_tap(text)
    assert (stream.results, stream.whole) == (results, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok 1\n",
        "1..2\nok 1\n",
        "1..1\nok 1\nok 2\n",
        "Bail out!\n1..0\n",
        "    ok 1\n    1..2\nok 1\n1..1\n",
        "    ok\n1..0\n",
    ],
)
def test_tap_without_all_that_was_planned_is_not_whole(text):
    assert not read_tap(text).whole


def test_what_a_command_prints_as_tap_counts_with_its_exit_code(case):
    script = {
        "run.sh": "echo 'ok 1 - a'; echo 'not ok 2 - b'\n"
        "printf '  ---\\n  message: why\\n  ...\\n'; echo 1..2; exit $1\n"
    }
    run = case(script).run("sh run.sh 1", report="tap")
    assert (run.results, run.evidence, run.problem) == ({"tap::a": "passed", "tap::b": "failed"}, "report", None)
    assert run.messages == {"tap::b": "b message: why"}
    assert case(script).run("sh run.sh 0", report="tap").problem == "disagree"
    assert case({"run.sh": "echo 1..2; echo ok 1\n"}).run("sh run.sh", report="tap").problem == "report_missing"
    assert case({"run.sh": "echo 1..2; echo ok 1; exit 3\n"}).run("sh run.sh", report="tap").problem == "crashed"


PERL = {
    "t/a.t": "use Test::More; ok(1, 'one');\n"
    "subtest inner => sub { ok(1, 'x'); ok(0, 'y'); done_testing }; done_testing;\n",
    "t/b.t": "use Test::More skip_all => 'why';\n",
    "t/c.t": "use Test::More tests => 2; ok(1, 'one'); die 'half way';\n",
}


def test_prove_tells_of_each_file(case):
    if not shutil.which("prove"):
        pytest.skip("no prove on this machine")
    run = case(PERL).run("prove -j2 -r t")
    assert (run.problem, run.evidence) == (None, "report")
    assert run.results == {
        "t/a.t::one": "passed",
        "t/a.t::inner": "failed",
        "t/a.t::inner > x": "passed",
        "t/a.t::inner > y": "failed",
        "t/b.t": "skipped",
        "t/c.t::one": "passed",
        "t/c.t": "error",
    }
    assert case(PERL).run("prove -r t", only=("t/b.t",)).results == {"t/b.t": "skipped"}


JUNIT = """
    <testsuites>
      <testsuite name="s" tests="3">
        <testcase classname="C" name="a" file="./spec/a.rb"/>
        <testcase classname="C" name="b"><failure message="why"/></testcase>
        <testcase classname="C" name="c"><skipped/></testcase>
      </testsuite>
    </testsuites>
    """


def test_reports_that_a_command_leaves_count_with_its_exit_code(case):
    files = {
        "new.xml": JUNIT,
        "run.sh": "mkdir -p out/deep; cp new.xml out/deep/r.xml; exit $1\n",
        "out/old.xml": JUNIT,
    }
    run = case(files).run("sh run.sh 1", report="out/**/*.xml")
    assert run.results == {"spec/a.rb::C::a": "passed", "C::b": "failed", "C::c": "skipped"}
    assert (run.messages, run.evidence, run.problem, run.exit_code) == ({"C::b": "why"}, "report", None, 1)
    assert case(files).run("sh run.sh 0", report="out/**/*.xml").problem == "disagree"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 0\n", "report_missing"),
        ("exit 1\n", "not_started"),
        ("head -n 4 new.xml > out/r.xml\n", "disagree"),
        ("sed s/3/4/ new.xml > out/r.xml; exit 1\n", "disagree"),
        ("ln -s ../new.xml out/r.xml; exit 1\n", "not_started"),
    ],
)
def test_a_report_that_is_old_torn_or_elsewhere_does_not_count(case, script, problem):
    run = case({"new.xml": JUNIT, "run.sh": script, "out/old.xml": JUNIT}).run("sh run.sh", report="out/*.xml")
    assert (run.problem, run.results) == (problem, {})


@pytest.mark.parametrize(
    ("command", "runner"),
    [
        ("uv run pytest -q", "pytest"),
        ("coverage run -m unittest discover", "unittest"),
        ("prove -l", "tap"),
        ("npx tape test/*.js", "tap"),
        ("./mvnw -q test", "junit"),
        ("gradle :app:test", "junit"),
        ("mvn clean", None),
        ("python manage.py test", None),
        ("sh check.sh", None),
    ],
)
def test_a_runner_knows_its_command_line(command, runner):
    assert (known_runner(command.split()) or [None])[0] == runner


UNITTEST = """
    import unittest

    import shop

    class T(unittest.TestCase):
        def test_total(self): self.assertEqual(shop.total(), 2)
        def test_there(self): self.assertTrue(shop.total)
    """
TAP_SCRIPT = """
    echo ok 1 - there
    grep -q "return 2" shop.py && echo ok 2 - total || echo not ok 2 - total
    echo 1..2
    grep -q "return 2" shop.py
    """
JUNIT_SCRIPT = """
    grep -q "return 2" shop.py || bad="<failure/>"
    mkdir -p out
    echo "<testsuite><testcase classname='S' name='there'/>" > out/r.xml
    echo "<testcase classname='S' name='total'>$bad</testcase></testsuite>" >> out/r.xml
    [ -z "$bad" ]
    """
OWN = "[checks]\ncommand = 'sh check.sh'\nreport = '{}'\n"
ENDS = {
    "unittest": {"test_shop.py": UNITTEST},
    "tap": {"check.sh": TAP_SCRIPT, ".acrouter.toml": OWN.format("tap")},
    "junit": {"check.sh": JUNIT_SCRIPT, ".acrouter.toml": OWN.format("out/*.xml")},
}


@pytest.mark.parametrize(("runner", "files"), ENDS.items(), ids=ENDS)
def test_a_patch_is_judged_test_by_test_with_any_of_them(bench, runner, files):
    made = bench({"shop.py": "def total():\n    return 1\n", **files})
    right = made.verify({"shop.py": "def total():\n    return 2\n"})
    assert (right.verdict, right.checks["runner"], len(right.checks["fixed"])) == ("pass", runner, 1), right.reasons
    assert made.verify({"shop.py": "def total():\n    return 3\n"}).verdict == "fail"
