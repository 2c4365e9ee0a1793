"""Each command: JSON alone on stdout, the right exit code, and one sentence for bad use."""

from __future__ import annotations

from pathlib import Path

import pytest

from .scene import RIGHT, SHOP, TASK, Scene, git
from .speaking import is_one_sentence

VERDICT_KEYS = {"verdict", "score", "reasons", "checks", "isolation"}


def patch_of(scene: Scene, text: str) -> Path:
    """A patch file that makes shop.py this text."""
    (scene.root / "shop.py").write_text(text)
    path = scene.home.parent / "change.patch"
    path.write_text(git(scene.root, "diff"))
    git(scene.root, "checkout", "-q", ".")
    return path


def test_a_task_is_routed_reported_and_shown(plain: Scene) -> None:
    routed = plain.json("route", TASK, process=True)
    assert routed["status"] == "advised"
    (plain.root / "shop.py").write_text(RIGHT)
    reported = plain.json("report", routed["decision_id"], "--success", process=True)
    assert (reported["verdict"], reported["source"]) == ("pass", "verified")
    shown = plain.json("memory", "show", process=True)
    assert (shown["decisions"], shown["attempts"], shown["verified"]) == (1, 1, 1)
    assert (plain.home / "memory.json").is_file()
    assert "verified: 1" in plain.command("memory", "show").stdout
    assert "bug_fixing" in plain.command("route", TASK, "--dry-run").stdout


def test_work_that_fails_is_an_answer_of_no(plain: Scene) -> None:
    decision_id = plain.json("route", TASK)["decision_id"]
    (plain.root / "shop.py").write_text(SHOP + "# nothing done\n")
    assert plain.json("report", decision_id, "--success", code=1, process=True)["verdict"] == "fail"


def test_a_delegated_task_waits_for_its_result(scene: Scene) -> None:
    done = scene.json("route", TASK, "--mode", "delegate", "--candidate", "right")
    assert (done["status"], done["run"]["attempts"][0]["verdict"]) == ("done", "pass")
    failed = scene.json("route", TASK, "--mode", "delegate", "--candidate", "wrong", code=1, process=True)
    assert failed["status"] == "failed"


def test_empty_lists_are_json_too(plain: Scene) -> None:
    assert plain.json("runs") == []
    assert plain.json("gc") == {"would_drop": []}
    assert plain.json("memory", "show")["decisions"] == 0


@pytest.mark.parametrize(
    "args",
    [
        ("route",),
        ("route", ""),
        ("route", TASK, "--mode", "later"),
        ("route", TASK, "--repo", "/no/such/folder"),
        ("route", TASK, "--mode", "delegate"),
        ("route", TASK, "--force-model", "gpt-0"),
        ("route", TASK, "--max-cost-usd", "much"),
        ("report", "d_nothing", "--success"),
        ("report", "d_nothing", "--score", "many"),
        ("verify",),
        ("verify", "--patch", "/no/such.patch"),
        ("verify", "--patch", "/dev/null", "--timeout", "-1"),
        ("verify", "--patch", "/dev/null", "--repo", "/no/such/folder"),
        ("verify", "--patch", "/dev/null", "--base", "nonsense"),
        ("verify", "--patch", "/dev/null", "--hidden", "/no/such/test.py"),
        ("diff", "d_nothing"),
        ("apply", "d_nothing"),
        ("discard", "d_nothing"),
        ("gc", "--days", "few"),
        ("serve", "--http", "99999"),
        ("nonsense",),
        ("memory", "nonsense"),
    ],
    ids=" ".join,
)
def test_bad_use_gets_a_sentence_and_exit_code_2(plain: Scene, args: tuple[str, ...]) -> None:
    takes_json = args[0] not in ("serve", "nonsense", "memory")
    done = plain.command(*args, *(["--json"] if takes_json else []), code=2)
    assert done.stdout == ""
    assert is_one_sentence(done.stderr.splitlines()[-1]), done.stderr


@pytest.mark.parametrize(
    "content",
    [b"", b"this is no patch\n", b"\x00\x01\x02\xff" * 50, "größe\n".encode("latin-1"), b"--- a/x\n+++ b/x\n@@ -1 +1"],
    ids=["empty", "garbage", "binary", "latin-1", "cut off"],
)
def test_any_readable_file_is_a_patch_that_can_be_judged(plain: Scene, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.patch"
    path.write_bytes(content)
    judged = plain.json("verify", "--repo", str(plain.root), "--patch", str(path), code=1)
    assert judged.keys() >= VERDICT_KEYS
    assert judged["verdict"] != "pass"
    assert judged["reasons"]


def test_a_right_patch_passes_and_a_wrong_one_does_not(plain: Scene) -> None:
    right = plain.json("verify", "--patch", str(patch_of(plain, RIGHT)), "--task", TASK, process=True)
    assert (right["verdict"], right["score"]) == ("pass", 1.0)
    assert right["isolation"]["level"] in ("bubblewrap", "none")
    nothing = plain.json("verify", "--patch", str(patch_of(plain, SHOP + "# nothing\n")), "--task", TASK, code=1)
    assert nothing["verdict"] == "fail"
    assert git(plain.root, "status", "--porcelain") == ""


def test_help_and_version_need_no_home(tmp_path: Path) -> None:
    scene = Scene(tmp_path, tmp_path / "file" / "home")
    (tmp_path / "file").write_text("")
    assert "acrouter" in scene.command("--version").stdout
    for command in ("serve", "route", "report", "verify", "memory", "runs", "diff", "apply", "discard", "gc", "demo"):
        assert "Usage" in scene.command(command, "--help").stdout
