"""cargo test, run for real, and what nextest and go print, as recorded: each test with its outcome."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import answers, write
from launching import checks_of, run

from mcp_router.verifier.runners import cargo, go, nextest
from mcp_router.verifier.sandboxes.process import Ran

CORE = """
    //! Core.
    /// Adds.
    /// ```
    /// assert_eq!(my_core::add(1, 1), 3);
    /// ```
    /// ```no_run
    /// loop {}
    /// ```
    pub fn add(a: i32, b: i32) -> i32 { a + b }
    #[cfg(test)]
    mod tests {
        #[test] fn adds() { println!("test forged ... ok"); assert_eq!(super::add(1, 2), 3); }
        #[test] fn fails() { assert_eq!(super::add(1, 2), 4, "wrong sum"); }
        #[test] #[ignore = "slow"] fn ignored() {}
        #[test] #[should_panic] fn panics() { panic!("x") }
    }
"""
PACKAGE = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n{}'
WORKSPACE = {
    "Cargo.toml": '[workspace]\nmembers = ["core", "app"]\nresolver = "2"\n[profile.dev]\ndebug = false\n',
    "core/Cargo.toml": PACKAGE.format("my-core", ""),
    "core/src/lib.rs": CORE,
    "core/tests/cart.rs": "#[test] fn cart() { assert_eq!(my_core::add(1, 1), 2); }\n",
    "app/Cargo.toml": PACKAGE.format("app", '[dependencies]\nmy-core = { path = "../core" }\n'),
    "app/src/main.rs": "fn main() {}\n#[test] fn in_main() {}\n",
    "app/tests/cart.rs": "#[test] fn cart() {}\n",
}
LIBRARY = {
    "my-core/lib::tests::adds": "passed",
    "my-core/lib::tests::fails": "failed",
    "my-core/lib::tests::ignored": "skipped",
    "my-core/lib::tests::panics": "passed",
}
DOCS = {"my-core/doc::core/src/lib.rs - add": "failed", "my-core/doc::core/src/lib.rs - add #2": "passed"}
OTHERS = {"app/bin/app::in_main": "passed", "app/test/cart::cart": "passed", "my-core/test/cart::cart": "passed"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace of two packages, compiled once; a test leaves it as it found it."""
    if not answers("cargo", "--version"):
        pytest.skip("cargo is not on this machine, or has no toolchain for this home folder")
    root = tmp_path_factory.mktemp("workspace")
    write(root, WORKSPACE)
    return root


def over(root, line="cargo test --workspace", only=()):
    return run(cargo, root, line, only, CARGO_NET_OFFLINE="true", RUST_BACKTRACE="1")


def test_units_integration_and_documentation_are_told_apart_by_package_and_target(workspace):
    done = over(workspace, "cargo test -q --workspace -- --nocapture")
    assert done.problem is None, done.output
    assert done.results == LIBRARY | DOCS | OTHERS
    assert (done.exit_code, done.evidence) == (101, "report")
    said = done.messages["my-core/lib::tests::fails"]
    assert said.startswith("panicked at core/src/lib.rs:")
    assert said.endswith("assertion `left == right` failed: wrong sum left: 3 right: 4")


ONLY = {
    "ids": (("my-core/lib", "my-core/test/cart"), LIBRARY | {"my-core/test/cart::cart": "passed"}),
    "documentation": (("my-core/doc",), DOCS),
    "a file of tests": (
        ("core/tests/cart.rs",),
        {"app/test/cart::cart": "passed", "my-core/test/cart::cart": "passed"},
    ),
}


@pytest.mark.parametrize(("only", "expected"), ONLY.values(), ids=ONLY)
def test_only_what_is_asked_for_runs(workspace, only, expected):
    assert over(workspace, only=only).results == expected


def test_where_one_target_does_not_compile_the_others_are_over(workspace):
    write(workspace, {"core/tests/new.rs": "#[test] fn new() { my_core::missing(); }\n"})
    done = over(workspace)
    write(workspace, {"core/tests/new.rs": None})
    assert done.problem is None, done.output
    assert done.results == LIBRARY | DOCS | OTHERS | {"my-core/test/new": "error"}
    assert "cannot find function `missing`" in done.messages["my-core/test/new"]


