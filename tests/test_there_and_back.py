"""A class of 60 on the whole road: the LMS's zip, grade, overrides, one graded again, and back into its own file."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from class_kit import HALF, SOURCE_NAME, InProcess, module, notebook
from gradlings.grading.command import grade_submissions
from gradlings.grading.export.writing import Exported, exported
from gradlings.grading.intake.collect import collect
from gradlings.grading.intake.roster import Roster
from gradlings.grading.judge_session import JudgeReply
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from lms_rules import canvas_feedback, canvas_import, moodle_feedback, moodle_import
from student_kit import RIGHT, Kit

COUNT = 60
PDF, AGAIN, EXCUSED, LATE, ABSENT = 7, 11, 23, 31, 59
"""Numbers of students: handed in a PDF, is graded again, is excused, loses points for being late, hands in nothing."""
NAMES = [
    (
        ("Zoë", "Jane", "Bob", "María", "李")[at % 5],
        f"{('Doe', 'O’Neil', 'van Dam', 'Ünal')[at % 4]}{chr(97 + at // 4)}",
    )
    for at in range(COUNT)
]


class Remembering(InProcess):
    """Judges that know what they have judged before: most of a class hands in one of a few files here."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.known: dict[tuple[bytes, str], JudgeReply] = {}
        self.asked = 0

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        self.asked += 1
        if (data, filename) not in self.known:
            self.known[data, filename] = super().judge(data, filename, seed, helpers)
        return self.known[data, filename]


class Road:
    """The class on its way. `student` and `entry` give the LMS's name of a student and of a file in its zip."""

    def __init__(self, kit: Kit, folder: Path, student: Callable[[int], str], entry: Callable[[int, str], str]) -> None:
        self.kit, self.to, self.zip, self.roster = kit, folder / "results", folder / "class.zip", folder / "roster.csv"
        self.student, self.entry = student, entry
        self.pool = Remembering(kit.folder)
        kinds = [(".py", module(kit, **RIGHT), 30), (".ipynb", notebook(kit, **HALF), 10), (".py", module(kit), 0)]
        self.files = {at: kinds[at % 3] for at in range(COUNT) if at != ABSENT}
        self.files[PDF] = (".pdf", b"%PDF-1.7 scanned", -1)

    def grade(self, only: frozenset[str] = frozenset()) -> int:
        """Grades the class and returns how many submissions were judged."""
        with zipfile.ZipFile(self.zip, "w") as archive:
            for at, (suffix, data, _) in self.files.items():
                archive.writestr(self.entry(at, f"tiny{suffix}"), data)
        before = self.pool.asked
        collected, roster = collect(self.zip, SOURCE_NAME), Roster(self.roster)
        grade_submissions(self.pool, self.kit.folder, collected, self.to, only=only, roster=roster)
        return self.pool.asked - before

    def all_steps(self) -> dict[int, Decimal | str]:
        """Grades, sets by hand, applies it, grades one again; returns what each student should have."""
        assert self.grade() == COUNT - 2
        (self.to / "overrides.csv").write_text(
            "student,points,bonus,penalty,excused,comment\n"
            f"{self.student(PDF)},12.5,,,,Read by hand.\n{self.student(EXCUSED)},,,,yes,\n"
            f"{self.student(LATE)},,1,2.25,,\n",
            encoding="utf-8",
        )
        assert self.grade() == 0
        assert self.files[AGAIN][2] == 0
        self.files[AGAIN] = (".py", module(self.kit, **RIGHT), 30)
        assert self.grade(only=frozenset({self.student(AGAIN)})) == 1
        marks: dict[int, Decimal | str] = {at: Decimal(points) for at, (_, _, points) in self.files.items()}
        late = self.files[LATE][2] + 1 - Decimal("2.25")
        return marks | {PDF: Decimal("12.5"), EXCUSED: "EX", LATE: late}

    def export(self, form: str, **options: str | bool) -> Exported:
        roster = None if form == "canvas" and options.get("feedback") else self.roster
        return exported(form, self.to, roster, **options)  # type: ignore[arg-type]  # as the command calls it


def letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def test_canvas_and_back(kit: Kit, tmp_path: Path) -> None:
    def student(at: int) -> str:
        first, last = NAMES[at]
        return f"{letters(last + first)}_{1000 + at}"

    def entry(at: int, file: str) -> str:
        name, number = student(at).rsplit("_", 1)
        return f"{name}{'_LATE' if at % 10 == 1 else ''}_{number}_{9000 + at}_{file}"

    road = Road(kit, tmp_path, student, entry)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["Student", "ID", "SIS Login ID", "Section", "Homework 9 (77)", "Quiz (78)", "Final Score"])
    writer.writerow(["    Points Possible", "", "", "", "30.00", "5.00", "(read only)"])
    for at, (first, last) in enumerate(NAMES):
        writer.writerow([f"{last}, {first}", 1000 + at, f"login{at}", "A", "20.00" if at == 2 else "", "4.00", "80.0"])
    road.roster.write_text(table.getvalue(), encoding="utf-8")

    expected = road.all_steps()
    done = road.export("canvas", column="Homework 9")
    changes, assignment = canvas_import(done.data, table.getvalue())
    assert assignment == "77"
    assert changes == {
        str(1000 + at): mark if isinstance(mark, str) else f"{mark:.2f}" for at, mark in expected.items()
    }
    said = "\n".join(done.lines)
    assert f"Another mark is replaced: {student(2)} (20.00, now 0)." in said
    assert f"Excused, written as EX: {student(EXCUSED)}." in said
    assert f"Late penalties are in the marks of {student(LATE)}. Canvas would take them again" in said
    first, last = NAMES[ABSENT]
    assert f"Without a submission, left as they are: {last}, {first}_{1000 + ABSENT}." in said
    assert "Nobody in" not in said

    pages = canvas_feedback(
        road.export("canvas", feedback=True).data, {str(9000 + at): str(1000 + at) for at in range(COUNT)}
    )
    assert set(pages) == {str(1000 + at) for at in road.files}


@pytest.mark.parametrize("with_folders", [True, False], ids=["folders", "flat"])
def test_moodle_and_back(with_folders: bool, kit: Kit, tmp_path: Path) -> None:
    def student(at: int) -> str:
        return f"{' '.join(NAMES[at])}_{987000 + at}"

    def entry(at: int, file: str) -> str:
        return f"{student(at)}_assignsubmission_file{'/' if with_folders else '_'}{file}"

    road = Road(kit, tmp_path, student, entry)
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";", lineterminator="\r\n")
    header = ["ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung"]
    header += ["Bewertung kann geändert werden", "Zuletzt geändert (Bewertung)", "Feedback als Kommentar"]
    writer.writerow(header)
    for at, name in enumerate(NAMES):
        grade = "20,00" if at == EXCUSED else ""
        writer.writerow(
            [f"Teilnehmer/in{987000 + at}", " ".join(name), f"s{at}@x.de", "", grade, "30,00", "Ja", "-", ""]
        )
    before = table.getvalue().encode("utf-8-sig")
    road.roster.write_bytes(before)

    expected = road.all_steps()
    done = road.export("moodle")
    changes = moodle_import(done.data, before, delimiter=";", comma=True)
    comments = {PDF: "Read by hand."}
    assert changes == {
        str(987000 + at): (mark, comments.get(at, "")) for at, mark in expected.items() if isinstance(mark, Decimal)
    }
    said = "\n".join(done.lines)
    assert f"Excused, cell left as it is: {student(EXCUSED)}." in said
    assert "Moodle would take them again where the assignment has due-date penalties" in said

    for roster in (road.roster, None):
        pages = moodle_feedback(exported("moodle", road.to, roster, feedback=True).data)
        assert set(pages) == {str(987000 + at) for at in road.files}
        assert pages["987000"] == f"{student(0)}_assignsubmission_file/feedback.html"
