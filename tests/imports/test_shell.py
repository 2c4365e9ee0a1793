"""What a shell command is taken to have done, by its words."""

from __future__ import annotations

import pytest

from mcp_router.imports.session import Author, Session
from mcp_router.imports.shell import read_shell
from mcp_router.imports.verdict import NO_RUN, judge

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
    ("sed -i 's/a/b/' shop/cart.py", ("/r/shop/cart.py",)),
    ("cat > shop/cart.py <<'EOF'\nx = 'it''s'; pytest\nEOF", ("/r/shop/cart.py",)),
    ("echo x >> tests/test_a.py && pytest", ("/r/tests/test_a.py",)),
    ("apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: shop/cart.py\n*** End Patch\nEOF", ("/r/shop/cart.py",)),
    ("python - <<'EOF'\nfrom pathlib import Path\nPath('shop/cart.py').write_text('')\nEOF", ("/r/shop/cart.py",)),
    ("rm -rf tests/test_a.py", ("/r/tests/test_a.py",)),
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


def verdict_with(command: str) -> str:
    """Of red, an honest edit, the command, green: where that may have edited tests, nobody knows whose the green is."""
    author = Author("t", "m")
    session = Session()
    session.begin("t", "Fix it", "2026-01-01", "/r")
    session.ran(author, "1", "pytest", "/r", 1, "1 failed in 0.1s")
    session.edited(author, "2", "/r/shop/cart.py", "/r")
    session.ran(author, "3", command, "/r", 0, "")
    session.ran(author, "4", "pytest", "/r", 0, "1 passed in 0.1s")
    return judge(session.events).get(author, NO_RUN).verdict


@pytest.mark.parametrize(
    "command",
    [
        "grep -rl 3 tests | xargs sed -i s/3/4/",
        "find tests -name 'test_*.py' -exec sed -i s/3/4/ {} +",
        "find tests -delete",
        "for f in tests/*.py; do sed -i s/3/4/ $f; done",
        "if true; then rm tests/test_cart.py; fi",
        "bash -c 'sed -i s/3/4/ tests/test_cart.py'",
        "timeout 60 sed -i s/3/4/ tests/test_cart.py",
        "git rm tests/test_cart.py",
        "git mv tests/test_cart.py old.py",
        "git -c a=b -c c=d checkout -- tests",
        "rm -rf tests",
        "mv tests old",
        "cp -r /tmp/good tests",
        "sed -i s/3/4/ shop/cart.py tests/*.py",
        "cd tests && sed -i s/3/4/ cases.py",
        "python - <<'EOF'\nfor p in pathlib.Path('tests').glob('*'): p.write_text('')\nEOF",
        "python -c \"import os; os.remove('tests/test_a.py')\"",
        "go test ./... -update",
        "UPDATE_SNAPSHOTS=1 npm test",
        "rsync -a /tmp/good/ .",
        "awk -i inplace 1 tests/test_a.py",
        "sudo -u me sed -i s/3/4/ tests/test_a.py",
    ],
)
def test_a_command_that_may_have_changed_tests_makes_no_pass(command: str) -> None:
    assert verdict_with(command) == "no_signal"


@pytest.mark.parametrize(
    "command",
    [
        "git diff && git status",
        "ls -la tests; cat tests/test_a.py | head -5",
        "python repro.py",
        "sed -i s/3/4/ shop/cart.py",
        "ruff format .",
        "npm run build",
        "cd /r && grep -rn total . | sort | uniq -c",
        "find . -name '*.py' -exec grep -l total {} +",
    ],
)
def test_reading_building_and_formatting_leave_a_pass_a_pass(command: str) -> None:
    assert verdict_with(command) == "pass"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("timeout 60 pytest", "timeout 60 pytest --collect-only"),
        ("timeout 60 pytest tests/test_a.py", "timeout 60 pytest --ignore tests/test_a.py"),
        ("pytest", "PYTEST_ADDOPTS='--deselect a' pytest"),
        ("npm test", "SKIP_INTEGRATION=1 npm test"),
        ("frontend/run_tests.sh", "backend/run_tests.sh"),
        ("pytest", "pushd sub && pytest"),
        ("tox", "tox -l"),
    ],
)
def test_what_runs_other_tests_is_another_command(one: str, other: str) -> None:
    assert read_shell(one, "/r").tests != read_shell(other, "/r").tests


def test_a_folder_that_a_subshell_went_into_is_left_again() -> None:
    assert read_shell("(cd sub && ls); pytest", "/r").tests == (("/r", "pytest"),)


@pytest.mark.parametrize(
    "command",
    [
        *("npm install react@latest", "go install x@latest", "npm install -D vitest", "make latest", "go mod verify"),
        "cargo check",
    ],
)
def test_installing_and_compiling_run_no_tests(command: str) -> None:
    assert read_shell(command, "/r").tests == ()
