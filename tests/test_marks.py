"""What counts in the end: a part graded again, points set by hand, times of submission, whose score changed."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from class_kit import HALF, SOURCE_NAME, InProcess, hand_in, module
from gradlings.grading.class_inputs import chosen_students
from gradlings.grading.class_results import ClassResults
from gradlings.grading.class_run import GradedStudent, grade_class
from gradlings.grading.command import grade_submissions
from gradlings.grading.intake.collect import collect
from gradlings.grading.intake.roster import Roster
from gradlings.grading.marks.apply import apply_marks
from gradlings.grading.marks.class_marks import class_marks
from gradlings.grading.marks.lateness import parse_due
from gradlings.grading.marks.marking import LateOptions
from gradlings.grading.marks.overrides import Rules, read_overrides
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark
from student_kit import RIGHT, Kit

LATE = LateOptions("2026-03-01T23:59Z")
STAMPS = {"ann": "2026-03-01 20:00:00 UTC", "bob": "2026-03-03 03:00:00 UTC", "carl": "2026-03-05 10:00:00 UTC"}
ANSWERS: dict[str, dict[str, str]] = {"ann": RIGHT, "bob": HALF, "carl": RIGHT}
POLICY = 'percent_of_maximum = 10\nfloor = 25\nunit = "day"\n'


@pytest.fixture(scope="module")
def graded_once(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kit, the submissions of three students as nbgrader collects them, and their results."""
    root = tmp_path_factory.mktemp("marks")
    kit = Kit.copied(built_kit.root, root, "assignments")
    files = {f"{name}/09/tiny.py": module(kit, **bodies) for name, bodies in ANSWERS.items()}
    files |= {f"{name}/09/timestamp.txt": stamp.encode() for name, stamp in STAMPS.items()}
    hand_in(root / "submitted", files)
    run(root)
    return root


@pytest.fixture
def root(graded_once: Path, tmp_path: Path) -> Path:
    """A copy of them, to be changed."""
    return Path(shutil.copytree(graded_once, tmp_path / "copy"))


def run(root: Path, *, submissions: str = "submitted", only: tuple[str, ...] = (), **options: Any) -> ClassResults:
    collected = collect(root / submissions, SOURCE_NAME)
    pool, folder = InProcess(Kit(root).folder), Kit(root).folder
    chosen = chosen_students(collected, only)
    return grade_submissions(pool, folder, collected, root / "results", only=chosen, **options)


