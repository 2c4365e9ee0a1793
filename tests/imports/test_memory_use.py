"""A long history is read in bounded memory. `python -m tests.imports.test_memory_use MB` prints how long it takes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.imports.history import Claude, acrouter

MEGABYTES = 200
LIMIT_MB = 160
"""All memory of the process; a history of 1 MB takes some 90."""

MEASURE = """
import sys
from pathlib import Path
from mcp_router.imports.run import import_history
from mcp_router.session import Session
session = Session(Path(sys.argv[1]), Path(sys.argv[1]))
told = import_history(session, "claude-code", Path(sys.argv[2]))
session.close()
# ru_maxrss also knows the memory of the process that started this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(told["total"]["subtasks"], told["total"]["pass"], int(peak.split()[1]) // 1024)
"""


def write_history(folder: Path, megabytes: int) -> int:
    """One session of that size, most of it attachments and long outputs as in real ones; returns its subtasks."""
    main = Claude(folder, folder)
    turns = []
    for n in range(50):
        turns.append(f"Fix bug {n} of the cart.")
        main.human(turns[-1])
        main.bash("pytest", "E " * 10_000 + "\n1 failed in 0.1s", 1)
        main.write(type="attachment", attachment={"type": "file", "content": "x" * 60_000})
        main.write(type="api-request", body="y" * 100_000)
        main.edit("shop/cart.py", toolUseResult={"originalFile": "z" * 20_000})
        main.bash("pytest", "1 passed in 0.1s")
    block = main.file.read_bytes()
    copies = megabytes * 2**20 // len(block)
    with main.file.open("ab") as file:
        for copy in range(copies):
            # Other turns at another time, by other ids: nothing is known from before.
            fresh = block.replace(b'"main-', b'"main-%d-' % copy).replace(b"msg_None_", b"msg_%d_" % copy)
            fresh = fresh.replace(b"toolu_None_", b"toolu_%d_" % copy)
            file.write(fresh.replace(b"2026-11-24T09", b"20%02d-11-24T%02d" % (27 + copy // 24, copy % 24)))
    return 50 * (copies + 1)


def measure(home: Path, history: Path) -> list[int]:
    """Subtasks, passes, and the most memory that was used, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(home), str(history)], capture_output=True, text=True, check=True
    )
    return [int(word) for word in done.stdout.split()]


def test_200_mb_are_read_in_bounded_memory(tmp_path: Path) -> None:
    subtasks = write_history(tmp_path, MEGABYTES)
    found, passed, used = measure(tmp_path / "home", tmp_path / "projects")
    assert (found, passed) == (subtasks, subtasks)
    assert used < LIMIT_MB, f"{used} MB"


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    main = Claude(tmp_path, tmp_path)
    main.human("Fix it.")
    main.answer()
    with main.file.open("ab") as file:
        file.write(b'{"type":"user","message":"' + b"x" * (40 * 2**20) + b'"}\n')
    done = acrouter(tmp_path / "home", "memory", "import", "--from", "claude-code", tmp_path / "projects", "--json")
    told = json.loads(done.stdout)
    assert (told["not_read"]["long_lines"], told["total"]["subtasks"]) == (1, 1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        write_history(Path(scratch), int(sys.argv[1]))
        start = time.perf_counter()
        found, passed, used = measure(Path(scratch) / "home", Path(scratch) / "projects")
        print(f"{sys.argv[1]} MB, {found} subtasks, {passed} passed: {time.perf_counter() - start:.0f} s, {used} MB")
