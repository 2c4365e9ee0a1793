"""Makes the traces that the importers' tests read, by running the real clients against scripted models.

`python -m tests.imports.make_traces` writes the folders of tests/imports/traces anew: what each client kept of a few
sessions in one small repository. Needs the clients of `make acceptance`. Paths of the machine become @REPO@ and @HOME@,
and lines in which a client speaks of itself and its host are left out.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.acceptance.clients import User, claude_code, codex, opencode, write_codex_config, write_opencode_config
from tests.acceptance.models import Play, Say, Script, ScriptedModels, Shown

TEST = (
    "import unittest\n\nfrom {module} import {name}\n\n\nclass Test(unittest.TestCase):\n"
    "    def test_{name}(self):\n        self.assertEqual({call}, {want})\n"
)
FILES = {
    "calc.py": "def add(a, b):\n    return a - b\n",
    "slug.py": "def slug(text):\n    return text\n",
    "tests/__init__.py": "",
    "tests/test_calc.py": TEST.format(name="add", module="calc", call="add(2, 3)", want="5"),
    "tests/test_slug.py": TEST.format(name="slug", module="slug", call="slug('A b')", want="'a-b'"),
}
CALC = "python3 -m unittest -q tests.test_calc"
SLUG = "python3 -m unittest -q tests.test_slug"
FIX = "Fix add in calc.py so that tests/test_calc.py passes."
SLUGIFY = "Make slug in slug.py lower-case its text and join words with dashes."
BREAK = "Rename the argument of add in calc.py."
SLUGGED = "text.lower().replace(' ', '-')"
EXPLAIN = "Explain what calc.py does."
LONG = 1500
TABLES = ("session", "message", "part")
TRACES = Path(__file__).parent / "traces"
PATCH = "*** Begin Patch\n*** Update File: {file}\n@@\n-    return {old}\n+    return {new}\n*** End Patch\n"


def play(*answers: Say) -> Callable[[Shown], Play]:
    """A model that answers the same whatever it is shown."""

    def acting(_: Shown) -> Play:
        for answer in answers:
            _ = yield answer

    return acting


def call(name: str, text: str = "", /, **arguments: Any) -> Say:
    """An answer that calls one tool."""
    return Say(text, calls=[(name, arguments)])


def claude_script(repo: Path) -> Script:
    """A turn that mends, with a subagent that mends; one that breaks, behind a pipe; and one without work."""
    calc, slug = str(repo / "calc.py"), str(repo / "slug.py")
    agent = {"description": "slug", "prompt": SLUGIFY, "subagent_type": "general-purpose", "model": "haiku"}
    return {
        FIX: play(
            Say("I run the test.", calls=[("Bash", {"command": CALC}), ("Read", {"file_path": calc})]),
            call("Edit", file_path=calc, old_string="a - b", new_string="a + b"),
            call("Bash", command=CALC),
            call("Agent", **agent, run_in_background=False),
            Say("Both are fixed."),
        ),
        SLUGIFY: play(
            Say(calls=[("Bash", {"command": SLUG}), ("Read", {"file_path": slug})]),
            call("Edit", file_path=slug, old_string="return text", new_string=f"return {SLUGGED}"),
            call("Bash", command=SLUG),
            Say("slug is fixed."),
        ),
        BREAK: play(
            Say(calls=[("Bash", {"command": CALC}), ("Read", {"file_path": calc})]),
            call("Edit", file_path=calc, old_string="a, b", new_string="x, b"),
            call("Bash", command=f"{CALC} 2>&1 | tail -n 1"),
            Say("Done, all tests pass.", served_by="claude-sonnet-5-5"),
        ),
        EXPLAIN: play(Say("It adds.")),
    }


def codex_script(_: Path) -> Script:
    """A turn that mends, with a subagent that mends, and one without work. Edits are patches."""

    def mended(command: str, patch: str, *then: Say) -> Callable[[Shown], Play]:
        apply = f"apply_patch <<'EOF'\n{patch}EOF"
        steps = [call("exec_command", cmd=one) for one in (command, apply, command)]
        return play(*steps, *then, Say("It is fixed."))

    return {
        FIX: mended(
            CALC,
            PATCH.format(file="calc.py", old="a - b", new="a + b"),
            call("multi_agent_v1.spawn_agent", message=SLUGIFY),
            call("exec_command", cmd="sleep 3"),
        ),
        SLUGIFY: mended(SLUG, PATCH.format(file="slug.py", old="text", new=SLUGGED)),
        EXPLAIN: play(Say("It adds.")),
    }


def opencode_script(repo: Path) -> Script:
    """As for Codex, with tools for edits."""
    calc, slug = str(repo / "calc.py"), str(repo / "slug.py")
    return {
        FIX: play(
            Say(calls=[("bash", {"command": CALC, "description": "test"}), ("read", {"filePath": calc})]),
            call("edit", filePath=calc, oldString="a - b", newString="a + b"),
            call("bash", command=CALC, description="test"),
            call("task", description="slug", prompt=SLUGIFY, subagent_type="general"),
            Say("Both are fixed."),
        ),
        SLUGIFY: play(
            Say(calls=[("bash", {"command": SLUG, "description": "test"}), ("read", {"filePath": slug})]),
            call("edit", filePath=slug, oldString="return text", newString=f"return {SLUGGED}"),
            call("bash", command=SLUG, description="test"),
            Say("slug is fixed."),
        ),
        EXPLAIN: play(Say("It adds.")),
    }


def record(client: str, target: Path) -> None:
    """Run one client's sessions and keep what it wrote."""
    script, sessions = CLIENTS[client]
    with tempfile.TemporaryDirectory() as scratch:
        repo = make_repository(Path(scratch) / "repo")
        with ScriptedModels(script(repo)) as models:
            user = User(Path(scratch) / "home", repo, models)
            user.home.mkdir()
            kept = sessions(user)
            if models.faults:
                raise models.faults[0]
        shutil.rmtree(target, ignore_errors=True)
        _keep(
            kept, target, {str(repo): "@REPO@", str(user.home): "@HOME@", repo.as_posix().replace("/", "-"): "@REPO@"}
        )


