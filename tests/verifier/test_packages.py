"""A patch concerns the packages that it touches and those that depend on them."""

from __future__ import annotations

import json

import pytest
from conftest import git, write

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.packages import affected, find_packages


def npm(name, *needs, **more):
    return json.dumps({"name": name, "dependencies": dict.fromkeys(needs, "*"), **more})


def cargo(name, *needs):
    lines = "".join(f'{need} = {{ path = "../{need}" }}\n' for need in needs)
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\n[dependencies]\n{lines}'


def python(name, *needs, more=""):
    return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = {list(needs)}\n{more}'


@pytest.fixture
def tree(tmp_path):
    def make(files):
        git(tmp_path, "init", "-q")
        write(tmp_path, files)
        git(tmp_path, "add", "-A")
        return Tree(tmp_path, git(tmp_path, "write-tree").decode().strip())

    return make


def shape(packages):
    return {package.folder: (package.name, sorted(package.needs)) for package in packages}


def folders(packages):
    return [package.folder for package in packages]


THREE = {"packages/a": ("a", []), "packages/b": ("b", ["a"]), "packages/c": ("c", ["b"])}
CHAIN = {"packages/a/package.json": npm("a"), "packages/b/package.json": npm("b", "a", "left-pad"),
         "packages/c/package.json": npm("c", "b"), "packages/a/test/fixtures/x/package.json": npm("x"),
         "tools/package.json": npm("tools")}  # fmt: skip
PNPM = "packages:\n  # ours\n  - 'packages/*'\n  - '!packages/old'\ncatalog:\n  - no\n"
NPM = {
    "npm": {"package.json": npm("root", workspaces=["packages/*"])},
    "yarn": {"package.json": npm("root", workspaces={"packages": ["./packages/**"]})},
    "pnpm": {"package.json": npm("root"), "pnpm-workspace.yaml": PNPM, "packages/old/package.json": npm("old")},
    "lerna": {"package.json": npm("root"), "lerna.json": '{"packages": ["packages/*"]}'},
}


@pytest.mark.parametrize("files", NPM.values(), ids=NPM)
def test_the_members_of_a_workspace_for_javascript_are_its_packages(tree, files):
    assert shape(find_packages(tree(CHAIN | files))) == THREE


def test_settings_of_pnpm_alone_make_no_workspace(tree):
    made = tree({"package.json": npm("one"), "pnpm-workspace.yaml": "onlyBuiltDependencies:\n  - esbuild\n"})
    assert shape(find_packages(made)) == {"": ("one", [])}


def test_a_cargo_workspace_has_its_members_their_paths_and_its_own_package(tree):
    made = tree(
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\n' + cargo("top"),
            "crates/core/Cargo.toml": cargo("my-core"),
            "crates/app/Cargo.toml": cargo("app")
            + 'renamed = { package = "my-core", version = "0.1" }\n'
            + '[target."cfg(unix)".dev-dependencies]\nby = { path = "../../linked" }\n',
            "crates/old/Cargo.toml": cargo("old"),
            "linked/Cargo.toml": cargo("linked"),
            "apart/Cargo.toml": cargo("apart"),
        }
    )
    assert shape(find_packages(made)) == {
        "": ("top", []),
        "crates/app": ("app", ["linked", "my-core"]),
        "crates/core": ("my-core", []),
        "linked": ("linked", []),
    }


API = """
    module example.com/api

    go 1.22

    require (
    \texample.com/store v0.0.0
    \tgolang.org/x/net v0.1.0 // indirect
    )
"""


def test_modules_of_go_need_what_they_require_or_replace(tree):
    made = tree(
        {
            "go.work": "go 1.22\nuse (\n\t./api\n\t./store\n)\n",
            "api/go.mod": API,
            "store/go.mod": "module example.com/store\n",
            "cmd/go.mod": "module example.com/cmd\nrequire example.com/api v1.2.3\n",
            "tool/go.mod": "module example.com/tool\nreplace example.com/other => ../store\n",
            "store/testdata/m/go.mod": "module example.com/m\n",
        }
    )
    assert shape(find_packages(made)) == {
        "api": ("example.com/api", ["example.com/store"]),
        "cmd": ("example.com/cmd", ["example.com/api"]),
        "store": ("example.com/store", []),
        "tool": ("example.com/tool", ["example.com/store"]),
    }


