"""What of the changes in a tree is one subagent's: parallel ones share it, and the user and the parent edit too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_router.hooks.calls import Call
from mcp_router.hooks.transcript import Work
from mcp_router.verifier.git import git, temporary_index
from mcp_router.verifier.text import some
from mcp_router.verifier.workspace import Repository, commit_tree, diff

LATE = "the subagent had begun to change files before the state they started from was recorded"
SPLIT = "two models edited in one subagent, so that its result is neither's"


@dataclass(frozen=True, slots=True)
class Share:
    """A subagent's part of the changes: the patch and the commit that holds it, or why that cannot be told."""

    patch: bytes = b""
    commit: str | None = None
    unclear: str | None = None


def share_of(repo: Repository, base: str, after: str, call: Call, work: Work, others: Sequence[Work]) -> Share:
    """What one subagent changed between two commits of a tree.

    others: what others did there meanwhile, its parent too if that did not wait.
    """
    entries = changes(repo, base, after)
    named = _inside(repo.root, work.edits)
    theirs = {path for other in others for path in _inside(repo.root, other.edits)}
    rest = set(entries) - named - theirs
    if len(work.editors) > 1 or (len(work.served) > 1 and work.commands_ns is not None and rest):
        return Share(unclear=SPLIT)
    if contested := named & theirs & set(entries):
        return Share(unclear=f"others edited the same files at the same time: {some(sorted(contested))}")
    by_command = rest if work.commands_ns is not None else set()
    if by_command and (others or not call.foreground):
        return Share(unclear=f"who changed {some(sorted(by_command))} cannot be told: others were at work there too")
    if is_late(call, work, bool(by_command)):
        return Share(unclear=LATE)
    return limited(repo, base, {path: entries[path] for path in entries if path in named | by_command})


def is_late(call: Call, work: Work, by_command: bool) -> bool:
    """Whether an edit came before the recorded state was complete, which may then hold it."""
    moments = [at for at in work.edits.values() if at]
    if by_command and work.commands_ns:
        moments.append(work.commands_ns)
    return bool(moments) and call.base_ns is not None and min(moments) < call.base_ns


def changes(repo: Repository, base: str, after: str) -> dict[str, bytes]:
    """The paths that differ between two commits, each with its entry as `update-index --index-info` takes it."""
    raw = git(repo.root, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", base, after)
    parts = raw.split(b"\0")
    found = {}
    for head, path in zip(parts[::2], parts[1::2], strict=False):
        _, mode, _, blob, _ = head.split(b" ")
        found[path.decode(errors="surrogateescape")] = mode + b" " + blob + b"\t" + path
    return found


def limited(repo: Repository, base: str, entries: dict[str, bytes]) -> Share:
    """Only these changes on top of the base."""
    if not entries:
        return Share()
    with temporary_index() as env:
        git(repo.root, "read-tree", base, env=env)
        git(repo.root, "update-index", "-z", "--index-info", input=b"\0".join(entries.values()) + b"\0", env=env)
        tree = git(repo.root, "write-tree", env=env).decode().strip()
    commit = commit_tree(repo, tree, base, "acrouter: a subagent's work")
    return Share(diff(repo, base, commit), commit)


def _inside(root: Path, paths: Collection[str]) -> set[str]:
    found = set()
    for path in map(Path, paths):
        full = path if path.is_absolute() else root / path
        for place in (full, full.resolve()):
            if place.is_relative_to(root):
                found.add(place.relative_to(root).as_posix())
    return found
