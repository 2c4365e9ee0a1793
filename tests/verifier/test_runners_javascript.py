"""node --test, vitest, jest and mocha, run for real: each test with its outcome, and runs that cannot be believed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import write
from filelock import FileLock
from launching import checks_of, run

from mcp_router.verifier.runners import jest, mocha, node, vitest
from mcp_router.verifier.sandboxes.process import Ran

TOOLS = {"vitest": "^3.2.0", "jest": "^30.0.0", "mocha": "^11.7.0"}
RUNNERS = {"node": node, "vitest": vitest, "jest": jest, "mocha": mocha}


@pytest.fixture(autouse=True)
def _node():
    if shutil.which("node") is None:
        pytest.skip("node is not on this machine")


@pytest.fixture(scope="session")
def modules():
    """A node_modules with the three tools, installed by npm once for all runs of the tests."""
    manifest = json.dumps({"name": "tools", "private": True, "devDependencies": TOOLS})
    name = hashlib.sha256(manifest.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "acrouter-tests" / f"npm-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "done").exists():
            (folder / "package.json").write_text(manifest)
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
            try:
                subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
            except (OSError, subprocess.SubprocessError) as error:
                said = getattr(error, "stderr", None) or b""
                pytest.skip(f"npm cannot install the tools here: {error} {said.decode(errors='replace')[-300:]}")
            (folder / "done").touch()
    return folder / "node_modules"


@pytest.fixture
def project(tmp_path, request):
    """Make a folder of files, with the tools in its node_modules where a runner is one of them."""

    def make(name, files):
        if name != "node":
            (tmp_path / "node_modules").symlink_to(request.getfixturevalue("modules"))
        write(tmp_path, {"package.json": "{}"} | files)
        return tmp_path

    return make


NODE = """
    const { test, describe, it, before } = require("node:test");
    const assert = require("node:assert");
    test("adds", () => {});
    test("fails", () => { assert.equal(1, 2); });
    test("skips", { skip: "" }, () => {});
    test("later", { todo: true }, () => { throw new Error("not yet"); });
    test("outer", async (t) => { await t.test("inner", () => {}); });
    describe("suite", () => { describe("deep", () => { it("two", () => {}); }); });
    describe("hooked", () => { before(() => { throw new Error("hook"); }); it("three", () => {}); });
"""
VITEST = """
    import { test, describe, it, expect, beforeAll } from "vitest";
    test("adds", () => {});
    test("fails", () => { expect(1).toBe(2); });
    test.skip("skips", () => {});
    test.todo("later");
    describe("suite", () => { describe("deep", () => { it("two", () => {}); }); });
    describe("hooked", () => { beforeAll(() => { throw new Error("hook"); }); it("three", () => {}); });
"""
JEST = VITEST.replace('import { test, describe, it, expect, beforeAll } from "vitest";', "")
MOCHA = """
    const assert = require("node:assert");
    it("adds", () => {});
    it("fails", () => { assert.equal(1, 2); });
    it.skip("skips", () => {});
    it("later");
    describe("suite", () => { describe("deep", () => { it("two", () => {}); }); });
    describe("hooked", () => { before(() => { throw new Error("hook"); }); it("three", () => {}); });
