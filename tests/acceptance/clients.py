"""The real clients, headless: each starts in an empty home and talks to scripted models only."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from mcp_router.demo.stage import isolation_here, plain_path
from mcp_router.demo.subtasks import Subtask
from memory_store.store import MemoryStore
from tests.server.scene import git

from .models import ScriptedModels

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".clients" / "node_modules" / ".bin"
SERVER = (sys.executable, "-I", "-m", "mcp_router", "serve")
SECONDS = 240.0
"""After so long a client is taken to hang. On two idle cores none takes a quarter of it."""


@dataclass(frozen=True)
class Finished:
    """How a client ended."""

    code: int
    stdout: str
    stderr: str

    def well(self) -> Finished:
        """Itself, where the client says that all went well."""
        assert self.code == 0, self
        return self


@dataclass(frozen=True)
class User:
    """Somebody with an empty home, one repository, and models that are scripted."""

    home: Path
    repo: Path
    models: ScriptedModels

    @property
    def state(self) -> Path:
        """The router's state folder."""
        return self.home / "acrouter"

    def env(self) -> dict[str, str]:
        """The whole environment of a client."""
        return {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join((str(BIN), str(Path(sys.executable).parent), plain_path())),
            "NO_PROXY": "127.0.0.1",
            "ACROUTER_HOME": str(self.state),
            "CLAUDE_CONFIG_DIR": str(self.home / ".claude"),
            "ANTHROPIC_BASE_URL": self.models.base_url,
            "ANTHROPIC_API_KEY": "sk-ant-dummy",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "IS_SANDBOX": "1",
            "CODEX_HOME": str(self.home / ".codex"),
            "SCRIPTED_KEY": "sk-dummy",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        }

    def configure(self, top: str = "", tables: str = "") -> None:
        """Write the router's config.toml: keys, then tables.

        Twins raise or lower a verdict minutes after it; what they find is not for here.
        """
        checks = f'[checks]\nisolation = "{isolation_here()[0]}"\ntwins = false\n'
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "config.toml").write_text(f"{top}\n{checks}\n{tables}\n", encoding="utf-8")

    def memory(self) -> MemoryStore:
        """The router's memory as it is now."""
        return MemoryStore(self.state)

    def install(self, client: str) -> Finished:
        """Put the server into a client's configuration by our own command, beside what the client needs here."""
        if client == "codex":
            write_codex_config(self)
        elif client == "opencode":
            write_opencode_config(self)
        return self.run("acrouter", "install", client, "--yes").well()

    def lay_tests(self, subtasks: Iterable[Subtask]) -> None:
        """Commit the tests of subtasks, which fail until those are done."""
        for subtask in subtasks:
            (self.repo / subtask.test_file).write_text(subtask.test_source, encoding="utf-8")
        git(self.repo, "add", "-A")
        git(self.repo, "commit", "-qm", "tests first")

    def add_plugin(self, client: str) -> None:
        """Install the plugin by the two commands that its README names."""
        if client == "codex":
            write_codex_config(self)
        command = "claude" if client == "claude-code" else client
        verb = "install" if client == "claude-code" else "add"
        self.run(command, "plugin", "marketplace", "add", str(ROOT / "examples")).well()
        self.run(command, "plugin", verb, "acrouter@acrouter").well()

    def session(self, client: str, prompt: str) -> Finished:
        """A session of a client, to its end."""
        return self.run(*SESSIONS[client](prompt)).well()

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """A command of the user's, in the repository, in a group of its own."""
        return subprocess.Popen(
            argv,
            cwd=self.repo,
            env=self.env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def leave(self) -> None:
        """End what still runs for the user: the worker of hooks waits a minute for more."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("ACROUTER_HOME") == str(self.state):
                    process.kill()

    def run(self, *argv: str) -> Finished:
        """The same, waited for."""
        process = self.start(*argv)
        try:
            stdout, stderr = process.communicate(timeout=SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
        return Finished(process.returncode, stdout, stderr)


def claude_code(prompt: str, *options: str, model: str = "opus") -> tuple[str, ...]:
    """A session of Claude Code that may do everything, with the servers and plugins that the user has installed."""
    talk = ("--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions")
    return ("claude", "-p", prompt, "--model", model, *talk, *options)


def codex(prompt: str, *options: str, model: str = "gpt-6-luna") -> tuple[str, ...]:
    """A session of Codex that may do everything."""
    talk = (
        "--json",
        "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox",
        "--dangerously-bypass-hook-trust",
    )
    return ("codex", "exec", *talk, "-m", model, *options, prompt)


def opencode(prompt: str, *options: str, model: str = "scripted/large") -> tuple[str, ...]:
    """A session of opencode."""
    return ("opencode", "run", "--format", "json", "-m", model, *options, prompt)


SESSIONS = {"claude-code": claude_code, "codex": codex, "opencode": opencode}


def write_opencode_config(user: User) -> None:
    """Let opencode talk to the scripted models, with a subagent for each of them."""
    names = ("large", "haiku", "sonnet", "opus", "fable")
    options = {"baseURL": f"{user.models.base_url}/v1", "apiKey": "sk-dummy"}
    models = {name: {"name": name} for name in names}
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "scripted", "options": options, "models": models}
    agents = {name: {"mode": "subagent", "description": name, "model": f"scripted/{name}"} for name in names}
    folder = user.home / ".config" / "opencode"
    folder.mkdir(parents=True)
    config = {"provider": {"scripted": provider}, "agent": agents, "permission": "allow", "snapshot": False}
    (folder / "opencode.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def write_codex_config(user: User) -> None:
    """Let Codex talk to the scripted models."""
    folder = user.home / ".codex"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(
        'model_provider = "scripted"\n\n[model_providers.scripted]\nname = "scripted"\n'
        f'base_url = "{user.models.base_url}/v1"\nenv_key = "SCRIPTED_KEY"\nwire_api = "responses"\n'
        "supports_websockets = false\nrequest_max_retries = 0\nstream_max_retries = 0\n",
        encoding="utf-8",
    )
