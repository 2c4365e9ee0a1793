"""The packages of a monorepo, from the files of a tree, and which of them a patch concerns."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection
from dataclasses import dataclass

from mcp_router.verifier.changes import Tree
from mcp_router.verifier.manifests import Manifest, read_manifests
from mcp_router.verifier.paths import classify

SHARED = ("build", "harness", "ci")
"""What a file at the top of the repository may be that decides over all packages."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package. folder: its place in the repository, "" at the top; needs: the names of others here that it uses."""

    folder: str
    name: str
    ecosystem: str
    needs: frozenset[str]


def find_packages(tree: Tree) -> tuple[Package, ...]:
    """All packages of a tree, by folder; a manifest that cannot be read is left out.

    Where a workspace names its members, other manifests of its kind under it are none. A needed name that no package
    here has is left out.
    """
    own = [manifest for manifest in _members(read_manifests(tree)) if manifest.own]
    at = {(manifest.ecosystem, manifest.folder): manifest.name for manifest in own}
    names = {(manifest.ecosystem, manifest.name) for manifest in own}
    packages = []
    for manifest in own:
        wanted = manifest.needs | {at.get((manifest.ecosystem, folder), "") for folder in manifest.paths}
        needs = frozenset(name for name in wanted if (manifest.ecosystem, name) in names and name != manifest.name)
        packages.append(Package(manifest.folder, manifest.name, manifest.ecosystem, needs))
    return tuple(sorted(packages, key=lambda package: (package.folder, package.ecosystem)))


def affected(tree: Tree, changed: Collection[str]) -> tuple[Package, ...]:
    """The packages that hold a changed path and those that depend on them, however far, by folder.

    All of them when nothing is named, or when a path belongs to none: a lock file, shared configuration.
    """
    packages = find_packages(tree)
    owners = [_owners(packages, path) for path in changed]
    if not owners or not all(owners):
        return packages
    touched = set[Package]().union(*owners)
    while more := {package for package in packages if package not in touched and _needs_any(package, touched)}:
        touched |= more
    return tuple(package for package in packages if package in touched)


def _needs_any(package: Package, others: Collection[Package]) -> bool:
    return any(other.ecosystem == package.ecosystem and other.name in package.needs for other in others)


def _owners(packages: tuple[Package, ...], path: str) -> set[Package]:
    """The packages of the deepest folder that holds a path; none for one that decides over several."""
    if "/" not in path and len({package.folder for package in packages}) > 1 and classify(path) in SHARED:
        return set()
    holding = [package for package in packages if not package.folder or path.startswith(f"{package.folder}/")]
    deepest = max((package.folder for package in holding), key=len, default="")
    return {package for package in holding if package.folder == deepest}


def _members(manifests: list[Manifest]) -> list[Manifest]:
    """Without the manifests that lie under a workspace which does not name them."""
    spaces = [manifest for manifest in manifests if manifest.members is not None]
    # A folder that another package depends on by its path is a member without being named.
    linked = {(manifest.ecosystem, path) for manifest in manifests for path in manifest.paths}
    return [
        one
        for one in manifests
        if (one.ecosystem, one.folder) in linked or all(_admits(space, one) for space in spaces)
    ]


def _admits(space: Manifest, manifest: Manifest) -> bool:
    """Whether a workspace lets a manifest be a package: it names it, or has no say over it."""
    above = f"{space.folder}/" if space.folder else ""
    if (
        space.ecosystem != manifest.ecosystem
        or manifest.folder == space.folder
        or not manifest.folder.startswith(above)
    ):
        return True
    inside = manifest.folder[len(above) :]
    named = any(_fits(inside, pattern) for pattern in space.members or ())
    return named and not any(_fits(inside, pattern) for pattern in space.excluded)


def _fits(folder: str, pattern: str) -> bool:
    """Whether a pattern names a folder.

    >>> [_fits("packages/a/b", pattern) for pattern in ("packages/*", "packages/**", "./packages/a/b/", "packages/?/b")]
    [False, True, True, True]
    """
    return _fits_parts(folder.split("/"), [word for word in pattern.split("/") if word not in ("", ".")])


def _fits_parts(parts: list[str], words: list[str]) -> bool:
    if not words or words[0] == "**":
        return not parts if not words else any(_fits_parts(parts[at:], words[1:]) for at in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], words[0]) and _fits_parts(parts[1:], words[1:])
