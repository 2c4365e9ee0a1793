"""mini-swe-agent: a folder of `*.traj.json`, one run each, versions 1 and 2 of its format.

Whether a run resolved its task is told by the results of a benchmark, where they lie in the same folder: a JSON file
with `resolved_ids` and `unresolved_ids`, or a `report.json` for each instance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from mcp_router.errors import BadInput
from mcp_router.imports.lines import count, moment, regular, table, text_of, usd, word
from mcp_router.imports.session import Author, Call, Reading, Session, Source, Subtask
from mcp_router.outcomes import digest
from memory_store.records import Tokens

SUFFIX = ".traj.json"
FILE_BYTES = 256 * 2**20
TASK = re.compile(r"<(pr_description|task|issue|instructions)>\s*(.*?)\s*</\1>|solve this issue:\s*(.*)", re.DOTALL)
LEAD = re.compile(r"^Consider the following PR description:\s*")
ACTION = re.compile(r"```(?:mswea_bash_command|bash)\s*\n(.*?)\n```", re.DOTALL)
CODE = re.compile(r"<returncode>(-?\d+)</returncode>")
ENDED = ("", "Submitted", "LimitsExceeded", "TimeExceeded", "RepeatedFormatError")
"""Ends that a run comes to by itself; any other is the name of an error."""


def default_path() -> Path:
    """None: its runs are wherever the user put them.

    Raises:
        BadInput: always.
    """
    raise BadInput("PATH: mini-swe-agent keeps its runs where you told it to; name the folder of *.traj.json files.")


def sources(path: Path) -> Iterator[Source]:
    """The runs below a folder, or one."""
    for file in [path] if path.is_file() else regular(path.rglob(f"*{SUFFIX}")):
        state = file.stat()
        mark = f"{state.st_size}-{state.st_mtime_ns} {_changed(_report(file))} {_changed(_results(path))}"
        yield Source(str(file.absolute()), (file, path), mark, state.st_size)


def read(source: Source, reading: Reading) -> Iterator[Session]:
    """The one run of a source."""
    file, folder = source.files
    reading.advance(source.size)
    if source.size > FILE_BYTES:
        reading.too_long += 1
        return
    try:
        data = table(json.loads(file.read_bytes()))
    except OSError:
        reading.unreadable += 1
        return
    except (ValueError, RecursionError):
        reading.broken += 1
        return
    instance = str(data.get("instance_id") or file.name.removesuffix(SUFFIX))
    yield _session(data, instance, file, _resolved(folder, file, instance))


def _session(data: dict[str, Any], instance: str, file: Path, is_resolved: bool | None) -> Session:
    session, info = Session(), table(data.get("info"))
    config = table(info.get("config"))
    model = word(table(config.get("model")).get("model_name")) or "unknown"
    said = data.get("messages")
    messages = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    cwd = word(table(config.get("environment")).get("cwd"))
    # Versions before 1.17 write no times: runs are then told apart by what was said.
    first = next((at for one in messages if (at := _moment(one))), "")
    mark = first or digest(json.dumps(messages))
    human = next((one for one in messages if one.get("role") == "user"), {})
    subtask = session.begin(
        f"{instance}/{model}/{mark}", _task(text_of(human.get("content"))), first or _written(file), cwd
    )
    subtask.resolved = is_resolved
    _replay(session, subtask, messages, model, cwd)
    status = str(info.get("exit_status") or "")
    subtask.fault = None if status in ENDED else f"it ended with {status}"
    # A cost of exactly 0 is what it writes when it does not know the price.
    subtask.cost_usd = usd(table(info.get("model_stats")).get("instance_cost")) or None
    return session


def _replay(session: Session, subtask: Subtask, messages: list[dict[str, Any]], model: str, cwd: Any) -> None:
    at, commands = subtask.at, list[str]()
    author = Author(subtask.key, model)
    for message in messages:
        at = _moment(message) or at
        extra = table(message.get("extra"))
        if message.get("role") == "assistant":
            response = table(extra.get("response"))
            served = word(response.get("model"))
            author = Author(subtask.key, served or model)
            session.answered(subtask, served, model, Call(at, _tokens(table(response.get("usage"))), model))
            commands = _commands(message, extra)
        elif commands and message.get("role") in ("tool", "user"):
            code, output = _observed(message, extra)
            session.ran(author, at, commands.pop(0), cwd, code, output)


def _commands(message: dict[str, Any], extra: dict[str, Any]) -> list[str]:
    actions = extra.get("actions")
    if isinstance(actions, list):
        return [str(table(one).get("command") or "") for one in actions]
    found = ACTION.findall(text_of(message.get("content")))
    return found if len(found) == 1 else []


def _observed(message: dict[str, Any], extra: dict[str, Any]) -> tuple[int | None, str]:
    code, text = extra.get("returncode"), extra.get("raw_output")
    if isinstance(code, int):
        return code, str(text or "")
    content = text_of(message.get("content"))
    match = CODE.search(content)
    return (int(match[1]) if match else None), content


def _tokens(usage: dict[str, Any]) -> Tokens:
    """Counts as OpenAI names them: the prompt's include what was cached."""
    prompt, details = count(usage.get("prompt_tokens")), table(usage.get("prompt_tokens_details"))
    cached = count(usage.get("cache_read_input_tokens")) or count(details.get("cached_tokens")) or 0
    written = count(usage.get("cache_creation_input_tokens")) or 0
    fresh = None if prompt is None else max(0, prompt - cached - written)
    return Tokens(
        input=fresh,
        cache_read=None if prompt is None else cached,
        cache_write=None if prompt is None else written,
        output=count(usage.get("completion_tokens")),
    )


def _task(text: str) -> str:
    """The task inside of the template that the agent puts around it."""
    match = TASK.search(text)
    return LEAD.sub("", match[2] or match[3] or text) if match else text


def _moment(message: dict[str, Any]) -> str:
    return moment(table(message.get("extra")).get("timestamp"), moment(message.get("timestamp")))


def _written(file: Path) -> str:
    return moment(file.stat().st_mtime)


def _report(file: Path) -> tuple[Path, ...]:
    """The results of one instance, where they lie beside its run."""
    path = file.parent / "report.json"
    return (path,) if path.is_file() else ()


def _results(folder: Path) -> tuple[Path, ...]:
    """The results of all, where they lie in the folder that was named."""
    found = folder.glob("*.json") if folder.is_dir() else ()
    return tuple(sorted(one for one in found if not one.name.endswith(SUFFIX) and one.stat().st_size < FILE_BYTES))


def _changed(paths: tuple[Path, ...]) -> int:
    return max((path.stat().st_mtime_ns for path in paths), default=0)


def _resolved(folder: Path, file: Path, instance: str) -> bool | None:
    """What the results say of an instance; None where they do not name it."""
    for paths in (_report(file), _results(folder)):
        said = _verdicts(paths, _changed(paths)).get(instance)
        if said is not None:
            return said
    return None


@lru_cache(maxsize=8)
def _verdicts(paths: tuple[Path, ...], mark: int) -> dict[str, bool]:  # noqa: ARG001
    """All that some result files say; `mark`, that of their last change, keeps an older answer from being given."""
    found: dict[str, bool] = {}
    for path in paths:
        try:
            data = table(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecursionError):
            continue
        reports = {key: table(value).get("resolved") for key, value in data.items()}
        found |= {key: said for key, said in reports.items() if isinstance(said, bool)}
        for key, said in (("resolved_ids", True), ("unresolved_ids", False)):
            found |= {str(instance): said for instance in data.get(key) or ()}
    return found
