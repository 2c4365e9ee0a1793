"""The journal keeps what it acknowledged, and says what it cannot read."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from pathlib import Path

import pytest

from memory_store.journal import Journal, JournalError
from memory_store.records import VERSION, Record, to_line

from .builders import at, attempt, decision, outcome, reservation, run

RECORDS: tuple[Record, ...] = (decision(), attempt(), outcome(), reservation())
LINE = to_line(attempt("by hand"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal.jsonl"


def read(path: Path) -> list[Record]:
    return Journal(path).read_new()


def test_what_was_appended_is_read_back_as_it_was(path: Path) -> None:
    full = decision(repo=None, dimension_confidence=0.5, title="Größe 大きさ\u2028 \n end", max_cost_usd=1.0)
    unsure = outcome(verdict="no_signal", score=None, reasons=("a", "b"))
    Journal(path).append(*RECORDS, full, unsure)
    assert read(path) == [*RECORDS, full, unsure]


def test_a_missing_or_empty_file_is_a_new_memory(path: Path) -> None:
    assert read(path) == []
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch()
    journal = Journal(path)
    assert journal.read_new() == []
    assert journal.health()["problem"] is None
    journal.append(*RECORDS)
    assert read(path) == list(RECORDS)


def test_each_line_is_the_documented_format(path: Path) -> None:
    Journal(path).append(attempt())
    line = json.loads(path.read_text())
    assert set(line) == {"v", "id", "kind", "data"}
    assert (line["v"], line["kind"], len(line["id"])) == (1, "attempt", 32)
    assert line["data"]["cost_usd"] == 0.25
    assert "latency_ms" not in line["data"], "unknown is left out, never 0"


def test_an_equal_record_is_written_once(path: Path) -> None:
    journal = Journal(path)
    journal.append(attempt(), attempt())
    journal.append(attempt())
    Journal(path).append(attempt(), outcome())
    assert read(path) == [attempt(), outcome()]


def test_a_reader_gets_only_what_is_new(path: Path) -> None:
    writer, reader = Journal(path), Journal(path)
    assert reader.read_new() == []
    writer.append(decision())
    assert reader.read_new() == [decision()]
    assert reader.read_new() == []
    writer.append(attempt(), outcome())
    assert reader.read_new() == [attempt(), outcome()]
    assert reader.generation == 0


@pytest.mark.parametrize("how", ["replaced", "rewritten", "shrunk", "removed"])
def test_a_file_that_became_another_is_read_anew(path: Path, how: str) -> None:
    journal = Journal(path)
    journal.append(decision(), attempt())
    assert len(journal.read_new()) == 2
    others = [outcome(), outcome("o2"), outcome("o3"), outcome("o4")]
    if how == "replaced":
        other = path.with_name("other")
        Journal(other).append(*others)
        other.replace(path)
    elif how == "rewritten":
        path.write_text("".join(f"{to_line(one)}\n" for one in others))
    elif how == "shrunk":
        others = [decision()]
        os.truncate(path, len(to_line(decision())) + 1)
    else:
        others = []
        path.unlink()
    assert journal.read_new() == others
    assert journal.generation == 1


def test_a_line_that_another_is_still_writing_comes_when_it_is_whole(path: Path) -> None:
    journal = Journal(path)
    journal.append(decision())
    assert journal.read_new() == [decision()]
    with path.open("a") as file:
        file.write(LINE[:100])
        file.flush()
        assert journal.read_new() == []
        file.write(f"{LINE[100:]}\n")
    assert journal.read_new() == [attempt("by hand")]


def test_a_torn_last_line_is_put_aside_by_the_next_writer(path: Path) -> None:
    Journal(path).append(*RECORDS)
    with path.open("a") as file:
        file.write(LINE[:100])
    journal = Journal(path)
    assert journal.read_new() == list(RECORDS)
    assert path.read_text().endswith(LINE[:100]), "a reader changes nothing"
    journal.append(outcome("o2"))
    assert read(path) == [*RECORDS, outcome("o2")]
    assert path.with_suffix(".torn").read_text() == f"{LINE[:100]}\n"
    health = journal.health()
    assert health["torn"] == str(path.with_suffix(".torn"))
    assert health["damaged_lines"] == 0


def test_a_whole_record_that_lacks_only_its_newline_is_kept(path: Path) -> None:
    Journal(path).append(*RECORDS)
    os.truncate(path, path.stat().st_size - 1)
    Journal(path).append(outcome("o2"))
    assert read(path) == [*RECORDS, outcome("o2")]
    assert not path.with_suffix(".torn").exists()


def test_a_first_line_that_was_torn_is_not_taken_for_garbage(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(LINE[:40])
    Journal(path).append(decision())
    assert read(path) == [decision()]
    assert path.with_suffix(".torn").read_text() == f"{LINE[:40]}\n"


DAMAGED = {
    "not JSON": "}{",
    "cut off": LINE[:100],
    "zeros": "\0" * 300,
    "a value changed": LINE.replace("0.25", "0.95"),
    "no id": '{"v": 1, "kind": "attempt", "data": {}}',
    "a list": "[1, 2]",
    "deep": "[" * 100_000,
    "version zero": LINE.replace('"v": 1', '"v": 0'),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_line_is_reported_and_copied_and_the_rest_is_read(path: Path, damage: str) -> None:
    Journal(path).append(decision())
    with path.open("a") as file:
        file.write(f"{damage}\n{LINE}\n")
    for _ in range(2):
        journal = Journal(path)
        assert journal.read_new() == [decision(), attempt("by hand")]
    health = journal.health()
    assert (health["damaged_lines"], health["damaged"][0]["line"]) == (1, 2)
    (entry,) = [json.loads(line) for line in path.with_suffix(".quarantine").read_text().splitlines()]
    assert (entry["line"], entry["text"]) == (2, damage)
    journal.append(outcome())
    assert read(path) == [decision(), attempt("by hand"), outcome()]


def test_a_record_whose_field_is_of_the_wrong_type_is_damage(path: Path) -> None:
    Journal(path).append(decision())
    with path.open("a") as file:
        file.write(to_line(outcome(score="high")) + "\n")
    journal = Journal(path)
    assert journal.read_new() == [decision()]
    assert "'high' is not of type float" in journal.health()["damaged"][0]["why"]


def test_a_line_that_another_tool_laid_out_anew_is_the_same_record(path: Path) -> None:
    Journal(path).append(*RECORDS)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("\ufeff" + "".join(json.dumps(line, separators=(",", ":")) + "\r\n" for line in lines))
    journal = Journal(path)
    assert journal.read_new() == list(RECORDS)
    assert journal.health()["damaged_lines"] == 0


@pytest.mark.parametrize("data", ['{"shape": "unknown to us"}', json.dumps(json.loads(LINE)["data"])])
def test_a_journal_of_a_newer_version_is_read_and_not_written(path: Path, data: str) -> None:
    Journal(path).append(decision())
    before = path.read_text() + f'{{"v": {VERSION + 1}, "id": "x", "kind": "attempt", "data": {data}}}\n'
    path.write_text(before)
    journal = Journal(path)
    known = [] if "shape" in data else [attempt("by hand")]
    assert journal.read_new() == [decision(), *known]
    with pytest.raises(JournalError, match=r"journal\.jsonl was written by a newer acrouter .* upgrade"):
        journal.append(attempt())
    assert path.read_text() == before
    assert journal.health()["version"] == VERSION + 1
    assert "newer" in journal.health()["problem"]


@pytest.mark.parametrize("garbage", [b"hello", b"hello\nworld\n", b"\0" * 4096, os.urandom(4096), b'{"a": 1}\n'])
def test_a_file_without_any_record_is_never_taken_for_an_empty_memory(path: Path, garbage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(garbage)
    journal = Journal(path)
    assert journal.read_new() == []
    with pytest.raises(JournalError, match=r"journal\.jsonl holds no readable record.* restore it .* or move it away"):
        journal.append(attempt())
    assert path.read_bytes() == garbage
    assert "no readable record" in journal.health()["problem"]


def test_a_folder_in_the_place_of_the_file_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match=r"journal\.jsonl cannot be read"):
        Journal(path).read_new()


def test_secrets_do_not_reach_the_file(path: Path) -> None:
    key = "sk-ant-" + "a1B2" * 8
    Journal(path).append(
        decision(title=f"call it with {key}", reason="password=hunter2"),
        outcome(reasons=("fine", f"log: Bearer {'x1' * 20}")),
        attempt(summary="\ud800 api_key: abcd1234"),
    )
    text = path.read_text()
    assert key not in text
    assert not {"hunter2", "x1x1x1", "abcd1234"} & set(text.replace('"', " ").split())
    assert text.count("[redacted]") == 4
    Journal(path).append(*read(path))
    assert path.read_text() == text, "a record that was read is written as it was"


def test_a_number_that_is_not_json_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="a outcome record cannot be written"):
        Journal(path).append(attempt(), outcome(score=float("nan")))
    assert not path.exists()


def test_merging_is_the_union_of_both(tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    Journal(one).append(decision(), attempt())
    Journal(other).append(attempt(), outcome(), reservation())
    assert Journal(one).merge(other) == 2
    assert Journal(one).merge(other) == 0
    assert Journal(other).merge(one) == 1
    assert read(one) == [decision(), attempt(), outcome(), reservation()]
    assert set(read(one)) == set(read(other))


def test_what_cannot_be_merged_is_said_and_changes_nothing(tmp_path: Path) -> None:
    mine, garbage = tmp_path / "journal.jsonl", tmp_path / "garbage"
    Journal(mine).append(decision())
    garbage.write_text("hello\n")
    with pytest.raises(JournalError, match="garbage holds no readable record"):
        Journal(mine).merge(garbage)
    with pytest.raises(JournalError, match="nowhere is not a file"):
        Journal(mine).merge(tmp_path / "nowhere")
    assert read(mine) == [decision()]


def test_a_held_lock_is_named_with_its_holder(path: Path) -> None:
    holder, waiter = Journal(path), Journal(path, lock_timeout_s=0.2)
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with holder.transaction():
            taken.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(30)
    try:
        with pytest.raises(JournalError, match=rf"journal\.lock has been held by process {os.getpid()} for 0\.2 s"):
            waiter.append(attempt())
    finally:
        done.set()
        thread.join()
    waiter.append(attempt())
    assert read(path) == [attempt()]


def test_a_folder_under_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="file"):
        Journal(tmp_path / "file" / "home" / "journal.jsonl").append(attempt())


READ_ONLY = """
import os, sys, filelock
from pathlib import Path
from memory_store.journal import Journal, JournalError
from tests.memory.builders import attempt, decision
journal = Journal(Path(sys.argv[1]) / "journal.jsonl")
if os.getuid() == 0:
    os.setuid(65534)
