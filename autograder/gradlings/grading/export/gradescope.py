"""Gradescope: the grades of an assignment as CSV, for gradebooks that read it; Gradescope takes none from a file."""

from __future__ import annotations

from gradlings.grading.export.sheet import Lms, Sheet, column_of, number
from gradlings.grading.intake.table import Table
from gradlings.model.errors import InputError

_GET = "In Gradescope: the assignment, Review Grades, Download Grades, CSV."
_TOTAL, _LIMIT = "total score", "max points"


def read_grades(table: Table, wanted: str) -> Sheet:
    """Find the total in downloaded grades.

    Raises:
        InputError: they are not Gradescope's.
    """
    rows = table.filled_rows
    header = [name.strip().casefold() for name in rows[0].values] if rows else []
    if not ({"email", "sid"}.intersection(header) and _TOTAL in header):
        raise InputError(f"{table.path} is no download of Gradescope's grades: it lacks Email or Total Score. {_GET}")
    column = column_of(table, {header.index(_TOTAL): ""}, wanted, _GET)
    limit = header.index(_LIMIT) if _LIMIT in header else len(header)
    limits = [number(row.values[limit]) for row in rows[1:] if limit < len(row.values)]
    return Sheet(table, column, next(filter(None, limits), None))


GRADESCOPE = Lms(
    "Gradescope",
    read_grades,
    _GET,
    "the gradebook that reads Gradescope's files.",
    warnings=("Gradescope imports no marks: this file is for a gradebook that reads Gradescope's.",),
)
