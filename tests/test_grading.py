"""Grading a class: records that survive any end, results that say what happened, pages that give nothing away."""

import csv
import errno
import fcntl
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import pytest
from hypothesis import settings

from class_kit import HALF, SOURCE_NAME, InProcess, hand_in, in_process, module, notebook
from gradlings.execution.local_runner import LocalRunner
from gradlings.grading.class_inputs import graded_source_name
from gradlings.grading.class_results import ClassResults
from gradlings.grading.class_run import GradedStudent, grade_class
from gradlings.grading.command import grade_submissions
from gradlings.grading.fault_log import CleanFormatter, collected_log, logged_to
from gradlings.grading.intake.collect import collect
from gradlings.grading.judge_session import JudgeReply
from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically
from gradlings.model.student_result import Status
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from student_kit import RIGHT, Kit

T = TypeVar("T")
tried = settings(deadline=None, derandomize=True, max_examples=100)


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def class_of_four(kit: Kit, tmp_path: Path) -> Path:
    files = {
        "alice/tiny.py": module(kit, **RIGHT),
        "bob/tiny.ipynb": notebook(kit, **HALF),
        "carl.py": module(kit),
        "Zoë Ünal/tiny.py": module(kit, difference="return b - a"),
    }
    return hand_in(tmp_path / "submissions", files)


def run(
    kit: Kit, submissions: Path, to: Path, *, force: bool = False, seed: int | None = None, gradebook: str | None = None
) -> ClassResults:
    collected = collect(submissions, SOURCE_NAME)
    return grade_submissions(
        InProcess(kit.folder), kit.folder, collected, to, force=force, seed=seed, gradebook=gradebook
    )