def rows(root: Path) -> dict[str, dict[str, str]]:
    with open(root / "results/scores.csv", newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def page(root: Path, student: str) -> str:
    return (root / f"results/feedback/{student}.html").read_text(encoding="utf-8")


def marks(root: Path) -> dict[str, Mark]:
    return {mark.student: mark for mark in class_marks(root / "results")}


def override(root: Path, *lines: str, header: str = "student,exercise,points,comment,reason") -> Path:
    path = root / "results/overrides.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def easier(root: Path) -> None:
    """Change a check: 9.2 has 20 points now."""
    checks = Kit(root).folder / "test_tiny.py"
    checks.write_text(checks.read_text().replace("points=15", "points=20"))


# ---- a part again


def test_one_student_is_graded_again_and_the_others_stay(root: Path) -> None:
    (root / "submitted/bob/09/tiny.py").write_bytes(module(Kit(root), **RIGHT))
    (root / "submitted/carl/09/tiny.py").write_bytes(module(Kit(root)))
    kept = (root / "results/records/carl.json").read_bytes()
    found = run(root, only=("bob",))
    assert (found.fresh, found.changed) == (("bob",), ("bob",))
    assert {name: row["score"] for name, row in rows(root).items()} == {"ann": "30", "bob": "30", "carl": "30"}
    assert (root / "results/records/carl.json").read_bytes() == kept
    assert [(change.student, change.before, change.after) for change in found.changes] == [("bob", 10, 30)]
    assert run(root).fresh == ("carl",), "what --student left out is graded by the next run"


def test_one_student_into_a_new_folder(graded_once: Path, tmp_path: Path) -> None:
    kit = Kit(graded_once)
    collected = collect(graded_once / "submitted", SOURCE_NAME)
    found = grade_class(kit.folder, collected, tmp_path / "to", InProcess(kit.folder), only=frozenset({"bob"}))
    assert (found.fresh, found.left_out) == (("bob",), ("ann", "carl"))
    with open(tmp_path / "to/scores.csv", encoding="utf-8-sig") as file:
        status = {row["student"]: row["status"] for row in csv.DictReader(file)}
    assert status == {"ann": "not graded yet", "bob": "graded", "carl": "not graded yet"}


def test_a_name_of_nobody_is_refused(graded_once: Path) -> None:
    collected = collect(graded_once / "submitted", SOURCE_NAME)
    assert chosen_students(collected, ["ann"]) == {"ann"}
    with pytest.raises(InputError, match=r"--student Ann: .* Is ann meant\?"):
        chosen_students(collected, ["Ann"])
    with pytest.raises(InputError, match=r"as scores\.csv has it"):
        chosen_students(collected, ["zed"])


@pytest.mark.parametrize("part", ["--student", "a folder"])
def test_force_on_a_part_drops_nobody(part: str, root: Path) -> None:
    before = {path: path.read_bytes() for path in (root / "results").rglob("*.*") if path.parent.name != "results"}
    hand_in(root / "part", {"ann/09/tiny.py": (root / "submitted/ann/09/tiny.py").read_bytes()})
    found = run(root, force=True, **({"only": ("ann",)} if part == "--student" else {"submissions": "part"}))
    assert (found.fresh, found.outdated) == (("ann",), ())
    assert {name: row["score"] for name, row in rows(root).items()} == {"ann": "30", "bob": "10", "carl": "30"}
    assert all(path.read_bytes() == data for path, data in before.items() if "ann" not in path.name)
    assert run(root).fresh == (), "all is as comparable as before"


def test_an_interrupted_force_is_finished_by_the_next_run(root: Path) -> None:
    def stop(step: GradedStudent) -> None:
        raise KeyboardInterrupt

    kit, collected = Kit(root), collect(root / "submitted", SOURCE_NAME)
    with pytest.raises(KeyboardInterrupt):
        grade_class(kit.folder, collected, root / "results", InProcess(kit.folder), force=True, progress=stop)
    assert len(run(root).fresh) == 2
    assert run(root).fresh == ()


def test_a_changed_check_grades_again_and_says_whose_score_changed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    easier(root)
    found = run(root)
    assert (len(found.fresh), found.outdated) == (3, ())
    assert [change.student for change in found.changes] == ["ann", "carl"]
    with open(root / "results/changes.csv", newline="", encoding="utf-8-sig") as file:
        assert list(csv.DictReader(file)) == [
            {"student": name, "before": "30", "after": "35", "exercises": "9.2: 15 -> 20"} for name in ("ann", "carl")
        ]
    said = capsys.readouterr().err
    assert "Since the earlier run the file test_tiny.py changed. Graded anew: 3 students." in said
    assert "  carl   30 -> 35   9.2: 15 -> 20\n" in said


def test_after_a_change_a_part_leaves_the_others_with_a_note_until_all_are_graded(root: Path) -> None:
    easier(root)
    found = run(root, only=("carl",))
    assert (found.fresh, found.outdated) == (("carl",), ("ann", "bob"))
    assert {name: (row["score"], row["notes"]) for name, row in rows(root).items()} == {
        "ann": ("30", "Graded before the checks or the grader changed."),
        "bob": ("10", "Graded before the checks or the grader changed."),
        "carl": ("35", ""),
    }
    rest = run(root)
    assert (rest.fresh, rest.outdated) == (("ann", "bob"), ())
    assert [change.student for change in rest.changes] == ["ann", "carl"], "the list is of the whole regrading"


def test_whoever_handed_in_nothing_keeps_the_row_without_the_roster(root: Path, tmp_path: Path) -> None:
    roster = tmp_path / "class.csv"
    roster.write_text("login\nann\nbob\ncarl\ndora\n")
    run(root, roster=Roster(roster))
    roster.unlink()
    assert run(root, only=("ann",), force=True).missing == ("dora",)
    assert rows(root)["dora"]["status"] == "nothing handed in"
    hand_in(root / "submitted", {"dora/09/tiny.py": module(Kit(root), **HALF)})
    assert run(root).missing == ()
    assert rows(root)["dora"]["score"] == "10"


def test_a_right_answer_has_no_misconception_on_its_scorecard(graded_once: Path) -> None:
    def named(student: str) -> int:
        card = json.loads((graded_once / f"results/scorecards/{student}.json").read_text())["card"]
        checks = [check for exercise in card["exercises"] for check in exercise["checks"]]
        assert not any(check["fitting"] for check in checks)
        assert not any(check["misconception"] for check in checks if check["verdict"] == "pass")
        return sum(check["misconception"] is not None for check in checks)

    assert [named(student) for student in ("ann", "carl")] == [0, 0]


# ---- by hand


def test_points_set_by_hand_survive_every_run_and_are_told_as_such(root: Path) -> None:
    override(
        root, 'bob,9.2,12.5,"Good idea <b>, small slip.","axis, misread"', "carl,,20,,an agreement", "ann,9.1,10,,"
    )
    found = apply_marks(root / "results", LateOptions())
    assert found.pages == ("ann", "bob", "carl")
    for again in (lambda: None, lambda: run(root), lambda: run(root, force=True)):
        again()
        bob = rows(root)["bob"]
        assert (bob["score"], bob["raw"], bob["final"], bob["9.2 row_totals"]) == ("10", "22.5", "22.5", "0")
        assert bob["notes"] == "9.2 set by hand: 12.5 (the judge: 0): axis, misread."
        assert "<strong>9.2: 12.5 of 15 points, set by hand.</strong> The checks gave 0." in page(root, "bob")
        assert "Good idea &lt;b&gt;, small slip." in page(root, "bob")
        assert "<strong>22.5</strong> of 30 points" in page(root, "bob")
        assert "misread" not in page(root, "bob")
        assert rows(root)["carl"]["final"] == "20"
        assert "Points, set by hand" in page(root, "carl")
    (root / "results/overrides.csv").unlink()
    assert apply_marks(root / "results", LateOptions()).pages == ("ann", "bob", "carl")
    assert rows(root)["bob"]["final"] == "10"
    assert "by hand" not in page(root, "bob").partition("</style>")[2]


def test_bonus_excused_penalty_and_comment(root: Path) -> None:
    header = "student;bonus;penalty;excused;comment"
    override(root, "ann;2,5;;;", "bob;;3;;Late, but honest", "carl;;;yes;", header=header)
    apply_marks(root / "results", LateOptions())
    assert [(row["raw"], row["penalty"], row["bonus"], row["final"]) for row in rows(root).values()] == [
        ("30", "0", "2.5", "32.5"),
        ("10", "3", "0", "7"),
        ("30", "", "", ""),
    ]
    assert [row["notes"] for row in rows(root).values()] == ["Bonus: 2.5.", "Penalty set by hand: 3.", "Excused."]
    assert marks(root)["carl"].excused
    assert "<strong>excused</strong>" in page(root, "carl")
    assert "Late, but honest" in page(root, "bob")
    assert marks(root)["bob"].comment == "Late, but honest"


def test_points_by_hand_complete_a_score_that_a_fault_of_ours_left_blank(root: Path) -> None:
    checks = Kit(root).folder / "test_tiny.py"
    checks.write_text(checks.read_text().replace("return x.sum(1), x.amax(1)", "return x.secret_oracle_name"))
    run(root)
    assert (rows(root)["ann"]["raw"], rows(root)["ann"]["final"], marks(root)["ann"].final) == ("", "", None)
    override(root, "ann,9.2,15,,the check was broken")
    apply_marks(root / "results", LateOptions())
    assert rows(root)["ann"]["final"] == "30"
    assert rows(root)["ann"]["score"] == ""


def test_what_cannot_be_graded_can_be_marked_as_a_whole(root: Path) -> None:
    hand_in(root / "submitted", {"dora/09/notes.txt": b"no code"})
    run(root)
    override(root, "dora,,12,,read on paper")
    apply_marks(root / "results", LateOptions())
    assert [marks(root)["dora"].raw, marks(root)["dora"].final] == [Decimal(12), Decimal(12)]
    assert "<strong>12</strong> of 30 points" in page(root, "dora")


@pytest.mark.parametrize(
    ("header", "line", "says"),
    [
        ("student,points", "ana,5", "there is no student ana. Is ann meant?"),
        ("student,points", ",5", "there is no student. Write the name as in scores.csv."),
        ("student,exercise,points", "ann,9.7,5", "there is no exercise 9.7; there are 9.1, 9.2, 9.3."),
        ("student,exercise,points", "ann,9.1,11", "`points` of 9.1 is 11; it must be from 0 to 10"),
        ("student,points", "ann,31", "`points` of the whole is 31; it must be from 0 to 30"),
        ("student,points", "ann,-1", "it must be from 0 to 30"),
        ("student,points", "ann,NaN", "it must be from 0 to 30"),
        ("student,points", "ann,1.005", "with at most two decimals"),
        ("student,points", "ann,five", "`points` of the whole is five"),
        ("student,bonus", "ann,300", "`bonus` of the whole is 300"),
        ("student,excused", "ann,maybe", "`excused` is maybe; it must be yes, no or blank."),
        (
            "student,exercise,excused",
            "ann,9.1,yes",
            "`excused` is of the whole. Put it into a row without an exercise.",
        ),
        ("student,extension", "ann,tomorrow", "`extension` is tomorrow; write it as 2026-03-08T23:59."),
        ("student,extension", "ann,2026-01-01", "the extension ends before the assignment is due."),
        ("student,score", "ann,5", "line 1: no column is called `score`; there are student, exercise,"),
        ("student,points,points", "ann,5,5", "line 1: there are two columns `points`. Keep one."),
        ("name,points", "ann,5", "line 1: no column is called `name`"),
        ("points,reason", "5,x", "the first line must name the columns, `student` among them."),
        ("student,comment", "ann,Good, but late", "has more cells than there are columns"),
        ("student,points", "ann,5\nbob,1\nann,6", "line 4: line 2 is about the same student and exercise."),
    ],
)
def test_overrides_that_make_no_sense_are_named_by_line(header: str, line: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    path = override(tmp_path, *line.split("\n"), header=header)
    rules = Rules({"ann", "bob"}, {"9.1": 10, "9.2": 15, "9.3": 5}, parse_due("2026-03-01T23:59Z", None), None)
    with pytest.raises(InputError) as refused:
        read_overrides(path.parent, rules)
    assert str(refused.value).startswith(f"{path}, line ")
    assert says in str(refused.value)


@pytest.mark.parametrize("command", ["grade", "marks"])
def test_a_mistake_in_the_overrides_changes_nothing(command: str, root: Path) -> None:
    override(root, "zed,,5,,")
    (root / "submitted/bob/09/tiny.py").write_bytes(module(Kit(root), **RIGHT))
    before = {path: path.read_bytes() for path in (root / "results").rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=r"overrides\.csv, line 2: there is no student zed"):
        run(root, late=LATE) if command == "grade" else apply_marks(root / "results", LATE)
    after = {path: path.read_bytes() for path in (root / "results").rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_overrides_come_back_from_a_spreadsheet(encoding: str, tmp_path: Path) -> None:
    text = "Student;Points;Comment\nZoë Ünal;7,5;Schöne Lösung\n'=1+1;2;\n"
    (tmp_path / "overrides.csv").write_bytes(text.encode(encoding))
    found = read_overrides(tmp_path, Rules({"Zoë Ünal", "=1+1"}, {"9.1": 10}, None, None))
    assert found["Zoë Ünal"].whole.points == Decimal("7.5")
    assert found["Zoë Ünal"].whole.comment == "Schöne Lösung"
    assert found["=1+1"].whole.points == 2


# ---- late


def test_late_submissions_of_a_class(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "late.toml"
    policy.write_text(POLICY)
    override(root, "carl,2026-03-05T09:00Z", header="student,extension")
    run(root, late=LateOptions("2026-03-01T23:59Z", policy))
    told = [
        tuple(row[key] for key in ("score", "raw", "seconds_late", "penalty", "final")) for row in rows(root).values()
    ]
    assert told == [
        ("30", "30", "0", "0", "30"),
        ("10", "10", "97260", "2.5", "7.5"),  # two days begun, down to a quarter of 30
        ("30", "30", "3600", "3", "27"),
    ]
    assert rows(root)["bob"]["notes"] == "Late by 1 day 3 h."
    assert rows(root)["carl"]["notes"].startswith("Late by 1 h. Extended until 2026-03-05 ")
    assert "Late by 1 day 3 h." in page(root, "bob")
    said = capsys.readouterr().err
    assert "2 students late: bob, carl" in said
    run(root, only=("ann",), force=True)
    assert rows(root)["bob"]["final"] == "7.5", "what was said once holds for later runs"
    apply_marks(root / "results", LateOptions("none"))
    assert [row["final"] for row in rows(root).values()] == ["30", "10", "30"]
    assert rows(root)["carl"]["notes"].endswith(", but nothing is due.")


def test_a_policy_without_a_time_that_is_due_is_refused(graded_once: Path, tmp_path: Path) -> None:
    (tmp_path / "late.toml").write_text(POLICY)
    for options in (LateOptions(policy=tmp_path / "late.toml"), LateOptions(times_of_files=True)):
        with pytest.raises(InputError, match="Give --due, too"):
            apply_marks(graded_once / "results", options)


def test_the_same_file_handed_in_later_is_late_and_not_graded_again(root: Path) -> None:
    run(root, late=LATE)
    assert rows(root)["ann"]["seconds_late"] == "0"
    (root / "submitted/ann/09/timestamp.txt").write_text("2026-03-02 23:59:00 UTC")
    assert run(root).fresh == ()
    assert rows(root)["ann"]["seconds_late"] == "86400"


def blackboard(code: bytes) -> dict[str, bytes]:
    return {"Tiny_jdoe_attempt_2026-03-02-01-59-00_tiny.py": code}


def brightspace(code: bytes) -> dict[str, bytes]:
    return {
        "12-34 - Jane Doe - March 2, 2026 159 AM/tiny.py": code,
        "12-34 - Bo Li - March 2, 2026 159 AM/tiny.py": code,
    }


def gradescope(code: bytes) -> dict[str, bytes]:
    created = ":created_at: 2026-03-01 17:59:00.000 -08:00"
    people = ("submission_7", "Jane Doe"), ("submission_8", "Bo Li")
    record = "".join(f"{folder}:\n  :submitters:\n  - :name: {name}\n  {created}\n" for folder, name in people)
    files = {f"export/{folder}/tiny.py": code for folder, _ in people}
    return {"export/submission_metadata.yml": record.encode(), **files}


def sakai(code: bytes) -> dict[str, bytes]:
    inner = "Tiny/Doe, Jane(jdoe)"
    return {f"{inner}/Submission attachment(s)/tiny.py": code, f"{inner}/timestamp.txt": b"20260302015900000"}


def forged(code: bytes) -> dict[str, bytes]:
    """A time that a student wrote: in an LMS's folder, or in a zip of the student's."""
    return {
        "Jane Doe_12_assignsubmission_file/tiny.py": code,
        "Jane Doe_12_assignsubmission_file/timestamp.txt": b"2026-01-01",
    }


@pytest.mark.parametrize(
    ("layout", "at", "said_by"),
    [
        (blackboard, "2026-03-02T01:59:00", "Blackboard"),
        (brightspace, "2026-03-02T01:59:00", "Brightspace"),
        (gradescope, "2026-03-02T01:59:00+00:00", "Gradescope"),
        (sakai, "2026-03-02T01:59:00+00:00", "timestamp.txt"),
        (forged, "", ""),
    ],
)
@pytest.mark.parametrize("is_zip", [False, True])
def test_the_time_is_the_one_that_the_lms_wrote(
    layout: Callable[[bytes], dict[str, bytes]], at: str, said_by: str, is_zip: bool, tmp_path: Path
) -> None:
    files, path = layout(b"def difference(a, b): return a - b\n"), tmp_path / "class"
    if is_zip:
        path = tmp_path / "class.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        hand_in(path, files)
    found = collect(path, SOURCE_NAME).students[0].last_handed_in
    assert (found.said_by, found.marked_late) == (said_by, False)
    if said_by == "Gradescope":
        assert datetime.fromisoformat(found.at).astimezone(UTC).isoformat() == at
    else:
        assert found.at == at


def test_canvas_says_late_and_no_time(tmp_path: Path) -> None:
    code = b"def difference(a, b): return a - b\n"
    hand_in(tmp_path, {"doejane_LATE_12_34_tiny.py": code, "libo_13_35_tiny.py": code})
    first, second = (files.last_handed_in for files in collect(tmp_path, SOURCE_NAME).students)
    assert (first.at, first.marked_late, second.marked_late) == ("", True, False)
    assert first.modified > 0
