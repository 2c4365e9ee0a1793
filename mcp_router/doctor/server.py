"""The server's answer in each era of the protocol, and how long a hook takes to start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_router.doctor.findings import MODULE, Finding, Ground, failure, not_applicable, ok, warning
from mcp_router.verifier.text import one_line

ANSWER_S = 20.0
TOOLS = 3
TRIALS = 5
MORE_MS, HOOK_MS = 60.0, 100.0
"""What a hook may take over a bare interpreter, and in all."""
ERAS: tuple[tuple[Literal["legacy", "auto"], str], ...] = (("legacy", "2025-11-25"), ("auto", "2026-07-28"))
RECENT_S = 7 * 86_400
NO_EVENT = "doctor"
"""Not an event of any client: the hook starts, reads, and does nothing."""


def server(ground: Ground) -> Iterator[Finding]:
    """A server process with these settings and an empty memory, asked in both eras."""
    for mode, era in ERAS:
        with _settings_alone(ground) as home, tempfile.TemporaryFile("w+") as errors:
            began = time.monotonic()
            try:
                version, tools = _ask(ground, home, mode, errors)
            except Exception as error:
                # Whatever the SDK raises, in groups of exceptions mostly; what the server said is better.
                errors.seek(0)
                said = errors.read().strip().splitlines()
                yield failure("server", f"no answer in {era}: {said[-1] if said else _innermost(error)}", _by_hand())
                continue
        took = f"in {time.monotonic() - began:.1f} s, with {tools} tools"
        if version == era and tools == TOOLS:
            yield ok("server", f"answers in {version} {took}")
        else:
            yield failure("server", f"asked in {era} it answers in {version} {took}", "uv tool upgrade acrouter")


def hooks(ground: Ground) -> Iterator[Finding]:
    """Start-up of the command that hooks call, over that of a bare interpreter: the fastest of a few trials."""
    if find_spec("mcp_router.hooks") is None:
        yield not_applicable("hooks", "this version has no hooks")
        return
    command = shutil.which("acrouter", path=ground.env.get("PATH", os.defpath))
    argv = [command] if command else list(MODULE)
    with _settings_alone(ground) as home:
        env = {**ground.env, "ACROUTER_HOME": str(home)}
        bare = min(_run_ms([sys.executable, "-I", "-c", "pass"], env) for _ in range(TRIALS))
        whole = min(_run_ms([*argv, "hook", NO_EVENT], env) for _ in range(TRIALS))
    says = f"a hook starts in {whole:.0f} ms, {whole - bare:.0f} ms over a bare interpreter"
    if whole - bare <= MORE_MS and whole <= HOOK_MS:
        yield ok("hooks", says)
    else:
        place = f"keep {Path(sys.prefix)} on a local disk and out of a virus scanner's way"
        fix = place if whole - bare > MORE_MS else "acrouter doctor  # again, when the machine is less busy"
        yield warning("hooks", f"{says}: too slow, so it may be ended without an answer", fix)
    yield from _faults(ground.home / "hooks.log")


def _faults(log: Path) -> Iterator[Finding]:
    """A hook never fails in front of the agent: what went wrong is in its log alone."""
    if log.is_file() and time.time() - log.stat().st_mtime < RECENT_S:
        *_, last = ["", *log.read_text(encoding="utf-8", errors="replace").splitlines()]
        yield warning("hooks", f"the last fault of a hook: {last}", f"less {log}")


@contextmanager
def _settings_alone(ground: Ground) -> Iterator[Path]:
    """A state folder for one process that holds nothing but a copy of the settings: the real one is not touched."""
    with tempfile.TemporaryDirectory(prefix="acrouter-doctor-", ignore_cleanup_errors=True) as name:
        if (ground.home / "config.toml").is_file():
            shutil.copyfile(ground.home / "config.toml", Path(name, "config.toml"))
        yield Path(name)


def _ask(ground: Ground, home: Path, mode: Literal["legacy", "auto"], errors: object) -> tuple[str, int]:
    """The version of the protocol that was agreed on, and the number of tools."""
    env = {**ground.env, "ACROUTER_HOME": str(home), "CLAUDE_PROJECT_DIR": str(ground.folder)}
    parameters = StdioServerParameters(command=MODULE[0], args=[*MODULE[1:], "serve"], env=env, cwd=ground.folder)

    async def ask() -> tuple[str, int]:
        with anyio.fail_after(ANSWER_S):
            async with Client(stdio_client(parameters, errlog=errors), mode=mode) as client:  # type: ignore[arg-type]
                listed = await client.list_tools()
                return str(client.protocol_version), len(listed.tools)

    return anyio.run(ask)


def _run_ms(argv: Sequence[str], env: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run(argv, env=env, input=b"{}", capture_output=True, timeout=ANSWER_S, check=False)
    return (time.monotonic() - began) * 1000


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return one_line(f"{type(error).__name__} {error}")


def _by_hand() -> str:
    return f"{' '.join(MODULE)} serve  # shows what is wrong; Ctrl-D ends it"
