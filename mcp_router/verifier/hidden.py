"""A test file that the repository does not have: laid into the judged tree, run last, in a process of its own."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mcp_router.errors import BadInput
from mcp_router.verifier.paths import classify


@dataclass(frozen=True, slots=True)
class Hidden:
    """A test file, its content, and how to run it with {file} for its place; None: by the runner of the checks."""

    source: Path
    content: bytes
    command: str | None = None


def read_hidden(path: Path, command: str | None = None) -> Hidden:
    """The file as it is now.

    Raises:
        BadInput: it cannot be read, or is a Python file with a syntax error.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"hidden: {path} cannot be read ({error.strerror}); name a test file.") from None
    if path.suffix == ".py":
        try:
            compile(content, path.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise BadInput(f"hidden: {path} is not valid Python ({error}); correct it.") from None
    return Hidden(path, content, command)


def hidden_name(names: tuple[str, ...], source: Path) -> str:
    """Where to lay the file: next to most of the tests, under a name that nothing can know."""
    beside = Counter(str(PurePosixPath(name).parent) for name in names if _is_test(name, source.suffix))
    parent = PurePosixPath(beside.most_common(1)[0][0]) if beside else PurePosixPath()
    token = secrets.token_hex(8)
    if source.suffix == ".py":
        return str(parent / f"test_{token}.py")
    if source.suffix == ".go":
        return str(parent / f"hidden_{token}_test.go")
    return str(parent / f"hidden-{token}.test{source.suffix}")


def _is_test(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and classify(name) == "test"


def digest(content: bytes) -> str:
    """A name for content in a cache."""
    return hashlib.sha256(content).hexdigest()