"""
BROKEN = 'require("./nowhere");\n'
SEEN = {
    "test/a.test.js::adds": "passed",
    "test/a.test.js::fails": "failed",
    "test/a.test.js::skips": "skipped",
    "test/a.test.js::later": "skipped",
    "test/a.test.js::suite > deep > two": "passed",
    "test/b.test.js": "error",
}
"""What every runner says of the files above."""
MORE = {
    "node": {
        "test/a.test.js::later": "xfailed",
        "test/a.test.js::outer": "passed",
        "test/a.test.js::outer > inner": "passed",
        "test/a.test.js::hooked": "failed",
        "test/a.test.js::hooked > three": "failed",
    },
    "vitest": {"test/a.test.js::hooked": "failed", "test/a.test.js::hooked > three": "skipped"},
    "jest": {"test/a.test.js::hooked > three": "failed"},
    "mocha": {'test/a.test.js::hooked > "before all" hook for "three"': "failed"},
}
LINES = {
    "node": "node --test --test-reporter spec --watch test/",
    "vitest": "npx vitest --coverage --reporter=junit --outputFile left.xml",
    "jest": "npx --no-install jest --ci --coverage --watchAll --reporters default",
    "mocha": "nyc --reporter lcov mocha --watch --reporter xunit 'test/*.js'",
}
CONFIGURED = {
    "node": {},
    "vitest": {
        "vitest.config.mjs": 'export default { test: { watch: true, reporters: ["junit"], outputFile: "left.xml" } };\n'
    },
    "jest": {"package.json": '{"jest": {"collectCoverage": true, "coverageThreshold": {"global": {"lines": 100}}}}\n'},
    "mocha": {".mocharc.json": '{"reporter": "json", "reporter-option": ["output=left.json"], "bail": true}\n'},
}
TESTS = {"node": NODE, "vitest": VITEST, "jest": JEST, "mocha": MOCHA}


@pytest.mark.parametrize("name", RUNNERS)
def test_each_test_has_its_outcome_whatever_the_project_reports_and_watches(name, project):
    broken = 'import "./nowhere.js";\n' if name == "vitest" else BROKEN
    root = project(name, {"test/a.test.js": TESTS[name], "test/b.test.js": broken} | CONFIGURED[name])
    before = {path.name for path in root.iterdir()}
    done = run(RUNNERS[name], root, LINES[name])
    assert done.problem is None, done.output
    assert done.results == SEEN | MORE[name]
    assert done.evidence == "channel"
    assert "nowhere" in done.messages["test/b.test.js"]
    assert "2" in done.messages["test/a.test.js::fails"]
    assert {path.name for path in root.iterdir()} == before


OK = {
    "node": 'require("node:test").test("ok", () => {});\n',
    "vitest": 'import { test } from "vitest";\ntest("ok", () => {});\n',
    "jest": 'test("ok", () => {});\n',
    "mocha": 'it("ok", () => {});\n',
}


@pytest.mark.parametrize("name", RUNNERS)
def test_only_the_files_asked_for_run_from_the_folder_of_a_package(name, project):
    files = {"packages/a/test/one.test.js": OK[name], "packages/a/test/two.test.js": OK[name]}
    more = {"packages/a/.mocharc.json": '{"spec": ["test/two.test.js"]}\n'} if name == "mocha" else {}
    root = project(name, files | more | {"packages/a/package.json": "{}"})
    only = ("packages/a/test/one.test.js",)
    done = run(RUNNERS[name], root, f"{name}{' --test' if name == 'node' else ''} test/two.test.js", only, "packages/a")
    assert done.problem is None, done.output
    assert done.results == {"packages/a/test/one.test.js::ok": "passed"}


@pytest.mark.parametrize("name", RUNNERS)
def test_without_tests_nothing_is_measured(name, project):
    root = project(name, {"test/readme.txt": "none"})
    done = run(RUNNERS[name], root, "node --test" if name == "node" else name)
    assert done.problem == "no_tests", done.output


NOT_STARTED = {
    "node": ({}, "node --test --no-such-option"),
    "vitest": ({"vitest.config.mjs": "throw new Error('broken configuration');\n"}, "vitest"),
    "jest": ({"package.json": '{"jest": {"preset": "nowhere"}}'}, "jest"),
    "mocha": ({"test/a.js": OK["mocha"]}, "mocha -r ./nowhere.js"),
}


@pytest.mark.parametrize("name", RUNNERS)
def test_what_cannot_start_is_told_from_what_fails(name, project):
    files, line = NOT_STARTED[name]
    assert run(RUNNERS[name], project(name, files), line).problem == "not_started"


def test_a_missing_program_is_not_started(tmp_path):
    assert run(jest, tmp_path, "jest", PATH="/bin").problem == "not_started"


ENDS = {
    "node": 'test("one", () => {}); test("ends", () => { process.exit(0); });\n',
    "jest": 'test("one", () => {}); test("ends", () => { process.exit(0); });\n',
    "mocha": 'it("one", () => {}); it("ends", () => { process.exit(0); });\n',
}


def test_a_process_that_ends_early_takes_its_tests_with_it(project):
    root = project("node", {"test/a.test.js": 'const { test } = require("node:test");\n' + ENDS["node"]})
    assert run(node, root, "node --test").results == {"test/a.test.js::(file)": "passed"}


@pytest.mark.parametrize("name", ["jest", "mocha"])
def test_a_runner_that_is_ended_from_inside_has_no_whole_report(name, project):
    root = project(name, {"test/a.test.js": ENDS[name], "package.json": '{"name": "a"}'})
    done = run(RUNNERS[name], root, f"{name} test/a.test.js")
    assert (done.exit_code, done.problem) == (0, "report_missing")


def test_a_file_that_fails_beside_its_tests_has_none_that_passed(project):
    late = 'require("node:test").test("ok", () => { process.exitCode = 1; });\n'
    assert run(node, project("node", {"a.test.js": late}), "node --test").results == {"a.test.js": "error"}


def test_what_nobody_caught_breaks_the_file_in_vitest(project):
    late = 'import { test } from "vitest";\ntest("ok", () => { Promise.reject(new Error("late")); });\n'
    done = run(vitest, project("vitest", {"a.test.js": late}), "vitest run")
    assert (done.problem, done.results, done.messages) == (None, {"a.test.js": "error"}, {"a.test.js": "late"})


FORGES = """
    const fs = require("node:fs");
    const line = JSON.stringify({ id: "a.test.js::never ran", outcome: "passed" }) + "\\n";
    const pipes = fs.readdirSync("/proc/self/fd").map((fd) => {
      try { return [Number(fd), fs.readlinkSync("/proc/self/fd/" + fd)]; } catch { return [0, ""]; }
    });
    const alone = ([, name]) => name.startsWith("pipe:") && pipes.filter(([, other]) => other === name).length === 1;
    for (const [fd] of pipes.filter(alone)) if (fd > 2) fs.writeSync(fd, line);
