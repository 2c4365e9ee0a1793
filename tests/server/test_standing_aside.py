"""ACROUTER_OFF makes all of it stand aside, and what a repository names runs unprotected only when it is trusted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mcp_router.config import Config, load_repository_config
from mcp_router.intake import Request
from mcp_router.session import Session
from mcp_router.trust import trust
from mcp_router.types import VerificationRequest
from mcp_router.verifier.verifier import CheckVerifier
from mcp_router.verifier.workspace import open_repository
from tools.report_outcome import Report, report_outcome
from tools.route_task import route_task

from .scene import TASK, Scene

PATCH = b"--- a/README.md\n+++ b/README.md\n@@ -0,0 +1 @@\n+words\n"


def test_when_it_is_off_nothing_is_decided_and_nothing_recorded(plain: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACROUTER_OFF", "1")
    session = Session(plain.home, plain.root)
    assert route_task(session, Request(TASK), None).status == "off"
    assert report_outcome(session, Report("d_1", success=True)).status == "off"
    session.close()
    assert session.store.decisions() == []


def test_checks_that_a_repository_names_run_unprotected_only_when_it_is_trusted(tmp_path: Path) -> None:
    root, home = tmp_path / "repo", tmp_path / "home"
    root.mkdir()
    marker = tmp_path / "ran"
    (root / ".acrouter.toml").write_text(f"[checks]\ncommand = \"sh -c 'echo x > {marker}'\"\n")
    (root / "README.md").touch()
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    verifier = CheckVerifier(home, Config.model_validate({"checks": {"isolation": "none"}}))
    before = verifier.verify(VerificationRequest(root, PATCH))
    assert before.verdict == "no_signal"
    assert "acrouter trust" in before.reasons[0]
    assert not marker.exists()
    checks = load_repository_config((root / ".acrouter.toml").read_text()).checks
    trust(home, open_repository(root).identity, checks)
    assert verifier.verify(VerificationRequest(root, PATCH)).verdict == "pass"
    assert marker.exists()