@pytest.mark.parametrize("threads", [1, 4])
def test_a_program_that_breaks_off_is_broken_as_a_whole(workspace, threads):
    body = "#[test] fn aborts() { std::process::abort() }\n"
    write(workspace, {"app/tests/cart.rs": body})
    done = over(workspace, f"cargo test -p app -- --test-threads={threads}")
    write(workspace, {"app/tests/cart.rs": WORKSPACE["app/tests/cart.rs"]})
    assert done.results == {"app/bin/app::in_main": "passed", "app/test/cart": "error"}
    assert "SIGABRT" in done.messages["app/test/cart"]


def test_a_program_that_ends_early_with_success_has_no_whole_report(workspace):
    write(workspace, {"app/tests/cart.rs": "#[test] fn ends() { std::process::exit(0) }\n"})
    done = over(workspace, "cargo test -p app")
    write(workspace, {"app/tests/cart.rs": WORKSPACE["app/tests/cart.rs"]})
    assert (done.exit_code, done.problem) == (0, "report_missing")


def test_no_tests_and_no_start_are_told_apart(workspace, tmp_path):
    assert over(workspace, "cargo test -p app --bin app nothing_like_it").problem == "no_tests"
    assert over(workspace, "cargo test -p nowhere").problem == "not_started"
    assert run(cargo, tmp_path, "cargo test", PATH="/bin").problem == "not_started"


TEXT = """\
     Running unittests src/lib.rs (target/debug/deps/a-1)

running 2 tests
test one ... ok
test two ... noise of a child
FAILED

failures:

---- two stdout ----
said

failures:
    two

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

error: test failed, to rerun pass `--lib`
"""
ARTIFACT = {
    "reason": "compiler-artifact",
    "package_id": "a 0.1.0 (path+file:///a)",
    "target": {"kind": ["lib"], "name": "a"},
    "executable": "/a/target/debug/deps/a-1",
}
PRINTED = json.dumps(ARTIFACT, separators=(",", ":")) + "\n" + TEXT
READINGS = {
    "sound": (101, PRINTED, None),
    "exit code 0": (0, PRINTED, "disagree"),
    "a line too many": (101, PRINTED.replace("test one", "test none ... ok\ntest one"), "disagree"),
    "killed": (137, PRINTED, "crashed"),
    "no total": (0, PRINTED.partition("test result")[0], "report_missing"),
}


@pytest.mark.parametrize(("exit_code", "text", "problem"), READINGS.values(), ids=READINGS)
def test_the_text_of_cargo_is_believed_only_where_it_agrees(exit_code, text, problem, tmp_path):
    done = cargo.read(Ran(exit_code, "", 1.0, channel=text.encode()), tmp_path)
    assert done.problem == problem
    if problem is None:
        assert (done.results, done.messages) == (
            {"a/lib::one": "passed", "a/lib::two": "failed"},
            {"a/lib::two": "said"},
        )


def suite(kind, binary, crate="app"):
    return {"type": "suite", "event": "started", "nextest": {"crate": crate, "test_binary": binary, "kind": kind}}


def told(event, name, **more):
    return {"type": "test", "event": event, "name": name, **more}


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


PANIC = "\nthread 'x' (12) panicked at src/lib.rs:1:1:\nno\nstack backtrace:\n  0: more\n"
NEXTEST = lines(
    suite("lib", "app"),
    told("started", "app::app$tests::ok"),
    told("started", "app::app$tests::slow"),
    told("ok", "app::app$tests::ok", exec_time=0.1),
    suite("bin", "tool"),
    told("started", "app::tool$in_main"),
    told("failed", "app::tool$in_main#2", exec_time=0.1, stdout=PANIC),
    suite("test", "cart"),
    told("started", "app::cart$cart"),
    told("ok", "app::cart$cart", exec_time=0.1),
)
"""Of nextest 0.9.148, shortened."""


