"""Reads what the manifests in a tree say of packages: npm, pnpm, yarn, cargo, go, and Python's."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from mcp_router.verifier.changes import Tree

NO_PACKAGES = re.compile(r"(^|/)(node_modules|vendor|third_party|testdata|(__)?fixtures(__)?|\.[^/]+)/")
"""Folders whose manifests are material of tests, or copies of others' work."""
ITEM = re.compile(r"""^\s*-\s+["']?([^"'#\s]+)["']?""")
REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")
GO_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
GO_REQUIRED = re.compile(r"^\s*(?:require\s+)?([\w.~-]+(?:/[\w.~-]+)*)\s+v\d", re.MULTILINE)
GO_REPLACED = re.compile(r"=>\s+\"?(\.{1,2}/[^\s\"]*)")
NPM_NEEDS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
CARGO_NEEDS = ("dependencies", "dev-dependencies", "build-dependencies")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest of a folder says.

    own: it is a package, not only the top of a workspace. needs: names that it depends on, and paths: folders.
    members and excluded: patterns of the workspace's folders, relative to its own; None where it is no workspace.
    """

    folder: str
    ecosystem: str
    name: str
    own: bool = True
    needs: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    members: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()


def read_manifests(tree: Tree) -> list[Manifest]:
    """All manifests of a tree, in git's order, one a folder and ecosystem; those that cannot be read are left out."""
    names = [name for name in tree.names() if name.rpartition("/")[2] in READERS and not NO_PACKAGES.search(name)]
    found: dict[tuple[str, str], Manifest] = {}
    for path, text in tree.texts(names).items():
        folder = posixpath.dirname(path)
        try:
            manifest = READERS[PurePosixPath(path).name](folder, text)
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
        key = (folder, manifest.ecosystem)
        found[key] = _both(found[key], manifest) if key in found else manifest
    return list(found.values())


def _both(one: Manifest, other: Manifest) -> Manifest:
    """A package.json and the file beside it that makes it the top of a workspace."""
    package, space = (one, other) if one.name else (other, one)
    members = (*(package.members or ()), *(space.members or ()))
    return replace(package, own=False, members=members, excluded=package.excluded + space.excluded)


def _npm(folder: str, text: str) -> Manifest:
    data = json.loads(text)
    spaces = data.get("workspaces")
    patterns = spaces.get("packages", []) if isinstance(spaces, dict) else spaces
    needs = frozenset(name for kind in NPM_NEEDS for name in data.get(kind) or {})
    # The top of a workspace holds what all share.
    return _workspace(Manifest(folder, "npm", data.get("name") or folder or ".", patterns is None, needs), patterns)


def _lerna(folder: str, text: str) -> Manifest:
    return _workspace(Manifest(folder, "npm", "", own=False), json.loads(text).get("packages"))


def _pnpm(folder: str, text: str) -> Manifest:
    _, listed = re.split(r"^packages:", text, maxsplit=1, flags=re.MULTILINE)
    items = []
    for line in listed.splitlines()[1:]:
        if item := ITEM.match(line):
            items.append(item[1])
        elif line.strip() and not line.lstrip().startswith("#"):
            break
    return _workspace(Manifest(folder, "npm", "", own=False), items)


def _workspace(manifest: Manifest, patterns: list[str] | None, excluded: Iterable[str] = ()) -> Manifest:
    if patterns is None:
        return manifest
    members = tuple(pattern for pattern in patterns if not pattern.startswith("!"))
    not_these = (*(pattern[1:] for pattern in patterns if pattern.startswith("!")), *excluded)
    return replace(manifest, members=members, excluded=not_these)


def _cargo(folder: str, text: str) -> Manifest:
    data = tomllib.loads(text)
    space, package = data.get("workspace"), data.get("package")
    tables = [data, *data.get("target", {}).values()]
    needs: set[str] = set()
    paths: set[str] = set()
    for table in (table.get(kind, {}) for table in tables for kind in CARGO_NEEDS):
        for name, value in table.items():
            needs.add(value.get("package", name) if isinstance(value, dict) else name)
            paths |= _paths(folder, [value.get("path")] if isinstance(value, dict) else [])
    name = package["name"] if package else ""
    manifest = Manifest(folder, "cargo", name, package is not None, frozenset(needs), frozenset(paths))
    return manifest if space is None else _workspace(manifest, space.get("members", []), space.get("exclude", []))


def _go_mod(folder: str, text: str) -> Manifest:
    module = GO_MODULE.search(text)
    if module is None:
        raise ValueError("no module")
    needs = frozenset(GO_REQUIRED.findall(text))
    return Manifest(folder, "go", module[1], needs=needs, paths=frozenset(_paths(folder, GO_REPLACED.findall(text))))


def _pyproject(folder: str, text: str) -> Manifest:
    data = tomllib.loads(text)
    project, tool = data.get("project", {}), data.get("tool", {})
    poetry, uv = tool.get("poetry", {}), tool.get("uv", {})
    groups = poetry.get("group", {}).values()
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [group.get("dependencies", {}) for group in groups]
    listed = [*project.get("dependencies", ()), *uv.get("dev-dependencies", ())]
    for lines in (*project.get("optional-dependencies", {}).values(), *data.get("dependency-groups", {}).values()):
        listed += [line for line in lines if isinstance(line, str)]
    needs = [found[1] for line in listed if (found := REQUIREMENT.match(line))] + [
        name for one in tables for name in one
    ]
    sources = [*uv.get("sources", {}).values(), *(value for table in tables for value in table.values())]
    paths = _paths(folder, [source.get("path") for source in sources if isinstance(source, dict)])
    name = project.get("name") or poetry.get("name")
    manifest = Manifest(
        folder,
        "python",
        _normal(name) if name else folder,
        bool(name or "build-system" in data),
        frozenset(map(_normal, needs)),
        frozenset(paths),
    )
    space = uv.get("workspace")
    return manifest if space is None else _workspace(manifest, space.get("members", []), space.get("exclude", []))


def _normal(name: str) -> str:
    """A Python project's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _paths(folder: str, paths: Iterable[str | None]) -> set[str]:
    """Folders of the repository, from paths as a manifest in `folder` writes them."""
    joined = (posixpath.normpath(posixpath.join(folder, path)) for path in paths if path)
    return {"" if path == "." else path for path in joined}


READERS: dict[str, Callable[[str, str], Manifest]] = {
    "package.json": _npm,
    "pnpm-workspace.yaml": _pnpm,
    "lerna.json": _lerna,
    "Cargo.toml": _cargo,
    "go.mod": _go_mod,
    "pyproject.toml": _pyproject,
}