def scores(to: Path) -> dict[str, dict[str, str]]:
    with open(to / "scores.csv", newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def contents(to: Path) -> dict[str, bytes]:
    names = {str(path.relative_to(to)): path for path in to.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in names.items() if name not in (".lock", "grader.log")}


# ---- what comes out


def test_a_class(kit: Kit, class_of_four: Path, to: Path) -> None:
    found = run(kit, class_of_four, to)
    assert {row["student"]: row["score"] for row in scores(to).values()} == {
        "alice": "30",
        "bob": "10",
        "carl": "0",
        "Zoë Ünal": "0",
    }
    assert scores(to)["bob"] == {
        "student": "bob",
        "assignment": "09",
        "score": "10",
        "max_score": "30",
        "status": "graded",
        "notes": "",
        **{"raw": "10", "seconds_late": "", "penalty": "0", "bonus": "0", "final": "10"},
        "9.1 difference": "10",
        "9.2 row_totals": "0",
        "9.3 count_up, make_counter": "0",
    }
    assert found.fresh == ("Zoë Ünal", "alice", "bob", "carl")
    for folder, ending in (("records", "json"), ("scorecards", "json"), ("feedback", "html")):
        assert len(list((to / folder).glob(f"*.{ending}"))) == 4
    assert "alice" in (to / "feedback" / "alice.html").read_text(encoding="utf-8")


def test_scores_equal_those_of_pytest(kit: Kit, tmp_path: Path, to: Path) -> None:
    answers = [RIGHT, HALF, {}, {"difference": "return 1/0"}, {"count_up": "return [0] * max(n, 0)"}]
    files = {f"s{i}/tiny.py": module(kit, **bodies) for i, bodies in enumerate(answers)}
    run(kit, hand_in(tmp_path / "all", files), to, seed=0)
    for index, bodies in enumerate(answers):
        page = Kit.copied(kit.root, tmp_path / f"home{index}", "assignments").answer(**bodies).check().out
        (points,) = re.findall(r"(\d+) of 30 points", page)
        assert scores(to)[f"s{index}"]["score"] == points


def test_the_topic_with_points_is_graded(built_kit: Kit) -> None:
    assert graded_source_name(built_kit.folder) == SOURCE_NAME


def test_each_problem_has_its_row_and_the_rest_is_graded(kit: Kit, class_of_four: Path, to: Path, secret: Path) -> None:
    files = {
        "erin/tiny.ipynb": b"{no notebook",
        "finn/tiny.py": b"",
        "gus/notes.txt": b"",
        "hal/tiny.py": b"def difference(",
    }
    hand_in(class_of_four, files)
    (class_of_four / "mallory").mkdir()
    (class_of_four / "mallory/tiny.py").symlink_to(secret)
    os.mkfifo(class_of_four / "ned.py")
    run(kit, class_of_four, to)
    rows = scores(to)
    assert rows["alice"]["score"] == "30"
    assert [rows[name]["score"] for name in ("finn", "hal")] == ["0", "0"]
    for name, reason in {
        "erin": "tiny.ipynb cannot be read",
        "gus": "There is no tiny.py",
        "mallory": "mallory/tiny.py is a link",
        "ned": "ned.py is a named pipe",
    }.items():
        assert rows[name]["score"] == ""
        assert rows[name]["status"].startswith("not gradable (")
        assert reason in rows[name]["status"]
        assert "no score yet" in (to / "feedback" / f"{name}.html").read_text()
    assert b"the reference solution" not in b"".join(contents(to).values())


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.py"
    path.write_text("# the reference solution")
    return path


def test_a_loader_that_fails_for_one_costs_the_others_nothing_and_is_run_again(
    kit: Kit, class_of_four: Path, to: Path, caplog: pytest.LogCaptureFixture
) -> None:
    honest = in_process(kit.folder)
    broken = True

    def load(data: bytes, filename: str) -> LocalRunner:
        if filename.endswith(".ipynb") and broken:
            raise RuntimeError("the worker is gone")
        return honest(data, filename)

    submissions, pool = collect(class_of_four, SOURCE_NAME), InProcess(kit.folder, load)
    found = grade_class(kit.folder, submissions, to, pool)
    bob = next(result for result in found.results if result.student == "bob")
    assert (bob.status, bob.points) == (Status.NOT_GRADABLE, None)
    assert "grader error" in bob.reason
    assert "bob: RuntimeError: the worker is gone" in caplog.text
    broken = False
    found = grade_class(kit.folder, submissions, to, pool)
    assert found.fresh == ("bob",)
    assert [result.points for result in found.results] == [0, 30, 10, 0]


def test_a_check_with_a_bug_leaves_the_score_blank_and_is_run_again(kit: Kit, class_of_four: Path, to: Path) -> None:
    checks = kit.folder / "test_tiny.py"
    checks.write_text(checks.read_text().replace("return x.sum(1), x.amax(1)", "return x.secret_oracle_name"))
    run(kit, class_of_four, to)
    row = scores(to)["alice"]
    assert (row["score"], row["9.1 difference"], row["9.2 row_totals"]) == ("", "10", "")
    assert row["status"].startswith("partly graded (grader error in 9.2")
    for name in ("feedback/alice.html", "scorecards/alice.json"):
        assert b"secret_oracle_name" not in (to / name).read_bytes()
    assert b"secret_oracle_name" in (to / "records/alice.json").read_bytes()
    log = (to / "grader.log").read_text()
    assert "ERROR alice: 9.2 " in log
    assert f"{checks}:" in log, "the lines of the check that led to it"
    assert "return x.secret_oracle_name" in log
    assert run(kit, class_of_four, to).fresh == ("alice", "bob")


def test_the_seed_is_secret_and_fresh(kit: Kit, class_of_four: Path, to: Path, tmp_path: Path) -> None:
    first = run(kit, class_of_four, to).run.seed
    second = run(kit, class_of_four, tmp_path / "others").run.seed
    assert first != second
    assert first.bit_length() > 20
    for name, data in contents(to).items():
        assert (str(first).encode() in data) == (name == "run.json" or name.startswith("records/")), name
    assert (to / "run.json").stat().st_mode & 0o077 == 0
    assert (to / "records/alice.json").stat().st_mode & 0o077 == 0


# ---- a batch that cannot be lost


def test_the_same_command_again_changes_nothing(kit: Kit, class_of_four: Path, to: Path) -> None:
    run(kit, class_of_four, to)
    before = contents(to)
    again = run(kit, class_of_four, to)
    assert again.fresh == ()
    assert contents(to) == before


def test_late_comers_are_added_and_a_changed_submission_is_graded_again(
    kit: Kit, class_of_four: Path, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(kit, class_of_four, to)
    kept = (to / "records/alice.json").read_bytes()
    hand_in(class_of_four, {"dora.py": module(kit, **HALF), "carl.py": module(kit, **RIGHT)})
    (class_of_four / "bob/tiny.ipynb").unlink()
    (class_of_four / "bob").rmdir()
    found = run(kit, class_of_four, to)
    assert (found.fresh, found.changed, found.absent) == (("carl", "dora"), ("carl",), ("bob",))
    assert [scores(to)[name]["score"] for name in ("alice", "bob", "carl", "dora")] == ["30", "10", "30", "10"]
    assert (to / "records/alice.json").read_bytes() == kept
    said = " ".join(capsys.readouterr().err.split())
    assert "carl: graded again, as another file was handed in." in said
    assert "bob: no longer among the submissions; the score is kept." in said


def test_whatever_decides_scores_and_has_changed_grades_everybody_anew(
    kit: Kit, class_of_four: Path, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = run(kit, class_of_four, to).run.seed
    submissions = collect(class_of_four, SOURCE_NAME)
    with mock.patch("gradlings.__version__", "9.9"):
        found = run(kit, class_of_four, to)
    assert (len(found.fresh), found.run.seed) == (4, seed)
    assert "the version of gradlings" in found.differences[0]
    better = InProcess(kit.folder, protection="better")
    assert len(grade_class(kit.folder, submissions, to, better).fresh) == 4
    assert grade_class(kit.folder, submissions, to, better).fresh == ()
    checks = kit.folder / "test_tiny.py"
    checks.write_text(checks.read_text() + "\n# the same checks\n")
    found = run(kit, class_of_four, to)
    assert (len(found.fresh), found.changes) == (4, ())
    said = " ".join(capsys.readouterr().err.split())
    assert "Since the earlier run the file test_tiny.py, the protection (better, then none, a test) changed." in said
    assert not (to / "changes.csv").exists()


def test_force_grades_everybody_anew(kit: Kit, class_of_four: Path, to: Path) -> None:
    first = run(kit, class_of_four, to)
    checks = kit.folder / "test_tiny.py"
    checks.write_text(checks.read_text().replace("points=15", "points=20"))
    second = run(kit, class_of_four, to, force=True)
    assert second.run.id != first.run.id
    assert len(second.fresh) == 4
    assert scores(to)["alice"]["score"] == "35"
    third = run(kit, class_of_four, to, force=True)
    assert (third.run, len(third.fresh), third.changes) == (second.run, 4, ())


def test_records_of_an_unfinished_forced_run_do_not_mix_with_old_ones(kit: Kit, class_of_four: Path, to: Path) -> None:
    run(kit, class_of_four, to)

    def stop(graded: GradedStudent) -> None:
        if graded.number == 2:
            raise KeyboardInterrupt

    submissions, pool = collect(class_of_four, SOURCE_NAME), InProcess(kit.folder)
    with pytest.raises(KeyboardInterrupt):
        grade_class(kit.folder, submissions, to, pool, force=True, progress=stop)
    assert len(run(kit, class_of_four, to).fresh) == 2


@pytest.mark.parametrize("lost", ["feedback/alice.html", "scorecards/alice.json"])
def test_a_page_that_a_power_cut_took_is_made_again(lost: str, kit: Kit, class_of_four: Path, to: Path) -> None:
    run(kit, class_of_four, to)
    before = contents(to)
    (to / lost).write_bytes(b"")
    assert run(kit, class_of_four, to).fresh == ()
    assert contents(to) == before


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", None])
def test_a_damaged_record_is_made_again(damage: bytes | None, kit: Kit, class_of_four: Path, to: Path) -> None:
    run(kit, class_of_four, to)
    before = contents(to)
    record = to / "records/alice.json"
    record.unlink() if damage is None else record.write_bytes(damage)
    assert run(kit, class_of_four, to).fresh == ("alice",)
    assert contents(to) == before
    log = to / "grader.log"
    assert (f"{record} cannot be read" in log.read_text() if log.exists() else False) == (damage is not None)


def test_two_runs_do_not_write_to_one_folder(kit: Kit, class_of_four: Path, to: Path) -> None:
    run(kit, class_of_four, to)
    with open(to / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="Another"):
            run(kit, class_of_four, to)
    assert run(kit, class_of_four, to).fresh == ()


def test_a_full_disk_ends_the_run_and_loses_nothing(kit: Kit, class_of_four: Path, to: Path) -> None:
    calls = 0
    flush = os.fsync

    def fsync(fd: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(fd)

    with mock.patch("os.fsync", fsync), pytest.raises(InputError, match=r"The disk is full.*same command again"):
        run(kit, class_of_four, to)
    assert not list(to.rglob("*.unfinished"))
    done = len(list((to / "records").glob("*.json")))
    assert 0 < done < 4
    assert len(run(kit, class_of_four, to).fresh) == 4 - done
    assert scores(to)["alice"]["score"] == "30"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="class grading needs fork")
def test_kill_9_at_every_write_and_the_same_command_finishes(kit: Kit, class_of_four: Path, tmp_path: Path) -> None:
    """Every place where a run touches the disk is a place to be killed at; all leave a folder that can be finished."""
    script = [sys.executable, str(Path(__file__).with_name("killed_runs.py"))]
    done = subprocess.run(
        [*script, str(kit.folder), str(class_of_four), str(tmp_path)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 20, "so many times a run was killed and finished"


def test_what_one_student_prints_is_told_to_nobody_else(kit: Kit, tmp_path: Path, to: Path) -> None:
    said = "print('the secret of ann')\nreturn b - a"
    run(kit, hand_in(tmp_path / "s", {"ann.py": module(kit, difference=said), "bob.py": module(kit, **HALF)}), to)
    assert b"the secret of ann" in (to / "scorecards/ann.json").read_bytes()
    assert b"the secret of ann" not in (to / "scorecards/bob.json").read_bytes()


# ---- one that takes its whole time


class SlowPool(InProcess):
    """Judges side by side that stop at one submission, until they are let go.

    Args:
        slow: the text of that submission, for which one of two calls stops.
        call: which one.
    """

    def __init__(self, folder: Path, slow: bytes, call: str) -> None:
        super().__init__(folder)
        self._slow, self._call = slow, call
        self._reply = super().judge(slow, "tiny.ipynb" if slow.startswith(b"{") else "tiny.py", 1)
        self.capacity = 2
        self.let_go = threading.Event()
        self.waited_in_vain = False
        self._threads = ThreadPoolExecutor(self.capacity)

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        return self._threads.submit(call, *args)

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        self._stop("judge", data)
        return self._reply

    def code_digest(self, data: bytes, filename: str) -> str:
        self._stop("code_digest", data)
        return "of no original"

    def _stop(self, call: str, data: bytes) -> None:
        if (call, data) == (self._call, self._slow):
            self.waited_in_vain |= not self.let_go.wait(60)


@pytest.mark.parametrize("call", ["judge", "code_digest"])
def test_the_scores_of_the_others_are_there_while_one_takes_its_time(call: str, kit: Kit, tmp_path: Path) -> None:
    slow, to = module(kit, **HALF), tmp_path / "to"
    files = {"a_slow/tiny.py": slow} | {f"s{number}/tiny.py": module(kit, **RIGHT) for number in range(6)}
    if call == "code_digest":  # which of the two counts is only seen in their code
        files["a_slow/tiny.ipynb"] = slow = notebook(kit, **HALF)
    pool = SlowPool(kit.folder, slow, call)
    meanwhile: list[dict[str, dict[str, str]]] = []

    def write(path: Path, data: bytes, *, mode: int, durable: bool) -> None:
        write_atomically(path, data, mode=mode, durable=durable)
        if path.name == "scores.csv":
            meanwhile.append(scores(to))
            if sum(row["status"] == "graded" for row in meanwhile[-1].values()) == 6:
                pool.let_go.set()

    with mock.patch("gradlings.grading.results_store.write_atomically", write):
        grade_class(kit.folder, collect(hand_in(tmp_path / "class", files), SOURCE_NAME), to, pool)
    assert not pool.waited_in_vain
    assert {row["status"] for row in meanwhile[0].values()} == {"not graded yet"}
    assert all(len(rows) == 7 for rows in meanwhile)
    (with_all_others, *_) = [rows for rows in meanwhile if rows["s0"]["score"] and rows["s5"]["score"]]
    assert (with_all_others["a_slow"]["score"], with_all_others["a_slow"]["status"]) == ("", "not graded yet")
    assert with_all_others["a_slow"]["max_score"] == "30"
    assert scores(to)["a_slow"]["status"] != "not graded yet"


def test_scores_of_an_interrupted_run_stay_in_the_table_and_new_students_come_first(
    kit: Kit, class_of_four: Path, to: Path
) -> None:
    def stop_after(number: int) -> Callable[[GradedStudent], None]:
        def stop(graded: GradedStudent) -> None:
            steps.append((graded.student, graded.fresh))
            if graded.number == number:
                raise KeyboardInterrupt

        return stop

    steps: list[tuple[str, bool]] = []
    submissions = collect(class_of_four, SOURCE_NAME)
    for number in (1, 2):
        steps.clear()
        with pytest.raises(KeyboardInterrupt):
            grade_class(kit.folder, submissions, to, InProcess(kit.folder), progress=stop_after(number))
        assert all(fresh for _, fresh in steps)
    assert list(scores(to)) == ["Zoë Ünal", "alice", "bob", "carl"]
    assert (scores(to)["Zoë Ünal"]["status"], scores(to)["carl"]["status"]) == ("graded", "not graded yet")
    assert len(run(kit, class_of_four, to).fresh) == 1
    assert [row["score"] for row in scores(to).values()] == ["0", "30", "10", "0"]


# ---- faults leave a trace


def test_a_log_is_private_and_no_entry_in_it_can_be_forged(tmp_path: Path) -> None:
    log = logging.getLogger("gradlings.grading.class_run")
    with logged_to(tmp_path):
        log.info("not logged")
        assert not (tmp_path / "grader.log").exists()
        log.error("%s: %s", "ann", "first\x1b[2J\r\n2026-01-01 00:00:00,000 ERROR bob: forged \u00e9")
    with logged_to(tmp_path):
        log.error("second")
    log.error("after the run")
    lines = (tmp_path / "grader.log").read_text(encoding="utf-8").splitlines()
    assert [line.partition(" ERROR ")[2] for line in lines] == ["ann: first?[2J?", "bob: forged \u00e9", "second"]
    assert [line.startswith("    2026-01-01") for line in lines] == [False, True, False]
    assert (tmp_path / "grader.log").stat().st_mode & 0o777 == 0o600
    unwritable = logging.makeLogRecord({"msg": "a lone \ud800"})
    assert CleanFormatter().format(unwritable).endswith("a lone ?")


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "grader.log").symlink_to(tmp_path / "elsewhere")
    with logged_to(tmp_path):
        logging.getLogger("gradlings").error("a fault")
    assert not (tmp_path / "elsewhere").exists()


def test_verbose_shows_faults_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verbose in (False, True):
        with logged_to(tmp_path, verbose=verbose):
            logging.getLogger("gradlings").error("fault\x07 number %d", verbose)
    assert "fault? number 1" in (shown := capsys.readouterr().err)
    assert "number 0" not in shown


def test_what_is_logged_of_one_submission_is_bounded_and_keeps_both_ends() -> None:
    log = logging.getLogger("gradlings.checks")
    with collected_log() as entries:
        try:
            raise ValueError("x" * 100_000 + "the end")
        except ValueError:
            log.exception("A signature failed.")
        for number in range(1_000):
            log.warning("entry %d", number)
    log.warning("later")
    assert entries[0].startswith("A signature failed.\nTraceback (most recent call last):")
    assert entries[0].endswith("the end")
    assert (len(entries), max(map(len, entries)) < 21_000) == (20, True)
