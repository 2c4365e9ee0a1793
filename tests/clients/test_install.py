"""`acrouter install` as a user runs it: real processes in a home folder of their own."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcp_router.clients.by_hand import snippets
from mcp_router.clients.install import plan, write
from mcp_router.errors import BadInput

from .stand import PYTHON, client, golden, place

COMMAND = [sys.executable, "-I", "-m", "mcp_router", "install"]
FOREIGN = '{"mcpServers": {"acrouter": {"command": "other-router"}}}\n'


@dataclass(frozen=True)
class User:
    """Somebody with a home folder and a project."""

    home: Path
    project: Path

    @property
    def env(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": "/nonexistent", "TERM": "dumb"}

    def install(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.env,
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def results(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.install(*arguments, "--json")
        found: list[dict[str, Any]] = json.loads(done.stdout)["clients"]
        return found

    def answer(self, said: str, *arguments: str) -> tuple[int, str]:
        """Run it on a terminal, and type an answer to what it asks."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [*COMMAND, *arguments], env=self.env, cwd=self.project, stdin=theirs, stdout=theirs, stderr=theirs
        ) as process:
            os.close(theirs)
            os.write(ours, f"{said}\n".encode())
            printed = b""
            try:
                while data := os.read(ours, 4096):
                    printed += data
            except OSError:
                pass  # Linux ends a terminal that nobody holds with an error.
        os.close(ours)
        return process.returncode, printed.decode()

    def file(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def user(tmp_path: Path) -> User:
    made = User(tmp_path / "home", tmp_path / "project")
    made.home.mkdir()
    (made.project / ".git").mkdir(parents=True)
    return made


def test_all_installs_for_the_clients_that_are_there_and_takes_everything_out_again(user: User) -> None:
    user.file(".claude/settings.json", "{}")
    config = user.file(".codex/config.toml", golden("codex", "existing").read_text())
    before = {path: path.read_bytes() for path in user.home.rglob("*") if path.is_file()}
    assert [(r["client"], r["status"]) for r in user.results("--all")] == [
        ("claude-code", "installed"),
        ("codex", "installed"),
    ]
    server = json.loads((user.home / ".claude.json").read_text())["mcpServers"]["acrouter"]
    assert [server["command"], *server["args"]] == [sys.executable, "-I", "-m", "mcp_router", "serve"]
    assert tomllib.loads(config.read_text())["mcp_servers"]["acrouter"]["command"] == sys.executable
    # Claude Code keeps the mode of this file and writes keys into it.
    assert stat.S_IMODE((user.home / ".claude.json").stat().st_mode) == 0o600
    assert [r["status"] for r in user.results("--all")] == ["unchanged", "unchanged"]
    assert {"deleted", "restored", "absent"} == {r["status"] for r in user.results("--all", "--remove")}
    assert {path: path.read_bytes() for path in user.home.rglob("*") if path.is_file()} == before


def test_the_change_is_shown_first_and_the_backup_is_named(user: User) -> None:
    config = user.file(".cursor/mcp.json", golden("cursor", "existing").read_text())
    done = user.install("cursor")
    assert done.returncode == 0
    assert f"+++ {config}" in done.stdout
    assert '+\t\t"acrouter": {' in done.stdout
    (backup,) = config.parent.glob("*.bak")
    assert f"Backup: {backup}" in done.stdout
    assert backup.read_bytes() == golden("cursor", "existing").read_bytes()


def test_a_dry_run_writes_nothing(user: User) -> None:
    done = user.install("opencode", "--dry-run")
    assert done.returncode == 0
    assert '+    "acrouter": {' in done.stdout
    assert list(user.home.iterdir()) == []


def test_the_scope_of_a_project_is_its_root(user: User) -> None:
    below = user.project / "src"
    below.mkdir()
    done = User(user.home, below).install("vscode", "--scope", "project")
    assert done.returncode == 0
    made = user.project / ".vscode/mcp.json"
    assert "acrouter" in json.loads(made.read_text())["servers"]
    assert made.stat().st_mode == user.file("plain", "").stat().st_mode
    assert user.install("vscode", "--scope", "project", "--remove").returncode == 0
    assert {path.name for path in user.project.iterdir()} == {".git", "src"}


def test_a_person_is_asked_and_no_means_no(user: User) -> None:
    code, printed = user.answer("n", "codex")
    assert code == 1
    assert "Write this? [Y/n]" in printed
    assert not (user.home / ".codex").exists()
    code, printed = user.answer("y", "codex")
    assert code == 0
    assert (user.home / ".codex/config.toml").exists()


def test_a_person_is_told_of_a_foreign_entry_and_keeps_it_by_default(user: User) -> None:
    config = user.file(".cursor/mcp.json", FOREIGN)
    code, printed = user.answer("", "cursor")
    assert code == 1
    assert "This entry starts another program. Replace it? [y/N]" in printed
    assert config.read_text() == FOREIGN


def test_a_foreign_entry_is_replaced_with_yes_only_and_comes_back(user: User) -> None:
    config = user.file(".cursor/mcp.json", FOREIGN)
    for arguments in ((), ("--remove",)):
        done = user.install("cursor", *arguments)
        assert done.returncode == 2
        assert f"acrouter in {config} starts another program; nothing was written; --yes overrules this." in done.stderr
        assert config.read_text() == FOREIGN
    assert [r["status"] for r in user.results("cursor", "--yes")] == ["replaced"]
    assert [r["status"] for r in user.results("cursor", "--remove")] == ["restored"]
    assert config.read_text() == FOREIGN


def test_a_file_that_cannot_be_read_is_left_alone_and_the_others_are_done(user: User) -> None:
    broken = user.file(".cursor/mcp.json", '{\n  "mcpServers": {\n    "a" 1\n  }\n}\n')
    user.file(".codex/config.toml", "model = \n")
    user.file(".claude.json", "{}")
    done = user.install("--all")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"acrouter: {broken} was left alone: line 3: expected \":\", found '1\\n  }}\\n}}\\n'; mend that line first.",
        f"acrouter: {user.home}/.codex/config.toml was left alone: it is not valid TOML: "
        "Invalid value (at line 1, column 9); mend that line first.",
    ]
    assert broken.read_text() == '{\n  "mcpServers": {\n    "a" 1\n  }\n}\n'
    assert "acrouter" in (user.home / ".claude.json").read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mcp_servers = { a = { command = 'x' } }\n", "its form has no room for a table of its own"),
        ("[mcp_servers]\nacrouter = { command = 'acrouter' }\n", "is not a table of its own there"),
    ],
)
def test_a_form_that_cannot_be_edited_is_told(user: User, text: str, said: str) -> None:
    config = user.file(".codex/config.toml", text)
    done = user.install("codex")
    assert done.returncode == 2
    assert said in done.stderr
    assert "by hand" in done.stderr
    assert config.read_text() == text