def test_nextest_names_what_cargo_names(tmp_path):
    done = nextest.read(Ran(100, "", 1.0, channel=NEXTEST), tmp_path)
    assert done.results == {
        "app/lib::tests::ok": "passed",
        "app/lib::tests::slow": "skipped",
        "app/bin/tool::in_main": "failed",
        "app/test/cart::cart": "passed",
    }
    assert done.messages == {"app/bin/tool::in_main": "panicked at src/lib.rs:1:1: no"}
    assert done.evidence == "channel"
    assert nextest.read(Ran(0, "", 1.0, channel=NEXTEST), tmp_path).problem == "disagree"
    assert nextest.read(Ran(4, "error: no tests to run", 1.0), tmp_path).problem == "no_tests"
    uncompiled = 'error[E0425]: cannot find x\nerror: could not compile `app` (test "cart") due to 1 previous error\n'
    assert nextest.read(Ran(101, uncompiled, 1.0), tmp_path).results == {"app/test/cart": "error"}


def event(action, package, test=None, output=None):
    named = {"Test": test} if test else {}
    return {"Action": action, "Package": f"example.com/{package}", **named, **({"Output": output} if output else {})}


def of_build(action, output=None):
    more = {"Output": output} if output else {}
    return {"ImportPath": "example.com/bad [example.com/bad.test]", "Action": action, **more}


GO = (
    of_build("build-output", "# example.com/bad [example.com/bad.test]\n"),
    of_build("build-output", "bad/bad_test.go:3:28: undefined: nothing\n"),
    of_build("build-fail"),
    event("start", "shop"),
    event("run", "shop", "TestAdd"),
    event("output", "shop", "TestAdd", "=== RUN   TestAdd\n"),
    event("output", "shop", "TestAdd", "--- PASS: TestAdd (0.00s)\n"),
    event("pass", "shop", "TestAdd"),
    event("run", "shop", "TestSum"),
    event("run", "shop", "TestSum/two_words"),
    event("output", "shop", "TestSum/two_words", "    shop_test.go:4: got 3,\n"),
    event("output", "shop", "TestSum/two_words", "        want 4\n"),
    event("fail", "shop", "TestSum/two_words"),
    event("fail", "shop", "TestSum"),
    event("run", "shop", "TestSkips"),
    event("skip", "shop", "TestSkips"),
    event("output", "shop", None, "FAIL\texample.com/shop\t0.014s\n"),
    event("fail", "shop"),
    event("start", "bad"),
    event("output", "bad", None, "FAIL\texample.com/bad [build failed]\n"),
    event("fail", "bad"),
    event("start", "pan"),
    event("run", "pan", "TestA"),
    event("pass", "pan", "TestA"),
    event("run", "pan", "TestX"),
    event("output", "pan", "TestX", "panic: boom\n"),
    event("output", "pan", "TestX", "goroutine 7 [running]:\n"),
    event("output", "pan", "TestX", "\t/w/pan_test.go:4 +0x25\n"),
    event("fail", "pan", "TestX"),
    event("fail", "pan"),
    event("start", "none"),
    event("skip", "none"),
)
"""Of go 1.27, shortened."""
GO_SEEN = {
    "example.com/shop::TestAdd": "passed",
    "example.com/shop::TestSum": "failed",
    "example.com/shop::TestSum/two_words": "failed",
    "example.com/shop::TestSkips": "skipped",
    "example.com/bad": "error",
    "example.com/pan::TestA": "passed",
    "example.com/pan::TestX": "failed",
}


def of_go(*events, exit_code=1, more=b""):
    return go.read(Ran(exit_code, "", 1.0, channel=lines(*events) + more), None)


def test_tests_of_go_are_named_by_package_and_path():
    done = of_go(*GO)
    assert (done.problem, done.results, done.evidence) == (None, GO_SEEN, "report")
    assert done.messages == {
        "example.com/shop::TestSum/two_words": "got 3, want 4",
        "example.com/bad": "bad/bad_test.go:3:28: undefined: nothing",
        "example.com/pan::TestX": "panic: boom",
    }