def make_repository(repo: Path) -> Path:
    """A repository with two faults and a test for each."""
    for name, text in FILES.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    author = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    for argv in (("init", "-q"), ("add", "."), (*author, "commit", "-qm", "Begin")):
        subprocess.run(("git", *argv), cwd=repo, check=True)
    return repo


def _claude(user: User) -> Path:
    for prompt in (FIX, BREAK, EXPLAIN):
        user.run(*claude_code(prompt)).well()
    return user.home / ".claude" / "projects"


def _codex(user: User) -> Path:
    write_codex_config(user)
    for prompt in (FIX, EXPLAIN):
        user.run(*codex(prompt, model="scripted-large")).well()
    return user.home / ".codex" / "sessions"


def _opencode(user: User) -> Path:
    write_opencode_config(user)
    for prompt in (FIX, EXPLAIN):
        user.run(*opencode(prompt)).well()
    return user.home / ".local" / "share" / "opencode" / "opencode.db"


def _keep(kept: Path, target: Path, names: dict[str, str]) -> None:
    """Copy what tells of work, as text, without the machine's own names."""
    target.mkdir(parents=True)
    if kept.suffix == ".db":
        _keep_text(target / "opencode.sql", "\n".join(_dump(kept)), names)
    for path in sorted(kept.rglob("*.json*")):
        inside = path.relative_to(kept).parts
        # The folders above say where the repository was.
        place = target.joinpath(*inside[1:] if target.name == "claude-code" else inside[-1:])
        lines = path.read_text(encoding="utf-8").splitlines()
        _keep_text(place, "".join(f"{_short(line)}\n" for line in map(json.loads, lines) if _is_ours(line)), names)


def _keep_text(place: Path, text: str, names: dict[str, str]) -> None:
    for name, mark in names.items():
        text = text.replace(name, mark)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def _is_ours(line: dict[str, Any]) -> bool:
    return not str(line.get("type", "")).startswith(("attachment", "response_item", "world_state", "api-"))


def _short(line: dict[str, Any]) -> str:
    """A line of JSON whose long texts are cut."""
    return json.dumps(_cut(line), separators=(",", ":"))


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items() if key != "base_instructions"}
    if isinstance(value, list):
        return [_cut(item) for item in value]
    return value[:LONG] + "…" if isinstance(value, str) and len(value) > LONG else value


def _dump(database: Path) -> list[str]:
    """The statements that make the three tables that are read, and their rows."""
    connection = sqlite3.connect(database)
    made = [
        sql
        for (sql,) in connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name IN ('session', 'message', 'part')"
        )
    ]
    statements = [f"{sql.replace(chr(10), ' ')};" for sql in made]
    rows = [line for line in connection.iterdump() if line.startswith(tuple(f'INSERT INTO "{t}"' for t in TABLES))]
    connection.close()
    return [*statements, *rows]


CLIENTS: dict[str, tuple[Callable[[Path], Script], Callable[[User], Path]]] = {
    "claude-code": (claude_script, _claude),
    "codex": (codex_script, _codex),
    "opencode": (opencode_script, _opencode),
}

if __name__ == "__main__":
    for name in CLIENTS:
        record(name, TRACES / name)