def test_an_entry_that_is_there_twice_is_not_taken_for_one(user: User) -> None:
    text = '{"mcpServers": {"acrouter": {"command": "acrouter"}, "acrouter": {"command": "acrouter"}}}\n'
    config = user.file(".cursor/mcp.json", text)
    done = user.install("cursor", "--remove")
    assert done.returncode == 2
    assert "its form is not one that can be edited safely; edit it by hand." in done.stderr
    assert config.read_text() == text


def test_a_link_is_written_through_and_the_mode_stays(user: User) -> None:
    real = user.file("dotfiles/claude.json", "{}\n")
    real.chmod(0o600)
    link = user.home / ".claude.json"
    link.symlink_to(real)
    assert user.install("claude-code").returncode == 0
    assert link.is_symlink()
    assert "acrouter" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    (backup,) = user.home.glob(".claude.json.acrouter-*.bak")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert user.install("claude-code", "--remove").returncode == 0
    assert link.is_symlink()
    assert real.read_text() == "{}\n"


def test_an_empty_file_is_filled_and_is_empty_again(user: User) -> None:
    config = user.file(".cursor/mcp.json", "")
    assert [r["status"] for r in user.results("cursor")] == ["installed"]
    assert [r["status"] for r in user.results("cursor", "--remove")] == ["restored"]
    assert config.read_bytes() == b""


def test_secrets_of_neighbours_are_not_shown(user: User) -> None:
    secret = "sk-ant-api03-" + "a1B2" * 12
    user.file(".cursor/mcp.json", f'{{\n  "mcpServers": {{\n    "a": {{"env": {{"API_KEY": "{secret}"}}}}\n  }}\n}}\n')
    done = user.install("cursor")
    assert '"a"' in done.stdout
    assert secret not in done.stdout
    assert secret in (user.home / ".cursor/mcp.json").read_text()


def test_a_file_that_changed_since_the_plan_is_not_overwritten(tmp_path: Path) -> None:
    one = client("cursor", tmp_path)
    change = plan(one, "user")
    one.file("user").parent.mkdir()
    one.file("user").write_text("{}")
    with pytest.raises(BadInput, match="was changed meanwhile; nothing was written"):
        write(change)
    assert one.file("user").read_text() == "{}"