def test_python_projects_need_each_other_by_name_or_by_path(tree):
    poetry = (
        '[tool.poetry]\nname = "Poet"\n[tool.poetry.dependencies]\npython = "^3.11"\n'
        '[tool.poetry.group.dev.dependencies]\nx = { path = "../lib_a" }\n'
    )
    groups = '[dependency-groups]\ndev = ["Lib_A>=1", {include-group = "more"}]\n'
    made = tree(
        {
            "pyproject.toml": '[tool.ruff]\nline-length = 100\n[tool.uv.workspace]\nmembers = ["libs/*", "apps/**"]\n',
            "libs/lib_a/pyproject.toml": python("lib.a"),
            "libs/poet/pyproject.toml": poetry,
            "apps/x/web/pyproject.toml": python("web", "poet[all]>=1; python_version > '3'", "requests", more=groups),
            "docs/pyproject.toml": python("docs"),
        }
    )
    assert shape(find_packages(made)) == {
        "apps/x/web": ("web", ["lib-a", "poet"]),
        "libs/lib_a": ("lib-a", []),
        "libs/poet": ("poet", ["lib-a"]),
    }


def test_manifests_that_cannot_be_read_or_have_no_name_do_no_harm(tree):
    made = tree(
        {"a/package.json": "{", "b/Cargo.toml": "[[", "c/go.mod": "", "d/package.json": "[]", "e/package.json": "{}"}
    )
    assert shape(find_packages(made)) == {"e": ("e", [])}


@pytest.fixture
def repository(tree):
    return tree(
        CHAIN | NPM["npm"] | {"packages/b/inner/package.json": npm("inner"), "api/pyproject.toml": python("api")}
    )


ALL = ["api", "packages/a", "packages/b", "packages/c"]
CHANGED = {
    "nothing named": ([], ALL),
    "one that others need": (["packages/a/index.js"], ["packages/a", "packages/b", "packages/c"]),
    "one that another needs": (["packages/b/index.js"], ["packages/b", "packages/c"]),
    "one that none needs": (["packages/c/index.js"], ["packages/c"]),
    "two": (["api/x.py", "packages/c/index.js"], ["api", "packages/c"]),
    "a new file": (["packages/c/added/new.js"], ["packages/c"]),
    "no package's": (["scripts/build.js"], ALL),
    "the lock file": (["packages/c/index.js", "package-lock.json"], ALL),
    "a fixture's": (["packages/a/test/fixtures/x/package.json"], ["packages/a", "packages/b", "packages/c"]),
}


@pytest.mark.parametrize(("changed", "expected"), CHANGED.values(), ids=CHANGED)
def test_what_depends_on_a_touched_package_is_concerned_too(repository, changed, expected):
    assert folders(affected(repository, changed)) == expected


def test_circles_end_and_the_deepest_package_owns_a_path(tree):
    made = tree(
        {
            "a/package.json": npm("a", "b"),
            "b/package.json": npm("b", "a"),
            "b/inner/package.json": npm("inner"),
            "package.json": npm("root", "inner"),
        }
    )
    assert folders(affected(made, ["a/x.js"])) == ["a", "b"]
    assert folders(affected(made, ["b/inner/x.js"])) == ["", "b/inner"]
    assert folders(affected(made, ["src/x.js"])) == [""]
    assert folders(affected(made, ["tsconfig.json"])) == ["", "a", "b", "b/inner"]


def test_a_single_package_is_concerned_by_everything(tree):
    made = tree({"Cargo.toml": cargo("one")})
    assert shape(affected(made, ["Cargo.lock"])) == {"": ("one", [])}
    assert affected(tree({"Cargo.toml": "", "x": ""}), ["x"]) == ()
