"""One patch on one base, read and looked at: what there is to judge before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from mcp_router.types import VerificationRequest
from mcp_router.verifier import patch as patches
from mcp_router.verifier.changes import Change, Tree, changes_between
from mcp_router.verifier.integrity import Integrity, inspect, judged_tree
from mcp_router.verifier.workspace import Repository


@dataclass(frozen=True, slots=True)
class Case:
    """What was asked, the base's tree, the tree to run the checks on, and what was found in the changed files.

    commit is the base as a commit; hidden the content of the hidden test file, None where there is none.
    """

    request: VerificationRequest
    commit: str
    base: Tree
    judged: Tree
    changes: tuple[Change, ...]
    integrity: Integrity
    hidden: bytes | None

    def changed(self) -> list[str]:
        """The paths that the patch changes."""
        return [change.path for change in self.changes]


def read_case(request: VerificationRequest, repo: Repository, commit: str, base: Tree, hidden: bytes | None) -> Case:
    """Read a patch and look at every path that it changes.

    Raises:
        PatchRefused: it cannot be used.
    """
    patches.check(request.patch)
    patched = Tree(repo.root, patches.patched_tree(repo.root, base.id, request.patch))
    changes = changes_between(repo.root, base.id, patched.id)
    integrity = inspect(base, patched, changes, request.task)
    judged = Tree(repo.root, judged_tree(repo.root, patched.id, integrity.restored))
    return Case(request, commit, base, judged, changes, integrity, hidden)