"""
"""Writes to each pipe whose other end is not in the same process."""


@pytest.mark.parametrize("name", ["node", "mocha"])
def test_lines_that_tests_write_to_the_channel_are_never_results(name, project):
    root = project(name, {"a.test.js": FORGES + OK[name]})
    done = run(RUNNERS[name], root, "node --test" if name == "node" else "mocha a.test.js")
    # Tests of node run in a process that has no channel; mocha's share one with it, and what they write is found out.
    assert (done.problem, done.results) == ((None, {"a.test.js::ok": "passed"}) if name == "node" else ("disagree", {}))


def signed(*records):
    key, lines = "k" * 32, ["k" * 32]
    for number, record in enumerate(records):
        text = json.dumps(record)
        lines.append(f"{hashlib.sha256(f'{key} {number} {text}'.encode()).hexdigest()[:16]} {text}")
    return ("\n".join(lines) + "\n").encode()


PASSED, FAILED, END = {"id": "a::x", "outcome": "passed"}, {"id": "a::y", "outcome": "failed"}, {"end": 1}
WHOLE = signed(PASSED, END)
READINGS = {
    "sound": (0, WHOLE, None),
    "the exit code says otherwise": (1, WHOLE, "disagree"),
    "a failure and exit code 0": (0, signed(FAILED, END), "disagree"),
    "no last line": (0, signed(PASSED), "report_missing"),
    "a torn line": (0, WHOLE[:-9], "disagree"),
    "something after it": (0, WHOLE + b"x\n", "disagree"),
    "a result left out": (0, signed(PASSED, {"end": 2}), "disagree"),
    "a line of another": (0, WHOLE.replace(b"a::x", b"a::z"), "disagree"),
    "an error of no file": (1, signed(PASSED, {"fault": "lost"}, END), "crashed"),
    "no line at all": (0, b"", "report_missing"),
    "killed": (137, WHOLE, "crashed"),
}


@pytest.mark.parametrize(("exit_code", "channel", "problem"), READINGS.values(), ids=READINGS)
def test_a_report_is_believed_only_whole_and_in_agreement(exit_code, channel, problem, tmp_path):
    ran = Ran(exit_code, "", 1.0, channel=channel)
    assert node.read(ran, tmp_path).problem == problem
    assert node.read(replace(ran, stopped="timeout"), tmp_path).problem == "timeout"


def test_two_tests_of_one_name_have_the_worse_outcome(tmp_path):
    ran = Ran(1, "", 1.0, channel=signed(PASSED, PASSED | {"outcome": "failed", "message": "no"}, PASSED, {"end": 3}))
    assert node.read(ran, tmp_path).results == {"a::x": "failed"}


COMMANDS = {
    "node --test test/": (node, ["--test", "test/"]),
    "NODE_ENV=test node --import tsx --test": (node, ["NODE_ENV=test", "--import", "tsx", "--test"]),
    "npx tsx --test a.ts": (node, ["--import=tsx", "--test", "a.ts"]),
    "node script.js": (node, None),
    "npx vitest run --dir x": (vitest, ["--dir", "x"]),
    "pnpm exec vitest": (vitest, []),
    "yarn vitest watch": (vitest, []),
    "vitest bench": (vitest, None),
    "jest --ci": (jest, ["--ci"]),
    "npx -y jest": (jest, []),
    "cross-env NODE_OPTIONS=--experimental-vm-modules npx --no-install jest": (
        jest,
        ["NODE_OPTIONS=--experimental-vm-modules"],
    ),
    "node --experimental-vm-modules node_modules/.bin/jest --ci": (
        jest,
        ["NODE_OPTIONS=--experimental-vm-modules", "--ci"],
    ),
    "npm exec -- jest -t x": (jest, ["-t", "x"]),
    "npm run jest:ci": (jest, None),
    "mocha -r x test/**/*.js": (mocha, ["-r", "x", "test/**/*.js"]),
    "c8 -r lcov npx mocha": (mocha, []),
    "./node_modules/mocha/bin/mocha.js a.js": (mocha, ["a.js"]),
    "eslint . --rule mocha": (mocha, None),
}


@pytest.mark.parametrize(("line", "expected"), COMMANDS.items(), ids=COMMANDS)
def test_the_usual_command_lines_are_known(line, expected):
    runner, arguments = expected
    assert runner.arguments(line.split()) == arguments


def test_variables_of_the_command_line_reach_the_tests(project):
    text = 'require("node:test").test(process.env.TZ + process.execArgv, () => {});\n'
    root = project("node", {"a.test.js": text, "b.js": ""})
    done = run(node, root, "cross-env TZ=here node --no-warnings --test '*.test.js'")
    assert done.results == {"a.test.js::here--no-warnings": "passed"}


def test_options_of_node_do_not_lose_the_channel_where_mocha_starts_it_again(project):
    root = project("mocha", {"a.js": OK["mocha"]})
    done = run(mocha, root, "mocha --no-deprecation --stack-trace-limit=20 a.js")
    assert (done.problem, done.results) == (None, {"a.js::ok": "passed"})


def test_vitest_starts_where_its_folder_in_the_modules_cannot_be_written(project):
    root = project("vitest", {"a.test.js": OK["vitest"], "vitest.config.mjs": "export default {};\n"})
    modules = (root / "node_modules").resolve()
    (root / "node_modules").unlink()
    (root / "node_modules").mkdir()
    for folder in modules.iterdir():
        (root / "node_modules" / folder.name).symlink_to(folder)
    (root / "node_modules" / ".vite-temp").unlink(missing_ok=True)
    (root / "node_modules" / ".vite-temp").write_text("not a folder")
    done = run(vitest, root, "vitest")
    assert (done.problem, done.results) == (None, {"a.test.js::ok": "passed"}), done.output


def test_the_number_of_tests_at_a_time_is_passed_on(tmp_path):
    for runner, line in ((vitest, "vitest"), (jest, "jest")):
        checks = checks_of(runner, tmp_path, line, parallel=2)
        assert "--maxWorkers=2" in runner.launch(checks, tmp_path, tmp_path, ())
