"""Canvas: its gradebook as CSV."""

from __future__ import annotations

import re

from gradlings.grading.export.class_marks import ExportedStudent
from gradlings.grading.export.sheet import Lms, Sheet, column_of, number
from gradlings.grading.intake.names import owner_of
from gradlings.grading.intake.table import Table
from gradlings.model.errors import InputError

_GET = "In Canvas: Grades, Export, Export Entire Gradebook."
_OF_STUDENTS = (
    *("student", "lastname", "firstname", "id", "sis user id", "sis login id", "integration id", "root account"),
    "section",
)
_IDS = ("id", "sis user id", "sis login id")
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)\s*")
_SKIPPED = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_READ_ONLY = "(read only)"


def read_gradebook(table: Table, wanted: str) -> Sheet:
    """Find an assignment in Canvas's gradebook.

    Raises:
        InputError: it is no such gradebook, or Canvas takes no marks for the assignment.
    """
    rows = table.filled_rows
    header = rows[0].values if rows else ()
    names = {name.strip().casefold() for name in header}
    if not (header and ("Student" in header[0] or "lastname" in names) and names.intersection(_IDS)):
        raise InputError(f"{table.path} is no gradebook of Canvas: its first line has no Student and ID. {_GET}")
    if table.delimiter == "\t":
        raise InputError(f"{table.path} is separated by tabs, and Canvas reads commas or semicolons. {_GET}")
    points = next((row for row in rows[1:] if "points possible" in row.values[0].casefold()), None)
    candidates = {}
    for at, name in enumerate(header):
        if found := _ASSIGNMENT.fullmatch(name):
            candidates[at] = f"{found['title']}\0{found['id']}"
    column = column_of(table, candidates, wanted, _GET)
    title, limit = header[column], points.values[column] if points and column < len(points.values) else ""
    if _SKIPPED.search(title):
        raise InputError(
            f'Canvas takes "{title}" for a total, by words in its title, and drops its marks in silence. Rename the '
            "assignment in Canvas, and export the gradebook again."
        )
    if _READ_ONLY in title or _READ_ONLY in limit:
        raise InputError(f'Canvas imports no marks for "{title}": its gradebook says (read only).')
    of_students = [at for at, name in enumerate(header[:column]) if name.strip().casefold() in _OF_STUDENTS]
    along = frozenset(row.line for row in (rows[0], points) if row)
    return Sheet(table, column, number(limit), columns=(*of_students, column), along=along)


def _is_of_canvas(student: ExportedStudent) -> bool:
    """Return whether a student's number is Canvas's own: the work came in under a name that Canvas gives."""
    owner = owner_of(student.handed_in_as, is_file=True)
    return owner.from_lms and owner.number > 0 and owner.student == student.student


CANVAS = Lms(
    "Canvas",
    read_gradebook,
    _GET,
    "Grades, Import; Canvas shows what would change before it does.",
    late="where the course has a late policy",
    excused="EX",
    plain_utf8=True,
    sure=_is_of_canvas,
)
