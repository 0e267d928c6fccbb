"""The folder of results by itself: which runs are comparable, what is written when, and which names are safe."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from gradlings.grading.results_store import Record, ResultsFolder, RunRecord, file_stem, has_our_fault
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.files import write_atomically
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.student_result import Status, StudentResult

RUN = RunRecord(
    *("09", "tiny", {"test_tiny.py": "a1", "drivers.py": "b2"}, "0.1", {"torch": "2.6"}, "Landlock", 7),
    exercises=(Exercise("9.1", ("f",), 5),),
)
PAGES = {"feedback/*.html": b"<p>", "scorecards/*.json": b"{}"}


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    return ResultsFolder(tmp_path / "results")


def result(student: str = "ann", status: Status = Status.GRADED) -> StudentResult:
    return StudentResult(student, "09", status)


def record(student: str = "ann", digest: str = "d1", *, again: bool = False) -> Record:
    return Record(RUN.id, "tiny.py", digest, result(student), again)


# ---- which runs are comparable


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"assignment": "08"}, "the assignment (09, then 08)"),
        ({"source_name": "small"}, "the module (tiny, then small)"),
        ({"gradlings_version": "0.2"}, "the version of gradlings (0.1, then 0.2)"),
        ({"protection": "none"}, "the protection (Landlock, then none)"),
        ({"seed": 8}, "the seed (7, then 8)"),
        ({"versions": {"torch": "2.7"}}, "the version of torch (2.6, then 2.7)"),
        ({"versions": {}}, "the version of torch (2.6, then None)"),
        ({"files": {"test_tiny.py": "a1", "drivers.py": "b3"}}, "the file drivers.py"),
        ({"files": {"test_tiny.py": "a1"}}, "the file drivers.py"),
        ({"files": {**RUN.files, "hidden.py": "c"}}, "the file hidden.py"),
    ],
)
def test_scores_are_comparable_only_where_everything_agrees(change: dict[str, object], difference: str) -> None:
    assert RUN.differences(replace(RUN, id="another")) == []
    assert replace(RUN, **change).differences(RUN) == [difference]  # type: ignore[arg-type]  # one field of many


def test_a_run_is_stored_privately_and_found_again(folder: ResultsFolder) -> None:
    assert folder.resume(RUN, force=False, any_seed=False) == (RUN, [])
    assert stat.S_IMODE((folder.path / "run.json").stat().st_mode) == 0o600
    later = replace(RUN, id="later")
    assert folder.resume(later, force=False, any_seed=False) == (RUN, [])
    assert folder.resume(replace(later, seed=8), force=False, any_seed=True) == (RUN, [])
    assert folder.resume(later, force=True, any_seed=True) == (RUN, [])
    assert folder.run() == RUN


def test_a_run_by_other_checks_takes_its_place_and_keeps_the_seed(folder: ResultsFolder) -> None:
    folder.resume(RUN, force=False, any_seed=False)
    other = replace(RUN, id="later", seed=8, files={"test_tiny.py": "a2", "drivers.py": "b2"})
    expected = replace(other, seed=RUN.seed)
    assert folder.resume(other, force=False, any_seed=True) == (expected, ["the file test_tiny.py"])
    assert folder.resume(replace(other, id="third"), force=False, any_seed=True) == (expected, [])


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("change", [{"assignment": "08"}, {"source_name": "small"}])
def test_results_of_something_else_are_never_replaced(
    change: dict[str, str], force: bool, folder: ResultsFolder
) -> None:
    folder.resume(RUN, force=False, any_seed=False)
    with pytest.raises(InputError, match=r"holds results of 09 \(tiny\)\. Grade .* into another folder with --to"):
        folder.resume(replace(RUN, **change), force=force, any_seed=True)  # type: ignore[arg-type]  # one field of many
    assert folder.run() == RUN


def test_a_run_record_that_cannot_be_read_is_refused_with_the_remedy(folder: ResultsFolder) -> None:
    folder.path.mkdir()
    (folder.path / "run.json").write_text("{}")
    with pytest.raises(InputError, match=r"run\.json is not a run record of this version .*--to.*--force"):
        folder.resume(RUN, force=False, any_seed=True)


# ---- records and pages


def test_a_record_is_private_and_its_pages_are_not(folder: ResultsFolder) -> None:
    with folder.locked():
        folder.store(record(), PAGES)
    files = {path.relative_to(folder.path).as_posix(): path for path in folder.path.rglob("*") if path.is_file()}
    modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in files.items()}
    readable = 0o644 & ~current_umask()
    expected = {".lock": 0o600, "records/ann.json": 0o600, "feedback/ann.html": readable}
    assert modes == {**expected, "scorecards/ann.json": readable}
    assert files["feedback/ann.html"].read_bytes() == b"<p>"
    assert list(folder.records()) == [record()]


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_record_is_written_last_and_waits_for_the_disk(folder: ResultsFolder) -> None:
    calls: list[tuple[str, bool]] = []

    def write(path: Path, data: bytes, *, mode: int, durable: bool) -> None:
        calls.append((path.relative_to(folder.path).as_posix(), durable))

    with mock.patch("gradlings.grading.results_store.write_atomically", write):
        folder.store(record(), PAGES)
        folder.write("scores.csv", b"")
    pages = [("feedback/ann.html", False), ("scorecards/ann.json", False)]
    assert calls == [*pages, ("records/ann.json", True), ("scores.csv", True)]


def test_all_records_that_can_be_read_count(folder: ResultsFolder, caplog: pytest.LogCaptureFixture) -> None:
    for each in (record("ann"), replace(record("bob"), run="another"), record("carl")):
        folder.store(each, PAGES)
    (folder.path / "records/ann.json").write_text('{"run": ')
    assert [(each.result.student, each.run == RUN.id) for each in folder.records()] == [("bob", False), ("carl", True)]
    assert "records/ann.json cannot be read" in caplog.text
    assert "bob" not in caplog.text


@pytest.mark.parametrize("stale", ["feedback/ann.html", "scorecards/ann.json"])
def test_only_pages_that_are_not_as_they_should_be_are_written(stale: str, folder: ResultsFolder) -> None:
    folder.store(record(), PAGES)
    assert not folder.refresh_pages("ann", PAGES)
    (folder.path / stale).write_bytes(b"")
    assert folder.refresh_pages("ann", PAGES)
    (folder.path / stale).unlink()
    with mock.patch("gradlings.grading.results_store.write_atomically", wraps=write_atomically) as write:
        assert folder.refresh_pages("ann", PAGES)
    assert [call.args[0] for call in write.call_args_list] == [folder.path / stale]
    assert (folder.path / stale).read_bytes() == PAGES[stale.replace("ann", "*")]


# ---- one run at a time, and a disk that refuses


def test_one_run_at_a_time_which_removes_what_a_killed_one_left(folder: ResultsFolder) -> None:
    (folder.path / "records").mkdir(parents=True)
    unfinished = folder.path / "records/.ann.json0123.unfinished"
    unfinished.write_text("half")
    kept = folder.path / "records/ann.unfinished"
    kept.write_text("no file of ours")
    with folder.locked():
        assert (unfinished.exists(), kept.exists()) == (False, True)
        with pytest.raises(InputError, match="Another `gradlings grade` is writing"), folder.locked():
            raise AssertionError("two runs at once")
    with folder.locked(), open(folder.path / ".lock") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with open(folder.path / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free again


def test_a_lock_that_is_a_link_is_not_followed(folder: ResultsFolder, tmp_path: Path) -> None:
    folder.path.mkdir()
    (folder.path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="cannot be written to"), folder.locked():
        raise AssertionError("the link was followed")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    results = ResultsFolder(tmp_path / "file/results")
    with pytest.raises(InputError, match=r"results cannot be written to \(Not a directory\)"), results.locked():
        raise AssertionError("locked")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "The disk is full"),
        (errno.EACCES, "Permission denied"),
    ],
)
def test_what_cannot_be_written_is_said_with_what_to_do(code: int, reason: str, folder: ResultsFolder) -> None:
    failing = mock.Mock(side_effect=OSError(code, os.strerror(code)))
    with (
        mock.patch("gradlings.grading.results_store.write_atomically", failing),
        pytest.raises(
            InputError, match=rf"scores\.csv could not be written: {reason}\. .*run the same command again\."
        ),
    ):
        folder.write("scores.csv", b"")


# ---- names, and faults of ours


@pytest.mark.parametrize(
    "name", ["alice", "doe-jane_123", "Zoë", "a.b", "x" * 60, "0123456789", "a-012345678", "\u4e00" * 60]
)
def test_a_plain_name_is_its_own_file_name(name: str) -> None:
    assert file_stem(name) == name


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Zoë Ünal", "Zoë_Ünal-"),
        ("../../etc", "_.._etc-"),
        (".hidden", "hidden-"),
        ("...", "_-"),
        ("", "_-"),
        ("x" * 61, "x" * 40 + "-"),
        ("\U00020000" * 60, "\U00020000" * 40 + "-"),
        ("\U00020000" * 50, "\U00020000" * 40 + "-"),
        ("alice-0123456789", "alice-0123456789-"),
    ],
)
def test_any_other_name_is_made_plain_and_unique(name: str, start: str) -> None:
    stem = file_stem(name)
    assert stem.startswith(start)
    assert len(stem.encode()) < 240, "no file system takes longer names"
    assert "/" not in stem
    assert len(stem) == len(start) + 10
    assert file_stem(f"{name}!") != stem
    assert file_stem(stem) != stem, "nobody gets the file of another student by taking its name"


def test_a_fault_of_ours_is_found_wherever_it_is() -> None:
    def card(*verdicts: Verdict) -> Scorecard:
        checks = tuple(CheckResult("9.1", f"test_{i}", "", verdict, 5) for i, verdict in enumerate(verdicts))
        return Scorecard("09", "", (ExerciseScore("9.1", ("f",), 5 * len(checks), checks),))

    assert not has_our_fault(result())
    assert has_our_fault(result(status=Status.PARTLY))
    others = [verdict for verdict in Verdict if verdict is not Verdict.GRADER_ERROR]
    assert not has_our_fault(replace(result(), card=card(*others)))
    assert has_our_fault(replace(result(), card=card(Verdict.PASS, Verdict.GRADER_ERROR)))
