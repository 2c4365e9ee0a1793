"""Judges the cases of the corpus, each repository made once, in a folder, a home and a state folder of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mcp_router.config import Config
from mcp_router.types import Verification, VerificationRequest
from mcp_router.verifier.sandboxes.bubblewrap import probe
from mcp_router.verifier.verifier import CheckVerifier

from .case import Case
from .repositories import REPOSITORIES

BAIT = {
    ".bashrc": "# mine\n",
    ".ssh/id_rsa": "not a key\n",
    ".aws/credentials": "[default]\n",
    "notes.txt": "mine\n",
}
"""The home folder that the patches try to reach."""
SECRETS = {".env": "TOKEN=none\n"}
"""Beside the repository's files, untracked and ignored."""
WHO = {f"GIT_{who}_{what}": "u@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
PLAIN = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_OPTIONAL_LOCKS": "0"}


class Corpus:
    """Where the cases run. `home` stands in for the user's home folder while they do."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.home = place / "home"
        self.state = place / "state"
        self.sandboxed, self.why_not = probe()
        for name, text in BAIT.items():
            _put(self.home / name, text.encode())

    def prepare(self, cases: Iterable[Case]) -> None:
        """Make the repositories of these cases."""
        for case in cases:
            self._repository(case.repository)

    def judge(self, case: Case) -> Verification:
        """The settled verdict on a case."""
        root = self._repository(case.repository)
        patch = case.patch if case.patch is not None else _patch(root, case.files)
        hidden = None
        if case.hidden is not None:
            hidden = self.place / "hidden" / ("hidden.test.js" if case.repository == "node" else "test_hidden.py")
            _put(hidden, case.hidden.encode())
        checks = {**({} if self.sandboxed else {"isolation": "none"}), **case.limits}
        config = Config.model_validate({"checks": checks})
        request = VerificationRequest(root, patch, task=case.task, hidden=hidden, timeout_s=case.timeout_s)
        return CheckVerifier(self.state, config).judge(request)

    def state_of(self) -> dict[str, str]:
        """Every file of the home folder and of the repositories, index and refs included."""
        places = [self.home, *sorted((self.place / "repositories").glob("*"))]
        return {
            str(path.relative_to(self.place)): _digest(path)
            for place in places
            for path in place.rglob("*")
            if _kept(path)
        }

    def _repository(self, name: str) -> Path:
        root = self.place / "repositories" / name
        if not root.exists():
            for path, text in {**REPOSITORIES[name], **SECRETS}.items():
                _put(root / path, text.encode())
            _put(root / ".git" / "info" / "exclude", b".env\n")
            _git(root, "init", "-q", "-b", "main")
            _put(root / ".git" / "info" / "exclude", b".env\n")
            _git(root, "add", "-A")
            _git(root, "commit", "-qm", "first")
        return root


@contextmanager
def corpus() -> Iterator[Corpus]:
    """A place for the cases, gone afterwards; the home folder of this process is the corpus's meanwhile."""
    with tempfile.TemporaryDirectory(prefix="corpus-", ignore_cleanup_errors=True) as name:
        made = Corpus(Path(name).resolve())
        before = {key: os.environ.get(key) for key in ("HOME", "ACROUTER_HOME", "XDG_CONFIG_HOME")}
        os.environ.update(HOME=str(made.home), ACROUTER_HOME=str(made.state))
        os.environ.pop("XDG_CONFIG_HOME", None)
        try:
            yield made
        finally:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value


def _patch(root: Path, files: dict[str, str | None]) -> bytes:
    """The patch that writes these files, made with an index of its own: the working tree is not touched."""
    with tempfile.TemporaryDirectory() as place:
        index = {"GIT_INDEX_FILE": f"{place}/index"}
        _git(root, "read-tree", "HEAD", **index)
        for name, text in files.items():
            if text is None:
                _git(root, "update-index", "--force-remove", name, **index)
                continue
            blob = _git(root, "hash-object", "-w", "--stdin", given=text.encode()).decode().strip()
            _git(root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", **index)
        return _git(root, "diff", "--cached", "--binary", "--full-index", "--no-renames", "HEAD", **index)


def _git(folder: Path, *args: str, given: bytes = b"", **env: str) -> bytes:
    outside = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", *args]
    return subprocess.run(
        command, cwd=folder, env={**outside, **WHO, **PLAIN, **env}, input=given, capture_output=True, check=True
    ).stdout


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _digest(path: Path) -> str:
    return str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()


def _kept(path: Path) -> bool:
    """Files that a user would miss or find; git's own objects and our refs are not."""
    parts = path.parts
    ours = ".git" in parts and (
        parts[parts.index(".git") + 1 :][:1] in (("objects",), ("worktrees",), ("acrouter",)) or "acrouter" in parts
    )
    return not ours and (path.is_symlink() or path.is_file())