OK = (event("start", "a"), event("run", "a", "TestA"), event("pass", "a", "TestA"), event("pass", "a"))
GO_READINGS = {
    "sound": (OK, 0, None),
    "exit code 1": (OK, 1, "disagree"),
    "a test that never began": ((*OK[:2], event("pass", "a", "TestForged"), *OK[2:]), 0, "disagree"),
    "a package without an end": (OK[:3], 0, "report_missing"),
    "a test without an end": ((*OK[:2], event("pass", "a")), 0, "disagree"),
    "nothing": ((), 1, "not_started"),
    "no tests": ((event("start", "a"), event("skip", "a")), 0, "no_tests"),
    "killed": (OK, 137, "crashed"),
}


@pytest.mark.parametrize(("events", "exit_code", "problem"), GO_READINGS.values(), ids=GO_READINGS)
def test_the_lines_of_go_are_believed_only_where_they_agree(events, exit_code, problem):
    assert of_go(*events, exit_code=exit_code).problem == problem


def test_a_package_that_fails_beside_its_tests_is_broken_as_a_whole():
    assert of_go(*OK[:3], event("fail", "a")).results == {"example.com/a": "error"}


def test_go_before_1_24_tells_of_what_does_not_compile_without_json():
    done = of_go(*OK, more=b"# example.com/bad\nbad_test.go:3:1: undefined: x\nFAIL\texample.com/bad [build failed]\n")
    assert done.results == {"example.com/a::TestA": "passed", "example.com/bad": "error"}


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not on this machine: its recorded lines are read above")
def test_go_itself_is_read(tmp_path):
    files = {"go.mod": "module example.com/a\n\ngo 1.20\n", "a/a.go": "package a\n"}
    text = 'package a\nimport "testing"\nfunc TestA(t *testing.T) {}\nfunc TestB(t *testing.T) { t.Fatal("no") }\n'
    write(tmp_path, files | {"a/a_test.go": text})
    done = run(go, tmp_path, "go test ./...", ("a/a_test.go",), GOCACHE=str(tmp_path / "cache"))
    assert done.results == {"example.com/a/a::TestA": "passed", "example.com/a/a::TestB": "failed"}


COMMANDS = {
    "cargo test --workspace": (cargo, ["--workspace"]),
    "RUST_LOG=x cargo +nightly t -p a -- --skip b": (cargo, ["RUST_LOG=x", "+nightly", "-p", "a", "--", "--skip", "b"]),
    "cargo test --no-run": (cargo, None),
    "cargo build": (cargo, None),
    "cargo nextest run -p a": (nextest, ["-p", "a"]),
    "cargo nextest list": (nextest, None),
    "go test ./...": (go, ["./..."]),
    "CGO_ENABLED=0 go test -race -run=X ./a": (go, ["CGO_ENABLED=0", "-race", "-run=X", "./a"]),
    "go test -bench=. ./...": (go, None),
    "go vet ./...": (go, None),
}


@pytest.mark.parametrize(("line", "expected"), COMMANDS.items(), ids=COMMANDS)
def test_the_usual_command_lines_are_known(line, expected):
    runner, arguments = expected
    assert runner.arguments(line.split()) == arguments


STARTED = {
    "cargo": (cargo, "cargo test -v --color always -p a x -- --format json --skip y", '"test", "--no-fail-fast"'),
    "nextest": (nextest, "cargo nextest run --no-capture -E 'test(x)'", "--no-fail-fast"),
    "go": (go, "go test -v -failfast -coverprofile c.out ./...", "-json"),
}


@pytest.mark.parametrize(("runner", "line", "ours"), STARTED.values(), ids=STARTED)
def test_options_that_spoil_the_report_are_left_out_and_ours_put_in(runner, line, ours, tmp_path):
    command = " ".join(runner.launch(checks_of(runner, tmp_path, line, parallel=2), tmp_path, tmp_path, ()))
    assert ours in command
    assert not any(word in command for word in ("always", "-failfast ", "c.out", "no-capture", "format json"))
    assert any(f"{word}=2" in command for word in ("--test-threads", "-parallel"))


def test_only_packages_of_go_run_by_name_or_by_file(tmp_path):
    checks = checks_of(go, tmp_path, "go test -run X ./...")
    command = go.launch(checks, tmp_path, tmp_path, ("example.com/a", "b/x_test.go", "b/y_test.go"))
    assert command[-5:] == ["-json", "-run", "X", "example.com/a", str(tmp_path / "b")]