def test_other_clients_get_a_snippet(tmp_path: Path) -> None:
    by_name = {one.name: one for one in snippets(place(tmp_path))}
    goose = by_name.pop("goose").text
    for one in by_name.values():
        (servers,) = json.loads(one.text).values()
        assert servers["acrouter"] == {"command": PYTHON, "args": ["-I", "-m", "mcp_router", "serve"]}
    assert list(by_name) == ["zed", "windsurf", "gemini-cli", "cline"]
    assert goose.startswith("extensions:\n  acrouter:\n")


def test_goose_gets_its_own_form(user: User) -> None:
    done = user.install("goose")
    assert done.returncode == 0
    assert done.stdout.startswith(
        "Put this into ~/.config/goose/config.yaml:\n\nextensions:\n  acrouter:\n    enabled: true\n"
    )
    assert f'\n    cmd: "{sys.executable}"\n    args: ["-I", "-m", "mcp_router", "serve"]\n' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name one CLIENT, or --all"),
        (("cursor", "--all"), "name one CLIENT, or --all"),
        (("curser",), "'curser' is not one of 'claude-code', 'cursor'"),
        (("claude-desktop", "--scope", "project"), "Claude Desktop has no file of scope project; use --scope user."),
    ],
)
def test_wrong_use_is_one_sentence(user: User, arguments: tuple[str, ...], said: str) -> None:
    done = user.install(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_there_is_said(user: User) -> None:
    done = user.install("--all")
    assert done.returncode == 1
    assert done.stdout.startswith("Found nowhere: claude-code, cursor")


def test_keys_of_other_servers_are_not_shown_beside_the_change(user: User) -> None:
    other = {"command": "npx", "args": ["--api-key", "f00dfeedf00dfeed1234"], "env": {"PIN": "hunter2"}}
    user.file(".cursor/mcp.json", json.dumps({"mcpServers": {"w": other}}, indent=2))
    said = user.install("cursor").stdout
    assert '"acrouter"' in said
    assert "f00dfeed" not in said
    assert "hunter2" not in said


def test_variables_that_the_server_reads_now_are_added_to_those_of_the_user(user: User) -> None:
    user.install("codex")
    file = user.home / ".codex" / "config.toml"
    file.write_text(file.read_text().replace('"OPENAI_API_KEY"', '"OPENAI_API_KEY", "MINE"') + "enabled = false\n")
    config = user.home / ".local" / "share" / "acrouter" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[models.x]\nprovider = "openai"\nkey_env = "GATEWAY_KEY"\n')
    assert user.results("codex")[0]["status"] == "updated"
    entry = tomllib.loads(file.read_text())["mcp_servers"]["acrouter"]
    assert {"MINE", "GATEWAY_KEY", "ACROUTER_HOME"} <= set(entry["env_vars"])
    assert entry["enabled"] is True
    assert user.results("codex")[0]["status"] == "unchanged"


def test_what_the_user_wrote_into_our_entry_is_kept_in_a_backup_when_it_goes(user: User) -> None:
    user.install("cursor")
    file = user.home / ".cursor" / "mcp.json"
    data = json.loads(file.read_text())
    data["mcpServers"]["acrouter"]["env"] = {"MINE": "my-only-copy"}
    file.write_text(json.dumps(data, indent=2) + "\n")
    (result,) = user.results("cursor", "--remove")
    assert "my-only-copy" in Path(result["backup"]).read_text()


def test_claude_code_s_older_file_is_used_where_it_is(user: User) -> None:
    older = user.file(".claude/.config.json", '{"mcpServers": {}}\n')
    assert user.results("claude-code")[0]["file"] == str(older)
    assert not (user.home / ".claude.json").exists()


def test_the_user_s_link_stays_when_the_file_that_we_made_behind_it_goes(user: User) -> None:
    (user.home / "dot").mkdir()
    (user.home / ".cursor").mkdir()
    link = user.home / ".cursor" / "mcp.json"
    link.symlink_to(user.home / "dot" / "mcp.json")
    user.install("cursor")
    assert (user.home / "dot" / "mcp.json").exists()
    user.install("cursor", "--remove")
    assert link.is_symlink()
    assert not (user.home / "dot" / "mcp.json").exists()


def test_a_file_that_only_mentions_us_is_not_the_one_with_our_entry(user: User) -> None:
    user.file(".config/opencode/opencode.jsonc", "{\n  // see ~/acrouter/notes.md\n}\n")
    plain = user.file(".config/opencode/opencode.json", '{"mcp": {"acrouter": {"command": ["acrouter", "serve"]}}}\n')
    (result,) = user.results("opencode", "--remove")
    assert (result["file"], result["status"]) == (str(plain), "removed")
