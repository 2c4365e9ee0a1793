"""The sample repository, its subtasks and the recorded answers are what they say they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mcp_router.demo.subtasks import KINDS, SLOTS, Answer, Edit, Subtask, apply_edits, load_subtasks, make_repository
from mcp_router.errors import BadInput, RepositoryError
from mcp_router.types import DIMENSIONS

EXAMPLES = Path(__file__).parents[2] / "examples"
SUBTASKS = load_subtasks(EXAMPLES / "subtasks")
RECORDED = [
    (subtask, slot, number, answer)
    for subtask in SUBTASKS
    for slot in SLOTS
    for number, answer in enumerate(subtask.answers[slot], 1)
]
WORKERS = 2
Suites = dict[str, dict[str, bool]]


def job(subtask: Subtask, slot: str, number: int) -> str:
    return f"{subtask.id}-{slot}{number}"


def lay_out(folder: Path, *steps: tuple[Subtask, Answer | None]) -> None:
    """A copy of the shop with each subtask's tests laid in and its answer, if any, carried out."""
    shutil.copytree(EXAMPLES / "shop", folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    for subtask, answer in steps:
        (folder / subtask.test_file).write_text(subtask.test_source, encoding="utf-8")
        apply_edits(folder, answer.edits if answer else ())


def run_suites(jobs: dict[str, str], root: Path) -> Suites:
    """What passes in each folder of `root`: in its whole suite, or in the one test file that the job names."""
    script = Path(__file__).with_name("run_suites.py")
    wheres = [f"{root / name}::{test_file}" for name, test_file in jobs.items()]
    outs = [root / f"{number}.json" for number in range(WORKERS)]
    running = [
        subprocess.Popen([sys.executable, str(script), str(out), *wheres[number::WORKERS]])
        for number, out in enumerate(outs)
    ]
    try:
        assert [process.wait(timeout=120) for process in running] == [0] * WORKERS
    finally:
        for process in running:
            process.kill()
            process.wait()
    found = {where: passed for out in outs for where, passed in json.loads(out.read_text()).items()}
    return {name: found[where] for name, where in zip(jobs, wheres, strict=True)}


@pytest.fixture(scope="module")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Suites:
    """What passes in the shop as it is, with each subtask's tests, after each answer, after all right ones."""
    root = tmp_path_factory.mktemp("suites")
    jobs = {"head": "", "together": ""}
    lay_out(root / "head")
    lay_out(root / "together", *((subtask, first_right(subtask)) for subtask in SUBTASKS))
    for subtask in SUBTASKS:
        jobs[subtask.id] = subtask.test_file
        lay_out(root / subtask.id, (subtask, None))
    for subtask, slot, number, answer in RECORDED:
        name = job(subtask, slot, number)
        jobs[name] = "" if may_break_something(answer) else subtask.test_file
        lay_out(root / name, (subtask, answer))
        if answer.kind == "cheat":
            jobs[f"{name}-restored"] = subtask.test_file
            shutil.copytree(root / name, root / f"{name}-restored")
            (root / f"{name}-restored" / subtask.test_file).write_text(subtask.test_source, encoding="utf-8")
    return run_suites(jobs, root)


def may_break_something(answer: Answer) -> bool:
    """Whether the whole suite has to tell; nothing of the shop imports what an answer adds."""
    edits_shop = any(edit.old and edit.path.startswith("shop/") for edit in answer.edits)
    return answer.kind == "right" or (edits_shop and parses(answer))


def first_right(subtask: Subtask) -> Answer:
    return next(answer for slot in SLOTS for answer in subtask.answers[slot] if answer.kind == "right")


def missing(suites: Suites, subtask: Subtask) -> set[str]:
    """The tests that fail until the subtask is done: told by a right answer, as some are not even collected."""
    done = next(
        job(subtask, slot, number) for of, slot, number, answer in RECORDED if of is subtask and answer.kind == "right"
    )
    before = suites["head"] | suites[subtask.id]
    return {test for test, passed in suites[done].items() if passed and not before.get(test, False)}


def test_the_history_gives_the_folder(tmp_path: Path) -> None:
    """After a change of the folder: make the repository, commit the folder to it, `git fast-export main`."""
    repository = tmp_path / "a shop"
    make_repository(EXAMPLES / "shop.fast-export", repository)
    tree = git(repository, "ls-files", "-z").split("\0")[:-1]
    kept = [path for path in (EXAMPLES / "shop").rglob("*") if path.is_file() and not generated(path)]
    assert sorted(tree) == sorted(path.relative_to(EXAMPLES / "shop").as_posix() for path in kept)
    for name in tree:
        assert (repository / name).read_bytes() == (EXAMPLES / "shop" / name).read_bytes(), name
    assert git(repository, "status", "--porcelain") == ""


def test_the_history_has_a_past_and_one_neutral_author(tmp_path: Path) -> None:
    make_repository(EXAMPLES / "shop.fast-export", tmp_path / "shop")
    log = git(tmp_path / "shop", "log", "--format=%an <%ae> %cn").splitlines()
    assert len(log) >= 5
    assert set(log) == {"Shop Developer <dev@example.com> Shop Developer"}


def test_another_repository_in_the_environment_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(EXAMPLES / "shop.fast-export", tmp_path / "other")
    (tmp_path / "other" / "README.md").write_text("changed\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    make_repository(EXAMPLES / "shop.fast-export", tmp_path / "shop")
    assert (tmp_path / "other" / "README.md").read_text() == "changed\n"
    assert (tmp_path / "shop" / "README.md").read_text().startswith("# shop")


def test_a_history_that_git_refuses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("no such command\n")
    with pytest.raises(RepositoryError, match="cannot be made"):
        make_repository(tmp_path / "odd", tmp_path / "shop")


def test_the_suite_passes_at_head(suites: Suites) -> None:
    assert len(suites["head"]) >= 45
    assert all(suites["head"].values())


@pytest.mark.parametrize("subtask", SUBTASKS, ids=lambda subtask: subtask.id)
def test_the_tests_of_a_subtask_fail_until_it_is_done(suites: Suites, subtask: Subtask) -> None:
    assert missing(suites, subtask)
    assert all(test.startswith(subtask.test_file) for test in missing(suites, subtask))


@pytest.mark.parametrize(
    ("subtask", "slot", "number", "answer"), RECORDED, ids=[job(*recorded[:3]) for recorded in RECORDED]
)
def test_a_recorded_answer_is_what_it_says(
    suites: Suites, subtask: Subtask, slot: str, number: int, answer: Answer
) -> None:
    name = job(subtask, slot, number)
    assert what_it_is(suites, subtask, name, answer) == answer.kind


def what_it_is(suites: Suites, subtask: Subtask, name: str, answer: Answer) -> str:
    """The kind of an answer as its tests show it."""
    after = suites[name] if may_break_something(answer) else suites["head"] | suites[name]
    wanted = missing(suites, subtask)
    kept = all(after.get(test, False) for test, passed in (suites["head"] | suites[subtask.id]).items() if passed)
    gained = {test for test in wanted if after.get(test, False)}
    if any(edit.path.startswith("tests/") for edit in answer.edits):
        restored = suites[f"{name}-restored"]
        return "cheat" if all(after.values()) and not all(restored.get(test, False) for test in wanted) else "other"
    if not answer.edits:
        return "empty"
    if kept and gained == wanted and all(after.values()):
        return "right"
    if not parses(answer):
        return "cut_off"
    return "half" if kept and gained else "wrong"


def parses(answer: Answer) -> bool:
    """Whether every file that the answer edits is Python after it."""
    files = {edit.path: (EXAMPLES / "shop" / edit.path) for edit in answer.edits}
    texts = {path: file.read_text(encoding="utf-8") if file.exists() else "" for path, file in files.items()}
    for edit in answer.edits:
        texts[edit.path] = texts[edit.path].replace(edit.old, edit.new) if edit.old else edit.new
    try:
        for path, text in texts.items():
            compile(text, path, "exec")
    except SyntaxError:
        return False
    return True


def test_right_answers_do_not_get_in_each_others_way(suites: Suites) -> None:
    assert len(suites["together"]) > len(suites["head"]) + 2 * len(SUBTASKS)
    assert all(suites["together"].values())


def test_there_are_subtasks_of_five_dimensions() -> None:
    counts = Counter(subtask.dimension for subtask in SUBTASKS)
    assert len(SUBTASKS) >= 16
    assert len(counts) == 5
    assert set(counts) <= set(DIMENSIONS)
    assert min(counts.values()) >= 3
    assert (
        len({subtask.id for subtask in SUBTASKS}) == len({subtask.test_file for subtask in SUBTASKS}) == len(SUBTASKS)
    )


@pytest.mark.parametrize("subtask", SUBTASKS, ids=lambda subtask: subtask.id)
def test_both_phrasings_name_the_same_files_in_other_words(subtask: Subtask) -> None:
    first, second = (set(phrasing.lower().split()) for phrasing in subtask.phrasings)
    assert all(subtask.test_file in phrasing for phrasing in subtask.phrasings)
    assert len(first & second) / len(first | second) < 0.5


def test_every_slot_is_good_at_some_dimensions_and_poor_at_the_others() -> None:
    good: Counter[str] = Counter()
    for slot in SLOTS:
        assert 0.4 <= share_right(SUBTASKS, slot) <= 0.6
        for dimension in {subtask.dimension for subtask in SUBTASKS}:
            share = share_right([subtask for subtask in SUBTASKS if subtask.dimension == dimension], slot)
            assert share >= 0.75 or share <= 0.25
            good[dimension] += share >= 0.75
    assert min(good.values()) >= 1


def share_right(subtasks: list[Subtask] | tuple[Subtask, ...], slot: str) -> float:
    return sum(subtask.answers[slot][0].kind == "right" for subtask in subtasks) / len(subtasks)


def test_some_subtasks_are_hard() -> None:
    solvers = [sum(subtask.answers[slot][0].kind == "right" for slot in SLOTS) for subtask in SUBTASKS]
    assert solvers.count(0) >= 1
    assert solvers.count(1) >= 2


def test_every_kind_of_answer_occurs() -> None:
    counts = Counter(answer.kind for *_, answer in RECORDED)
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 2
    seconds = [answers for subtask in SUBTASKS for answers in subtask.answers.values() if len(answers) > 1]
    assert sum(first.kind in ("wrong", "cut_off") and second.kind == "right" for first, second in seconds) >= 2


def test_token_counts_are_of_small_agentic_work() -> None:
    for *_, answer in RECORDED:
        assert 8_000 <= answer.input_tokens <= 40_000
        assert 0 <= answer.cache_read_tokens <= 30_000
        assert 300 <= answer.output_tokens <= 4_000
        assert answer.text


def test_an_edit_needs_its_text_exactly_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    for old in ("x = 1", "x = 2"):
        with pytest.raises(BadInput, match=r"a\.py .* must occur once"):
            apply_edits(tmp_path, [Edit("a.py", old, "")])
    with pytest.raises(BadInput, match="exists already"):
        apply_edits(tmp_path, [Edit("a.py", "", "y = 1\n")])
    apply_edits(tmp_path, [Edit("new/b.py", "", "y = 1\r\n"), Edit("new/b.py", "1", "2")])
    assert (tmp_path / "new" / "b.py").read_bytes() == b"y = 2\r\n"


def test_a_broken_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"subtasks\.toml"):
        load_subtasks(tmp_path)
    (tmp_path / "subtasks.toml").write_text('[[subtasks]]\nid = "odd"\nphrasings = ["a"]\n')
    with pytest.raises(BadInput, match="'odd' is not whole"):
        load_subtasks(tmp_path)


def generated(path: Path) -> bool:
    return any(part == "__pycache__" or part.endswith("_cache") for part in path.parts)


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout
