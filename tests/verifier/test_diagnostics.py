"""The repository's own linters and type checkers are a part of the score: what they newly say of the patch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from conftest import FILES, answers, git, write

from mcp_router.types import VerificationRequest
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.diagnostics import Finding, command, diagnose, find_checkers, new_findings, part, read
from mcp_router.verifier.environment import OWN, Environment
from mcp_router.verifier.sandboxes.process import KEPT_BYTES
from mcp_router.verifier.verifier import CheckVerifier

STRICT = "[tool.mypy]\nstrict = true\n[tool.ruff.lint]\nselect = ['E', 'F']\n"
CART = "def total(prices: list[int]) -> int:\n    return sum(prices)\n"
ANSWERED: dict[tuple[str, ...], Counter[Finding] | None] = {}
"""Trees are asked once, as the verifier keeps a base's answers."""


@pytest.fixture
def repo(tmp_path):
    """Make a repository; its trees are checked out one after the other in the same folder."""

    def make(files):
        root = tmp_path / "repo"
        root.mkdir()
        git(root, "init", "-q")
        return root, commit(root, files)

    return make


def commit(root: Path, files: dict[str, str | None]) -> Tree:
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one", "--allow-empty")
    return Tree(root, git(root, "rev-parse", "HEAD").decode().strip())


def environment(root: Path, shared: tuple[str, ...] = (), described: str = "python on PATH") -> Environment:
    return Environment(root, (), shared, (), Path(sys.executable), described)


def answer(tree: Tree, checker, changed):
    """What a checker says of a tree, run as a plain process; its files are checked out first."""
    argv = command(checker, [path for path in changed if path in tree.names()])
    key = (tree.id, *(argv or ()))
    if key not in ANSWERED:
        git(tree.root, "checkout", "-q", "--detach", tree.id)
        env = environment(tree.root).variables()
        ran = subprocess.run(argv, cwd=tree.root, env=env, stdout=-1, stderr=subprocess.STDOUT, check=False)
        ANSWERED[key] = read(checker, ran.returncode, ran.stdout.decode(), tree.root)
    return ANSWERED[key]


def judge(base: Tree, judged: Tree, changed, shared=()):
    checkers, missing = find_checkers(base, environment(base.root, shared))
    asked = {checker: (answer(base, checker, changed), answer(judged, checker, changed)) for checker in checkers}
    return diagnose(base, judged, asked, missing)


