"""One patch on one base, read and looked at: what there is to judge before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mcp_router.types import VerificationRequest
from mcp_router.verifier import patch as patches
from mcp_router.verifier.changes import Change, Tree, changes_between
from mcp_router.verifier.hidden import Hidden, read_hidden
from mcp_router.verifier.integrity import Integrity, inspect, judged_tree
from mcp_router.verifier.terms import Terms
from mcp_router.verifier.workspace import Repository


@dataclass(frozen=True, slots=True)
class Case:
    """What was asked, the base's tree, the tree to run the checks on, and what was found in the changed files.

    commit is the base as a commit; hidden a test file that the repository does not have.
    """

    request: VerificationRequest
    commit: str
    base: Tree
    judged: Tree
    changes: tuple[Change, ...]
    integrity: Integrity
    hidden: Hidden | None

    def with_hidden(self, terms: Terms) -> Case:
        """With the hidden file that the repository names, where the request names none.

        Raises:
            BadInput: that file cannot be used.
        """
        if self.hidden is not None or terms.hidden is None:
            return self
        return replace(self, hidden=read_hidden(terms.hidden, terms.hidden_command))

    def changed(self) -> list[str]:
        """The paths that the patch changes."""
        return [change.path for change in self.changes]


def read_case(request: VerificationRequest, repo: Repository, commit: str, base: Tree, hidden: Hidden | None) -> Case:
    """Read a patch and look at every path that it changes.

    Raises:
        PatchRefused: it cannot be used.
    """
    patches.check(request.patch)
    patched = Tree(repo.root, patches.patched_tree(repo.root, base.id, request.patch))
    changes = changes_between(repo.root, base.id, patched.id)
    integrity = inspect(base, patched, changes, request.task, request.checks)
    judged = Tree(repo.root, judged_tree(repo.root, patched.id, integrity.restored))
    return Case(request, commit, base, judged, changes, integrity, hidden)
