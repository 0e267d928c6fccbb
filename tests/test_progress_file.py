"""`progress.jsonl`: what a run leaves there, what it never loses, and that a damaged file is no disaster."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.verify import verify
from gradlings.progress.record import History, read_history, record_hint
from gradlings.progress.summary import attempts, last_misconception, points_over_time, summarize
from student_kit import RIGHT, Kit

WRONG = "return b - a"
BROKEN = "return a +"


def lines(kit: Kit) -> list[dict[str, Any]]:
    path = kit.root / "progress.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_a_run_records_what_was_attempted_and_nothing_else(kit: Kit) -> None:
    kit.answer(difference=WRONG).check()
    (line,) = lines(kit)
    assert line.pop("when").endswith("Z")
    assert len(line.pop("code")) == 12
    assert line == {
        "what": "checked",
        "source": "pytest",
        "assignment": "09",
        "exercise": "9.1",
        "points": 0,
        "max_points": 10,
        "verdicts": ["wrong", "wrong"],
        "misconceptions": ["9.1/opposite-sign"],
        "shown_by": {"9.1/opposite-sign": [0]},
    }


def test_an_untouched_kit_leaves_no_file(kit: Kit) -> None:
    before = kit.contents()
    kit.check()
    assert kit.contents() == before


def test_only_what_is_new_is_recorded(kit: Kit) -> None:
    kit.answer(difference=WRONG).check()
    kit.check()
    assert len(lines(kit)) == 1
    kit.edit(kit.module, WRONG, "return b - a  # once more").check()
    assert [line["points"] for line in lines(kit)] == [0, 0]
    kit.answer(row_totals=RIGHT["row_totals"]).check()
    assert [line["exercise"] for line in lines(kit)] == ["9.1", "9.1", "9.2"]


def test_going_back_to_the_stub_is_recorded_and_is_no_attempt(kit: Kit) -> None:
    stub = kit.module.read_text(encoding="utf-8")
    kit.answer(difference=RIGHT["difference"]).check()
    kit.module.write_text(stub, encoding="utf-8")
    kit.check()
    kit.check()
    assert [line["verdicts"] for line in lines(kit)] == [["pass", "pass"], ["not_attempted", "not_attempted"]]
    assert len(attempts(read_history(kit.root), "9.1")) == 1


@pytest.mark.parametrize(
    ("options", "part"), [(["-k", "test_vectors"], "0 of 5 points"), (["-x"], "5 checks were not run")]
)
def test_an_exercise_that_was_checked_in_part_is_not_recorded(kit: Kit, options: list[str], part: str) -> None:
    assert part in kit.answer(difference=WRONG).check(*options).said
    assert not lines(kit)


def test_two_edited_files_record_nothing(kit: Kit) -> None:
    kit.answer(difference=WRONG).answer_in_notebook(difference=WRONG).check()
    assert not lines(kit)


def test_a_check_in_a_notebook_is_recorded_with_the_code_of_its_cells(kit: Kit) -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "for body in ('b - a', 'b - a + 0', 'a - b'):\n"
        "    shell.run_cell(f'def difference(a, b):\\n    return {body}', store_history=True)\n"
        "    shell.run_cell('from gradlings import check; check(\"9.1\")', store_history=True)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=kit.folder, capture_output=True, timeout=400)
    assert ended.returncode == 0, ended.stderr
    assert {line["source"] for line in lines(kit)} == {"notebook"}
    assert [line["points"] for line in lines(kit)] == [0, 0, 10]
    assert len({line["code"] for line in lines(kit)}) == 3


def test_authors_and_graders_record_nothing(author_kit: Kit) -> None:
    author_kit.answer(difference=WRONG)
    author_kit.gradlings("build", "--check")
    assert verify(find_assignments(author_kit.root, ("09",))[0], "9.1", 0).caught
    assert not lines(author_kit)


def test_checks_outside_of_a_kit_record_nothing(kit: Kit) -> None:
    kit.answer(difference=WRONG)
    (kit.root / "assignments").rename(kit.root / "homework")
    kit.target = "homework/09"
    assert "9.1" in kit.check().out
    assert not list(kit.root.rglob("progress*"))


def test_where_one_stands_follows_from_the_record(kit: Kit) -> None:
    kit.answer(difference=WRONG).check()
    history = read_history(kit.root)
    first = summarize(kit.root, history)[0]
    assert (first.id, first.attempts, first.solved, first.overcome) == ("9.1", 1, False, ())
    assert first.open == (last_misconception(history, "9.1"),)
    kit.edit(kit.module, WRONG, RIGHT["difference"]).check()
    history = read_history(kit.root)
    second = summarize(kit.root, history)[0]
    assert (second.attempts, second.solved, second.open, second.overcome) == (2, True, (), first.open)
    assert last_misconception(history, "9.1") == ""


def test_points_over_time_hold_the_last_of_each_moment(kit: Kit) -> None:
    kit.answer(difference=WRONG).check()
    kit.edit(kit.module, WRONG, RIGHT["difference"]).check()
    moment = datetime(2026, 11, 25, tzinfo=UTC)
    for step, points in ((timedelta(), [10]), (timedelta(seconds=1), [0, 10])):
        made = tuple(
            structs.replace(each, when=moment + n * step) for n, each in enumerate(read_history(kit.root).attempts)
        )
        assert [total for _, total in points_over_time(History(made))] == points


def test_many_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from gradlings.progress.record import record_hint\n"
        "for level in range(100): assert record_hint(Path(sys.argv[1]), sys.argv[2], level=level) == ''"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), f"9.{n}"]) for n in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    found = read_history(tmp_path)
    assert not found.problem
    for number in range(4):
        assert [hint.level for hint in found.hints if hint.exercise == f"9.{number}"] == list(range(100))


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
def test_a_write_that_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    assert record_hint(tmp_path, "9.1", level=1) == ""
    before = (tmp_path / "progress.jsonl").read_bytes()
    code = (
        "import resource, sys; from pathlib import Path; from gradlings.progress.record import record_hint\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))\n"
        "print(record_hint(Path(sys.argv[1]), '9.2', level=2))"
    )
    room = str(len(before) + 20)
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path), room], capture_output=True, encoding="utf-8")
    assert "Progress is not recorded: progress.jsonl cannot be written (no space left)" in ended.stdout
    assert (tmp_path / "progress.jsonl").read_bytes() == before


def test_a_file_system_without_locks_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("gradlings.progress.log_file._lock", refuse)
    caplog.set_level("INFO", "gradlings")
    assert record_hint(tmp_path, "9.1", level=1) == ""
    assert [hint.level for hint in read_history(tmp_path).hints] == [1]
    assert "no locks available" in caplog.text


def test_a_damaged_file_is_set_aside_and_the_run_goes_on(kit: Kit) -> None:
    kit.answer(difference=WRONG).check()
    path = kit.root / "progress.jsonl"
    good = path.read_bytes()
    damaged = good + b'{"what":"checked","when":"yesterday"}\n\xff\x00' + good[:40]
    path.write_bytes(damaged)
    kit.edit(kit.module, WRONG, RIGHT["difference"])
    assert "9.1" in kit.check().out
    found = read_history(kit.root)
    assert "cannot be read. The file is kept as progress.damaged-1.jsonl" in found.problem
    assert [attempt.points for attempt in found.attempts] == [0, 10]
    assert (kit.root / "progress.damaged-1.jsonl").read_bytes().startswith(damaged)
    assert not read_history(kit.root).problem


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6), st.binary(max_size=40))
def test_no_content_however_odd_loses_what_can_be_read(
    tmp_path_factory: Any, before: list[bytes], after: bytes
) -> None:
    root = tmp_path_factory.mktemp("odd")
    (root / "progress.jsonl").write_bytes(b"\n".join(before))
    assert record_hint(root, "9.1", level=1) == ""
    with (root / "progress.jsonl").open("ab") as file:
        file.write(after)
    first = read_history(root)
    assert record_hint(root, "9.2", level=2) == ""
    second = read_history(root)
    assert {"9.1", "9.2"} <= {hint.exercise for hint in second.hints}
    assert set(first.hints) <= set(second.hints)


def test_lines_of_a_later_version_are_kept_where_they_are(tmp_path: Path) -> None:
    later = b'{"what":"streak","days":3}\n'
    (tmp_path / "progress.jsonl").write_bytes(later)
    record_hint(tmp_path, "9.1", level=1)
    assert not read_history(tmp_path).problem
    assert (tmp_path / "progress.jsonl").read_bytes().startswith(later)


def test_where_nothing_can_be_written_the_page_says_so(kit: Kit) -> None:
    (kit.root / "progress.jsonl").mkdir()
    checked = kit.answer(difference=WRONG).check()
    assert "9.1" in checked.out
    assert "Progress is not recorded: progress.jsonl cannot be written" in checked.said
    assert read_history(kit.root).problem


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_no_error(kit: Kit) -> None:
    kit.answer(difference=WRONG)
    kit.root.chmod(0o555)
    try:
        assert "Progress is not recorded" in kit.check().said
    finally:
        kit.root.chmod(0o755)


def test_no_file_is_an_empty_history(tmp_path: Path) -> None:
    assert read_history(tmp_path) == History()