@pytest.fixture
def bare_path(tmp_path, monkeypatch):
    """A PATH with git and nothing else."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(shutil.which("git"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def installed(name: str, tree: Tree):
    """A checker as it is found when its program is installed: an empty file stands for it."""
    program = tree.root / ".venv" / "bin" / {"clippy": "cargo-clippy", "go vet": "go"}.get(name, name)
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    found, _ = find_checkers(tree, environment(tree.root, (".venv",), OWN))
    return next(checker for checker in found if checker.name == name)


CONFIGURED = {
    "ruff": {"pyproject.toml": "[tool.ruff]\n"},
    "ruff by its own file": {".ruff.toml": ""},
    "flake8": {"tox.ini": "[flake8]\nmax-line-length = 100\n"},
    "pylint": {"pyproject.toml": "[tool.pylint.main]\n"},
    "mypy": {"setup.cfg": "[mypy]\n"},
    "pyright": {"pyrightconfig.json": "{}"},
    "basedpyright": {"pyproject.toml": "[tool.basedpyright]\n"},
    "ty": {"ty.toml": ""},
    "eslint": {"eslint.config.mjs": "export default []\n"},
    "eslint of old": {"package.json": '{"eslintConfig": {}}'},
    "biome": {"biome.jsonc": "{}"},
    "tsc": {"tsconfig.json": "{}", "package.json": '{"devDependencies": {"typescript": "^5"}}'},
    "clippy": {"Cargo.toml": "[lints.clippy]\nall = 'warn'\n"},
    "clippy of a workspace": {"Cargo.toml": "[workspace]\n[workspace.lints.clippy]\nall = 'warn'\n"},
    "go vet": {"go.mod": "module m\n"},
}


@pytest.mark.usefixtures("bare_path")
@pytest.mark.parametrize(("name", "files"), CONFIGURED.items(), ids=CONFIGURED)
def test_a_checker_counts_where_it_is_configured_and_installed(repo, name, files):
    root, base = repo({"README.md": "", **files})
    tool = name.partition(" of ")[0].partition(" by ")[0]
    assert find_checkers(base, environment(root, described=OWN)) == ((), (tool,))
    assert installed(tool, base).name == tool


@pytest.mark.usefixtures("bare_path")
def test_a_checker_that_is_not_configured_is_not_asked_for(repo):
    files = {"pyproject.toml": "[tool.black]\n", "tsconfig.json": "{}", "package.json": "[]", "Cargo.toml": "[lib]\n"}
    root, base = repo(files)
    assert find_checkers(base, environment(root, described=OWN)) == ((), ())


@pytest.mark.parametrize("text", ["[tool.mypy", "tool = 3\n", "[tool]\nmypy = 3\n", "\x00", "[mypy\n"])
def test_a_broken_configuration_is_no_fault_of_the_patch(repo, text):
    names = ("pyproject.toml", "setup.cfg", "mypy.ini", "package.json", "Cargo.toml", "tsconfig.json")
    root, base = repo(dict.fromkeys(names, text))
    assert [checker.name for checker in find_checkers(base, environment(root))[0]] == ["mypy"]


def test_mypy_is_given_what_it_is_configured_for_else_the_packages_at_the_top(repo):
    def is_given(files, *more):
        tree = commit(root, files)
        (checker,) = find_checkers(tree, environment(root))[0]
        assert checker.argv[-len(more) - 1 :] == (sys.executable, *more)

    root, _ = repo({"mypy.ini": "[mypy]\n"})
    shop = {"shop/__init__.py": "", "shop/cart.py": CART, "tests/test_a.py": "", "setup.py": "", "tool.py": ""}
    is_given(shop, "shop", "tool.py")
    is_given({"src/a/__init__.py": ""}, "src")
    is_given({"mypy.ini": "[mypy]\nfiles = shop\n"})


def test_the_checkers_of_python_find_what_a_patch_adds_and_nothing_that_was_there(repo):
    old = CART + "\n\ndef half(price: int) -> str:\n    return price / 2\n"
    use = "from shop.cart import total\n\nprint(total([1]))\n"
    root, base = repo({"pyproject.toml": STRICT, "shop/__init__.py": "", "shop/cart.py": old, "shop/use.py": use})
    # One line above shifts the old error; total() changes under the feet of another file.
    worse = "import os\n" + old.replace("list[int]) -> int", "list[int], rate: int) -> int")
    judged = commit(root, {"shop/cart.py": worse})
    found = judge(base, judged, ["shop/cart.py"])
    assert found["checkers"] == {
        "ruff": {"before": 0, "after": 1, "new": 1},
        "mypy": {"before": 1, "after": 2, "new": 1},
    }
    assert [(item["checker"], item["path"], item["line"], item["code"]) for item in found["new"]] == [
        ("ruff", "shop/cart.py", 1, "F401"),
        ("mypy", "shop/use.py", 3, "call-arg"),
    ]
    assert found["part"] == round(part(1 + 3, 3), 4)
    assert git(root, "status", "--porcelain", "--ignored") == b""


def test_a_patch_without_new_findings_keeps_its_whole_score(repo):
    root, base = repo({"pyproject.toml": STRICT, "shop/__init__.py": "", "shop/old.py": "import os\n" + CART})
    judged = commit(root, {"shop/old.py": None, "shop/new.py": "import os\n" + CART})
    found = judge(base, judged, ["shop/old.py", "shop/new.py"])
    assert (found["part"], found["new"], found["changed_lines"]) == (1.0, [], 0)


def test_a_module_that_a_patch_adds_is_not_blamed_for_the_errors_of_others(bench, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    old = CART + "\n\ndef half(price: int) -> str:\n    return price / 2\n"
    case = bench(FILES | {"pyproject.toml": STRICT, "shop/cart.py": old, "tests/test_cart.py": "def test(): pass\n"})

    def judged(text):
        request = VerificationRequest(repo=case.root, patch=case.patch({"shop/new.py": text}), timeout_s=60)
        return CheckVerifier(case.home, case.config).judge(request)

    kept = len(list((case.home / "cache").glob("diagnostics/*.json")))
    right, wrong = judged(CART), judged('x: int = "a"\n')
    found = [one.checks["diagnostics"] for one in (right, wrong)]
    assert [one["checkers"]["mypy"] for one in found] == [
        {"before": 1, "after": 1, "new": 0},
        {"before": 1, "after": 2, "new": 1},
    ]
    assert (right.verdict, wrong.verdict) == ("pass", "pass")
    assert right.score * found[1]["part"] == pytest.approx(wrong.score, abs=0.001)
    assert "shop/new.py:1" in wrong.reasons[-1]
    assert len(list((case.home / "cache").glob("diagnostics/*.json"))) == kept + 5, "one a tree and command"


def test_a_finding_that_is_silenced_costs_as_much_as_the_finding(repo):
    root, base = repo({"pyproject.toml": STRICT, "a.py": 'x: int = 1\ny: int = "b"  # type: ignore\n'})
    bare = commit(root, {"a.py": 'x: int = "a"\ny: int = "b"  # type: ignore\n'})
    silenced = commit(root, {"a.py": 'x: int = "a"  # type: ignore[assignment]\ny: int = "b"  # type: ignore\n'})
    costs = [judge(base, judged, ["a.py"])["part"] for judged in (bare, silenced)]
    assert costs[0] == costs[1] < 1
    (item,) = judge(base, silenced, ["a.py"])["new"]
    assert (item["checker"], item["line"], item["message"]) == ("suppressed", 1, "# type: ignore[assignment]")


SILENCERS = {
    "a.py": "x = 1  # noqa: E501",
    "b.pyi": "# mypy: ignore-errors",
    "c.ts": "// @ts-expect-error it is fine",
    "d.jsx": "/* eslint-disable no-undef */",
    "e.rs": "#[allow(dead_code)]",
    "f.go": "x() //nolint:errcheck",
    "g.js": "// biome-ignore lint/style: no",
}


@pytest.mark.parametrize(("path", "line"), SILENCERS.items())
def test_every_language_has_its_way_to_silence_a_checker(repo, path, line):
    root, base = repo({path: "first\n"})
    judged = commit(root, {path: f"first\n{line}\n"})
    found = diagnose(base, judged, {})
    assert (found["suppressed"], found["new"][0]["line"]) == (1, 2)
    assert found["new"][0]["message"] in line
    moved = commit(root, {path: "first\n", f"more{path}": f"{line}\n"})
    assert diagnose(judged, moved, {})["suppressed"] == 0


PYRIGHT = {
    "generalDiagnostics": [
        {
            "file": "ROOT/shop/cart.py",
            "severity": "error",
            "message": 'Type "int" is not assignable to return type "str"\n  "int" is not assignable to "str"',
            "range": {"start": {"line": 9, "character": 11}, "end": {"line": 9, "character": 22}},
            "rule": "reportReturnType",
        },
        {"file": "ROOT/shop/cart.py", "severity": "information", "message": "no", "range": {"start": {"line": 1}}},
    ],
    "summary": {"filesAnalyzed": 1, "errorCount": 1},
}
PYLINT = [
    {
        "type": "warning",
        "module": "shop.cart",
        "obj": "total",
        "line": 9,
        "column": 4,
        "path": "shop/cart.py",
        "symbol": "unused-variable",
        "message": "Unused variable 'l'",
        "message-id": "W0612",
    }
]
ESLINT = [
    {
        "filePath": "ROOT/a.js",
        "messages": [{"ruleId": "eqeqeq", "severity": 1, "message": "Expected '==='.", "line": 2}],
    },
    {"filePath": "ROOT/b.ts", "messages": [{"ruleId": None, "fatal": False, "message": "File ignored because ..."}]},
]
RECORDED = {
    "flake8": (1, "shop/cart.py:9:5: E741 ambiguous variable name 'l'\n", ("shop/cart.py", "E741", 9)),
    "pylint": (20, json.dumps(PYLINT, indent=4), ("shop/cart.py", "unused-variable", 9)),
    "pyright": (1, "a warning first\n" + json.dumps(PYRIGHT, indent=4), ("shop/cart.py", "reportReturnType", 10)),
    "basedpyright": (1, json.dumps(PYRIGHT), ("shop/cart.py", "reportReturnType", 10)),
    "ty": (
        1,
        "shop/cart.py:13:10: error[invalid-assignment] Object of type `str` is not assignable\nFound 1 diagnostics\n",
        ("shop/cart.py", "invalid-assignment", 13),
    ),
    "eslint": (1, "(node:7) Warning: [x]\n" + json.dumps(ESLINT), ("a.js", "eqeqeq", 2)),
    "biome": (
        1,
        "::error title=lint/suspicious/noDoubleEquals,file=ROOT/a.js,line=2,endLine=2,col=7,endColumn=8::Using == may\n"
        "lint ━━━━\n  Some errors were emitted while running checks.\n",
        ("a.js", "lint/suspicious/noDoubleEquals", 2),
    ),
    "tsc": (
        2,
        "src/b.ts(2,50): error TS2322: Type 'A' is not assignable to type 'B'.\n  Types of property 'x' differ.\n",
        ("src/b.ts", "TS2322", 2),
    ),
    "go vet": (1, "# m\nvet: ./b.go:2:12: undefined: x\n", ("b.go", "error", 2)),
}
"""Printed by flake8, pylint 4, pyright 1.1.414, basedpyright 1.40, ty, eslint 10.15, biome 2.6, tsc 7.0 and go vet
1.27 over files with these faults, and cut down."""


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_checker_prints_is_read(repo, name):
    exit_code, output, (path, code, line) = RECORDED[name]
    root, base = repo(CONFIGURED[name])
    checker = installed(name, base)
    (finding,) = read(checker, exit_code, output.replace("ROOT", str(root)), root)
    assert (finding.path, finding.code, finding.line) == (path, code, line)
    assert "\n" not in finding.message
    nothing = {"pyright": '{"generalDiagnostics": []}', "basedpyright": '{"generalDiagnostics": []}'}
    empty = nothing.get(name, "[]" if name in ("pylint", "eslint") else "")
    assert read(checker, 0, empty, root) == Counter()
    for fault in ((127, output), (1, "Traceback: it broke"), (exit_code, "x" * KEPT_BYTES)):
        assert read(checker, *fault, root) is None


def test_one_message_counts_as_often_as_it_is_there():
    one, other = Finding("a.py", "E1", "bad", 3), Finding("b.py", "E1", "bad")
    assert new_findings(Counter({one: 1}), Counter({one: 3})) == (one, one)
    assert new_findings(Counter({one: 2}), Counter({other: 2})) == ()
    assert new_findings(Counter({one: 2}), Counter({one: 1})) == ()
    assert new_findings(Counter({one: 1}), Counter({one: 1, other: 1})) == (other,)


def test_a_line_that_several_checkers_complain_of_counts_once(repo):
    root, base = repo({"pyproject.toml": STRICT, "a.py": "x = 1\n"})
    judged = commit(root, {"a.py": "x = 1\ny = 2\n"})
    ruff, mypy = find_checkers(base, environment(root))[0]
    at_two, at_one = Counter({Finding("a.py", "E", "bad", 2): 1}), Counter({Finding("a.py", "E", "bad", 1): 2})
    none = Counter[Finding]()
    found = diagnose(base, judged, {ruff: (none, at_two), mypy: (none, at_two)})
    assert (found["part"], len(found["new"])) == (round(part(3, 1), 4), 2)
    assert diagnose(base, judged, {ruff: (none, at_one), mypy: (none, at_two)})["part"] == round(part(5, 1), 4)
    without = diagnose(base, judged, {ruff: (none, None), mypy: (None, at_two)}, ("ty",))
    assert (without["part"], without["no_answer"], without["not_installed"]) == (1.0, ["ruff", "mypy"], ["ty"])


def test_the_part_falls_with_findings_and_never_below_half():
    parts = [part(new, 20) for new in (0, 1, 3, 10, 10_000)]
    assert parts == sorted(parts, reverse=True)
    assert (parts[0], parts[-1] > 0.5) == (1.0, True)
    assert part(3, 10) < part(3, 1_000)


def test_a_number_in_a_message_that_other_code_moves_is_no_new_finding(repo):
    root, base = repo(CONFIGURED["flake8"])
    flake8 = installed("flake8", base)
    texts = ("a.py:9:1: C901 'f' is too complex (11 > 10)", "a.py:12:1: C901 'f' is too complex (14 > 10)")
    assert read(flake8, 1, texts[0], root) == read(flake8, 1, texts[1], root)


def test_files_that_a_checker_is_not_for_are_not_given_to_it(repo):
    root, base = repo({"pyproject.toml": STRICT})
    ruff, mypy = find_checkers(base, environment(root))[0]
    assert command(ruff, ["a.md", "b.js"]) is None is command(mypy, ["a.md"])
    assert command(ruff, ["-x.py", "a.md"])[-2:] == ["--force-exclude", "./-x.py"]
    assert command(mypy, ["a.py"]) == list(mypy.argv)
    assert command(ruff, [f"{n}.py" for n in range(1_001)]) is None


def test_clippy_judges_a_crate(repo):
    if not answers("cargo", "clippy", "--version"):
        pytest.skip("clippy is not on this machine, or has no toolchain for this home folder")
    manifest = "[package]\nname = 'm'\nversion = '0.1.0'\nedition = '2021'\n[lints.clippy]\nneedless_return = 'warn'\n"
    rust = "pub fn one() -> i32 {\n    1\n}\n"
    root, base = repo({"Cargo.toml": manifest, "src/lib.rs": rust, ".gitignore": "target\nCargo.lock\n"})
    judged = commit(root, {"src/lib.rs": rust.replace("    1", "    return 1;")})
    found = judge(base, judged, ["src/lib.rs"])
    assert found["checkers"] == {"clippy": {"before": 0, "after": 1, "new": 1}}
    assert found["new"][0] | {"message": ""} == {
        "checker": "clippy",
        "path": "src/lib.rs",
        "line": 2,
        "code": "clippy::needless_return",
        "message": "",
    }


PACKAGE = {"name": "m", "private": True, "devDependencies": {"eslint": "^9", "typescript": "~5.9"}}
TSCONFIG = (
    '{"compilerOptions": {"strict": true, "lib": ["es5"], "skipLibCheck": true, "types": []}, "include": ["src"]}'
)
ESLINT_CONFIG = "module.exports = [{rules: {'no-unused-vars': 'error'}}];\n"


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    """eslint and TypeScript, once."""
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text(json.dumps(PACKAGE))
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not on this machine")
    ran = subprocess.run([npm, "install", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, check=False)
    if ran.returncode:
        pytest.skip(f"npm cannot install eslint and typescript here: {ran.stderr.decode()[-200:]}")
    return folder / "node_modules"


def test_the_checkers_of_javascript_find_what_a_patch_adds(repo, node_modules):
    files = {
        "package.json": json.dumps(PACKAGE),
        "eslint.config.js": ESLINT_CONFIG,
        "tsconfig.json": TSCONFIG,
        ".gitignore": "node_modules\n",
        "src/use.ts": 'import { total } from "./cart";\nexport const sum: number = total([1]);\n',
        "src/cart.ts": "export function total(prices: number[]): number {\n  return prices.length;\n}\n",
        "a.js": "module.exports = 1;\n",
    }
    root, base = repo(files)
    (root / "node_modules").symlink_to(node_modules, target_is_directory=True)
    write(root, {".git/info/exclude": "node_modules\n"})
    worse = files["src/cart.ts"].replace(": number {", ": string {").replace("prices.length", "String(prices)")
    judged = commit(root, {"src/cart.ts": worse, "a.js": "const left = 2;\nmodule.exports = 1;\n"})
    found = judge(base, judged, ["src/cart.ts", "a.js"], ("node_modules",))
    assert [(item["checker"], item["path"], item["line"], item["code"]) for item in found["new"]] == [
        ("eslint", "a.js", 1, "no-unused-vars"),
        ("tsc", "src/use.ts", 2, "TS2322"),
    ]
    assert found["no_answer"] == []
