"""What the configuration files say of the checks: the user's sets the limits, a repository's may only narrow them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import FILES, git, write

from mcp_router.config import Config, load_config, load_repository_config
from mcp_router.errors import BadInput
from mcp_router.trust import is_trusted, trust
from mcp_router.verifier.changes import Tree
from mcp_router.verifier.terms import terms_of
from mcp_router.verifier.workspace import open_repository, take_snapshot

OWN = ".acrouter.toml"
USER = {
    "timeout_s": 100,
    "memory_mb": 1000,
    "processes": 100,
    "disk_mb": 100,
    "parallel": 4,
    "twins": True,
    "diagnostics": False,
}


def terms(case, home, user=None):
    repo = open_repository(case.root)
    base = Tree(repo.root, take_snapshot(repo).tree)
    return terms_of(home, repo, base, Config.model_validate({"checks": user or {}}))


def trust_now(case, home):
    checks = load_repository_config((case.root / OWN).read_text()).checks
    trust(home, open_repository(case.root).identity, checks)


def acrouter(*words, home, cwd):
    env = {**os.environ, "ACROUTER_HOME": str(home)}
    ran = subprocess.run(
        [sys.executable, "-I", "-m", "mcp_router", *words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_without_any_configuration_the_limits_are_the_stated_ones(bench, tmp_path):
    found = terms(bench(), tmp_path)
    assert (found.timeout_s, found.memory_mb, found.processes, found.disk_mb) == (300, 8000, 512, 4000)
    assert (found.parallel, found.network, found.hidden, found.waiting) == (None, False, None, ())
    assert (found.twins, found.diagnostics) == (True, True)


def test_of_two_limits_the_lower_one_holds(bench, tmp_path):
    lower = "[checks]\ntimeout_s = 10\nmemory_mb = 2000\nprocesses = 20\ndisk_mb = 200\nparallel = 2\ntwins = false\n"
    found = terms(bench(FILES | {OWN: lower}), tmp_path, USER)
    assert (found.timeout_s, found.memory_mb, found.processes, found.disk_mb, found.parallel) == (10, 1000, 20, 100, 2)
    assert (found.twins, found.diagnostics) == (False, False)


def test_a_repository_cannot_turn_on_what_the_user_turned_off(bench, tmp_path):
    found = terms(
        bench(FILES | {OWN: "[checks]\ndiagnostics = true\ntwins = true\n"}), tmp_path, USER | {"twins": False}
    )
    assert (found.twins, found.diagnostics) == (False, False)


def test_the_network_and_tests_from_elsewhere_wait_for_the_users_trust(bench, tmp_path):
    outside = tmp_path / "elsewhere" / "test_more.py"
    write(tmp_path, {"elsewhere/test_more.py": "def test(): pass\n"})
    text = f'[checks]\nnetwork = true\n[checks.hidden]\nfile = "{outside}"\n'
    case = bench(FILES | {OWN: text})
    before = terms(case, tmp_path)
    assert (before.network, before.hidden, before.trusted, len(before.waiting)) == (False, None, False, 2)
    assert all("acrouter trust" in sentence for sentence in before.waiting)
    trust_now(case, tmp_path)
    after = terms(case, tmp_path)
    assert (after.network, after.hidden, after.trusted, after.waiting) == (True, outside, True, ())


def test_trust_is_for_the_checks_as_they_were(bench, tmp_path):
    case = bench(FILES | {OWN: "[checks]\nnetwork = true\ncommand = 'pytest'\n"})
    trust_now(case, tmp_path)
    assert terms(case, tmp_path).network
    write(case.root, {OWN: "# other words\n\n[checks]\ncommand = 'pytest'\nnetwork = true\n"})
    assert terms(case, tmp_path).network
    write(case.root, {OWN: "[checks]\nnetwork = true\ncommand = 'pytest; curl x'\n"})
    assert not terms(case, tmp_path).network


def test_trust_of_one_repository_is_not_trust_of_another(tmp_path):
    checks = load_repository_config("[checks]\nnetwork = true\n").checks
    trust(tmp_path, "a-1", checks)
    trust(tmp_path, "a-1", checks)
    trust(tmp_path, "c\nb-2", checks)
    assert [is_trusted(tmp_path, name, checks) for name in ("a-1", "b-2", "c\nb-2")] == [True, False, True]
    assert len((tmp_path / "trusted").read_text().splitlines()) == 2


def test_trust_from_before_it_named_the_checks_no_longer_counts(tmp_path):
    (tmp_path / "trusted").write_text("a-1\n")
    assert not is_trusted(tmp_path, "a-1", load_repository_config("").checks)


def test_hidden_tests_that_git_ignores_are_found_from_the_root(bench, tmp_path):
    text = '[checks.hidden]\nfile = "private/test_more.py"\ncommand = "pytest {file}"\n'
    case = bench(FILES | {OWN: text, ".gitignore": "private\n"})
    write(case.root, {"private/test_more.py": "def test(): pass\n"})
    found = terms(case, tmp_path)
    assert (found.hidden, found.hidden_command) == (case.root / "private/test_more.py", "pytest {file}")


@pytest.mark.parametrize("name", ["private/.env", "link/test_x.py", "../test_x.py"])
def test_a_repository_cannot_name_any_file_as_hidden_tests(bench, tmp_path, name):
    case = bench(FILES | {OWN: f'[checks.hidden]\nfile = "{name}"\n', ".gitignore": "private\nlink\n"})
    write(case.root, {"private/.env": "KEY=1\n"})
    write(tmp_path, {"test_x.py": "KEY = 1\n"})
    (case.root / "link").symlink_to(tmp_path)
    found = terms(case, tmp_path)
    assert (found.hidden, len(found.waiting)) == (None, 1)


@pytest.mark.parametrize("committed", [True, False])
def test_a_file_that_a_worker_would_see_is_not_hidden(bench, tmp_path, committed):
    case = bench(FILES | {OWN: '[checks.hidden]\nfile = "tests/test_more.py"\n'})
    write(case.root, {"tests/test_more.py": "def test(): pass\n"})
    if committed:
        git(case.root, "add", "-A")
        git(case.root, "commit", "-qm", "more")
    with pytest.raises(BadInput, match=r"hidden\.file: the repository holds tests/test_more\.py.*\.gitignore"):
        terms(case, tmp_path)


WRONG = {
    "timeout = 3": "unknown key checks.timeout; did you mean timeout_s?",
    "timeout_s = 0": "checks.timeout_s: Input should be greater than 0.",
    "parallel = 65": "checks.parallel: Input should be less than or equal to 64.",
    "parallel = 'all'": "checks.parallel: write a number, without quotes",
    "commands = ['']": "checks.commands.0: String should have at least 1 character.",
    "commands = 'a'": "checks.commands: Input should be a list.",
    "command = 'a'\ncommands = ['b']": "checks: command and commands say the same thing; keep one of them.",
    "report = '../x.xml'": 'checks.report: write "tap", or a pattern of files inside the repository such as',
    "report = '/x.xml'": "checks.report: ",
    "report = 'x.json'": "checks.report: ",
    "memory_mb = 1": "checks.memory_mb: Input should be greater than or equal to 64.",
    "processes = 1": "checks.processes: Input should be greater than or equal to 16.",
    "disk_mb = 0": "checks.disk_mb: Input should be greater than or equal to 16.",
    "twins = 'sometimes'": "checks.twins: write true or false, without quotes",
}
WRONG_HERE = {
    "isolation = 'none'": "unknown key checks.isolation; it belongs in your own config.toml.",
    "[checks.hidden]\nflie = 'x'": "did you mean file?",
    "[checks.hidden]": "checks.hidden.file: Field required.",
    "[checks.hidden]\nfile = 'x'\ncommand = 'sh'": "checks.hidden.command: write {file} where the file belongs",
}
WRONG_THERE = {
    "network = true": "unknown key checks.network; it belongs in .acrouter.toml.",
    "[checks.hidden]\nfile = 'x'": "unknown key checks.hidden; it belongs in .acrouter.toml.",
    "isolation = 'weak'": "checks.isolation: Input should be 'auto' or 'none'.",
}


@pytest.mark.parametrize(("line", "said"), (WRONG | WRONG_HERE).items())
def test_a_mistake_in_a_repository_is_one_sentence(line, said):
    with pytest.raises(BadInput) as caught:
        load_repository_config(f"[checks]\n{line}\n")
    assert str(caught.value).startswith(f"{OWN}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("line", "said"), (WRONG | WRONG_THERE).items())
def test_a_mistake_of_the_users_is_one_sentence(tmp_path, line, said):
    (tmp_path / "config.toml").write_text(f"[checks]\n{line}\n")
    with pytest.raises(BadInput) as caught:
        load_config(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'config.toml'}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_with_a_wrong_name_is_told_of():
    with pytest.raises(BadInput, match="unknown key check; did you mean checks"):
        load_repository_config("[check]\ncommand = 'a'\n")


def test_the_checks_are_shown_before_any_of_them_is_run(bench, tmp_path):
    ran = tmp_path / "ran"
    text = f"[checks]\ncommand = \"sh -c 'touch {ran}'\"\nnetwork = true\nmemory_mb = 500\n"
    case = bench(FILES | {OWN: text, "mypy.ini": f"[mypy]\nplugins = {ran}.py\n", "ty.toml": ""})
    code, out, _ = acrouter("checks", "--repo", str(case.root), "--json", home=tmp_path / "home", cwd=tmp_path)
    found = json.loads(out)
    (one,) = found["checks"]
    assert (one["command"], one["runner"], one["found"]) == (f"sh -c 'touch {ran}'", "exit_code", OWN)
    assert (one["folder"], found["limits"]["memory_mb"], found["limits"]["network"]) == (".", 500, False)
    assert "ty" in found["not_installed"]
    assert "acrouter trust" in found["waiting"][0]
    assert code == (0 if found["isolation"] else 1)
    code, out, _ = acrouter("checks", home=tmp_path / "home", cwd=case.root)
    assert all(word in out for word in (str(ran), "isolation: ", "memory_mb 500", "--checks", "ty"))
    assert not ran.exists()


def test_where_nothing_is_found_it_says_how_to_name_the_checks(bench, tmp_path):
    case = bench({"README.md": "words\n"})
    code, out, _ = acrouter("checks", home=tmp_path / "home", cwd=case.root)
    assert code == 1
    assert "No checks were found" in out
    assert "[checks]" in out


def test_trust_shows_what_it_is_given_for(bench, tmp_path):
    home, case = tmp_path / "home", bench(FILES | {OWN: "[checks]\nnetwork = true\n"})
    code, out, _ = acrouter("trust", "--json", home=home, cwd=case.root)
    assert (code, json.loads(out)["checks"]) == (0, {"network": True})
    assert terms(case, home).network
    write(case.root, {OWN: "[budget]\nrun_usd = 1\n"})
    code, _, said = acrouter("trust", home=home, cwd=case.root)
    assert (code, "nothing to trust" in said, "Traceback" in said) == (2, True, False)
