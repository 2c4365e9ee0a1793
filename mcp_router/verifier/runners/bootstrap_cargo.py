"""Runs `cargo test` and passes on all that it prints, over the channel; where not every target compiles, goes on
with those that do, one by one.

The text of this file is given to an interpreter with `-c`; it may be an old one and knows nothing of us. Argument:
JSON with the whole command, the command for one target, what follows its options, and the descriptor of the channel.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any


def main() -> int:
    """Run all; returns cargo's exit code."""
    told = json.loads(sys.argv[1])
    with open(told["channel"], "wb", buffering=0) as channel:  # noqa: PTH123
        code, artifacts, built = run(told["whole"], channel)
        if not built:
            for target in targets(artifacts, told["docs"]):
                run([*told["each"], *target, *told["after"]], channel)
    return code


def run(command: list[str], channel: IO[bytes]) -> tuple[int, list[Any], bool]:
    """Exit code, what was compiled, and whether all of it was."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    artifacts, built = [], True
    assert process.stdout is not None
    for line in process.stdout:
        channel.write(line)
        if line.startswith(b'{"reason":'):
            message = json.loads(line)
            built = built and message.get("success", True)
            if message["reason"] == "compiler-artifact":
                artifacts.append(message)
    return process.wait(), artifacts, built


def targets(artifacts: list[Any], docs: bool) -> Iterator[list[str]]:
    """The options that choose each target of tests that compiled; for a library, its documentation's too."""
    tests = [message for message in artifacts if message["profile"]["test"] and message.get("executable")]
    tested = {message["package_id"] for message in tests}
    for message in tests:
        kind, name = message["target"]["kind"][0], message["target"]["name"]
        chosen = ["--%s" % kind, name] if kind in ("bin", "test", "example", "bench") else ["--lib"]  # noqa: UP031
        yield ["-p", message["package_id"], *chosen]
    for message in artifacts:
        library = message["target"]["kind"][0] not in ("bin", "test", "example", "bench", "custom-build")
        if docs and library and not message["profile"]["test"] and message["package_id"] in tested:
            yield ["-p", message["package_id"], "--doc"]


if __name__ == "__main__":
    sys.exit(main())
