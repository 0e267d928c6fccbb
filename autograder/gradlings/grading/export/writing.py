"""One export, from a results folder to the bytes of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradlings.grading.export.blackboard import BLACKBOARD
from gradlings.grading.export.brightspace import BRIGHTSPACE
from gradlings.grading.export.canvas import CANVAS
from gradlings.grading.export.class_marks import read_class
from gradlings.grading.export.feedback_zip import canvas_zip, moodle_zip
from gradlings.grading.export.gradescope import GRADESCOPE
from gradlings.grading.export.junit import junit
from gradlings.grading.export.matching import match
from gradlings.grading.export.moodle import MOODLE
from gradlings.grading.export.plain import marks_csv, marks_json
from gradlings.grading.export.sheet import Which, fill
from gradlings.grading.intake.roster import Roster
from gradlings.grading.intake.table import read_table
from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically

_LMSS = {
    "canvas": CANVAS,
    "moodle": MOODLE,
    "brightspace": BRIGHTSPACE,
    "blackboard": BLACKBOARD,
    "gradescope": GRADESCOPE,
}


@dataclass(frozen=True)
class Exported:
    """A file that is not written yet."""

    data: bytes
    lines: tuple[str, ...]
    """What a person should know of it."""
    put: str = ""
    """How it is imported."""

    def save(self, path: Path) -> None:
        """Write the file whole, or leave what was there.

        Raises:
            InputError: it cannot be written.
        """
        try:
            write_atomically(path, self.data)
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error.strerror}). Name another file with --to.") from None


def exported(
    form: str,
    results: Path,
    roster: Path | None = None,
    *,
    column: str = "",
    marks: str = "final",
    feedback: bool = False,
) -> Exported:
    """Return the file of a form for a folder of results.

    Args:
        form: canvas, moodle, brightspace, blackboard, gradescope, csv, json or junit.
        results: what `gradlings grade --to` wrote.
        roster: the file that the LMS exported.
        column: the title, or the number, of the assignment's column in it.
        marks: "final", or "raw" for those before late penalties.
        feedback: the zip of feedback pages in place of marks.

    Raises:
        InputError: results or roster cannot be used, or fit each other not at all.
    """
    if feedback and form not in ("canvas", "moodle"):
        raise InputError(f"Only canvas and moodle take feedback as a zip, not {form}: hand out {results / 'feedback'}.")
    graded, which = read_class(results), Which(marks)
    if feedback:
        return _feedback(form, results, roster)
    if form == "json":
        return Exported(*_tupled(marks_json(graded)))
    if form == "junit":
        return Exported(*_tupled(junit(graded)))
    if form == "csv":
        matched = match(graded.students, Roster(roster)) if roster else None
        return Exported(*_tupled(marks_csv(graded, matched, which)))
    lms = _LMSS[form]
    if roster is None:
        raise InputError(f"Give the file that {lms.name} exports with --roster; its marks are filled in. {lms.get}")
    table = read_table(roster, "file")
    sheet = lms.read(table, column)
    matched = match(graded.students, Roster(roster, table), lms.sure)
    return Exported(*_tupled(fill(lms, sheet, graded, matched, which)), put=f"{lms.name}: {lms.put}")


def _feedback(form: str, results: Path, roster: Path | None) -> Exported:
    graded = read_class(results)
    if form == "canvas":
        put = "Canvas: the assignment, Upload Submissions (beside Download Submissions)."
        return Exported(*_tupled(canvas_zip(graded)), put=put)
    table = read_table(roster, "worksheet") if roster else None
    if table is not None:
        MOODLE.read(table, "")  # that it is a worksheet
    matched = match(graded.students, Roster(table.path, table)) if table else None
    put = "Moodle: the assignment, Submissions, Upload multiple feedback files in a zip."
    return Exported(*_tupled(moodle_zip(graded, matched, table)), put=put)


def _tupled(made: tuple[bytes, list[str]]) -> tuple[bytes, tuple[str, ...]]:
    return made[0], tuple(made[1])
