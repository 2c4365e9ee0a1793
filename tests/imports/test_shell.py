"""What a shell command is taken to have done, by its words."""

from __future__ import annotations

import pytest

from mcp_router.imports.shell import read_shell

SAME = [
    "pytest tests/test_a.py",
    "python -m pytest tests/test_a.py",
    "python3.11 -m pytest -q tests/test_a.py",
    ".venv/bin/python -m pytest -vv --tb=short tests/test_a.py 2>&1 | tail -20",
    "cd /r && PYTHONPATH=. timeout 60 pytest -x tests/test_a.py; echo done",
    "uv run --with hypothesis pytest tests/test_a.py > out.txt",
]


@pytest.mark.parametrize("command", SAME)
def test_one_run_of_tests_is_known_in_all_its_forms(command: str) -> None:
    assert read_shell(command, "/r").tests == (("/r", "pytest tests/test_a.py"),)
    assert read_shell(command, "/r").edits == ()


@pytest.mark.parametrize(
    "command",
    [
        "npm test",
        "npm run test:unit",
        "node --test",
        "npx vitest run",
        "cargo test",
        "go test ./...",
        "make check",
        "./run_tests.sh",
        "python tests/test_a.py",
        "./gradlew test",
        "python manage.py test",
    ],
)
def test_runners_are_known_by_their_command(command: str) -> None:
    assert len(read_shell(command, "/r").tests) == 1


@pytest.mark.parametrize("command", ["cat pytest.log", "grep -rn pytest .", "echo 1 failed", "test -f a", "ls tests"])
def test_a_command_that_only_speaks_of_tests_runs_none(command: str) -> None:
    assert read_shell(command, "/r").tests == ()


def test_other_tests_and_another_folder_are_another_run() -> None:
    runs = {read_shell(c, "/r").tests for c in ("pytest", "pytest tests", "pytest -k add", "cd sub && pytest")}
    assert len(runs) == 4


@pytest.mark.parametrize(("command", "is_plain"), [
    ("pytest", True),
    ("cd /r && pytest", True),
    ("pytest | tail -1", False),
    ("pytest; echo done", False),
    ("pytest || true", False),
    ("make build && pytest", False),
])  # fmt: skip
def test_only_a_plain_commands_exit_code_is_the_tests_own(command: str, is_plain: bool) -> None:
    assert read_shell(command, "/r").plain is is_plain


@pytest.mark.parametrize(("command", "edits"), [
    ("sed -i 's/a/b/' shop/cart.py", ("shop/cart.py",)),
    ("cat > shop/cart.py <<'EOF'\nx = 'it''s'; pytest\nEOF", ("shop/cart.py",)),
    ("echo x >> tests/test_a.py && pytest", ("tests/test_a.py",)),
    ("apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: shop/cart.py\n*** End Patch\nEOF", ("shop/cart.py",)),
    ("python - <<'EOF'\nfrom pathlib import Path\nPath('shop/cart.py').write_text('')\nEOF", ("shop/cart.py",)),
    ("rm -rf tests/test_a.py", ("tests/test_a.py",)),
    ("git stash", (None,)),
    ("git -C sub checkout -- .", (None,)),
    ("jest -u", (None,)),
    ("echo 'unclosed", (None,)),
    ("ls -la 2>/dev/null", ()),
    ("git status && git diff HEAD", ()),
])  # fmt: skip
def test_files_that_a_command_changes_are_named_or_known_to_be_unknown(
    command: str, edits: tuple[str | None, ...]
) -> None:
    assert set(read_shell(command, "/r").edits) >= set(edits)
    assert bool(read_shell(command, "/r").edits) == bool(edits)


def test_a_text_that_is_given_to_a_command_is_no_beginning_of_a_file() -> None:
    assert read_shell("cat <<< word\npytest", "/r").tests == (("/r", "pytest"),)


def test_what_stands_in_a_file_that_is_written_is_not_run() -> None:
    assert read_shell("cat > run.py <<'EOF'\npytest\nEOF", "/r").tests == ()