print(journal.read_new() == [decision()])
try:
    journal.append(attempt())
except JournalError as error:
    print(error)
print(journal.read_new() == [])
"""


@pytest.mark.skipif(os.name != "posix", reason="folders have no modes here")
def test_a_read_only_folder_is_read_and_said() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Journal(folder / "journal.jsonl").append(decision())
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        readable, said, nothing_new = run(READ_ONLY, folder).splitlines()
        folder.chmod(0o755)
    assert (readable, nothing_new) == ("True", "True")
    assert said.startswith(f"{folder} cannot be written to")
    assert "ACROUTER_HOME" in said


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from memory_store.journal import Journal, JournalError
from tests.memory.builders import attempt
path = Path(sys.argv[1])
journal = Journal(path)
journal.append(attempt("first"))
size = path.stat().st_size
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500, hard))
try:
    journal.append(*(attempt(f"refused {n}") for n in range(9)))
except JournalError as error:
    print(error)
print(path.stat().st_size == size)
print([one.attempt_id for one in journal.read_new()])
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
journal.append(attempt("second"))
"""


@pytest.mark.skipif(os.name != "posix", reason="there is no limit on a file's size to set here")
def test_a_full_disk_acknowledges_nothing_and_leaves_nothing_behind(path: Path) -> None:
    said, unchanged, known = run(FULL_DISK, path).splitlines()
    assert "was not written because the disk is full" in said
    assert (unchanged, known) == ("True", "['first']")
    assert read(path) == [attempt("first"), attempt("second")]


def test_the_times_of_records_sort_as_text() -> None:
    assert sorted([at(600), at(9), at(61)]) == [at(9), at(61), at(600)]
