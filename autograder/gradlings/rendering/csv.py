"""The table `scores.csv`: one row for each student, one column for each exercise; blank where there is no score."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from gradlings.model.exercise import Exercise
from gradlings.model.student_result import StudentResult, exercise_points, marker_notes

COLUMNS = ("student", "assignment", "score", "max_score", "status", "notes")
_FORMULA_STARTS = tuple("=+-@'\t\r\n|%\uff1d\uff0b\uff0d\uff20")


def header_row(exercises: Iterable[Exercise]) -> str:
    """Return the first line of the table, with its line feed."""
    return _line([*COLUMNS, *(f"{exercise.id} {', '.join(exercise.functions)}" for exercise in exercises)])


def student_row(result: StudentResult, exercises: Iterable[Exercise]) -> str:
    """Return the line of one student, with its line feed."""
    scores = {score.id: exercise_points(score) for score in result.card.exercises} if result.card else {}
    row = [result.student, result.assignment, result.points, result.max_points, result.status_text]
    row += [" ".join(marker_notes(result))]
    return _line([_cell(value) for value in (*row, *(scores.get(exercise.id) for exercise in exercises))])


def csv_line(cells: Iterable[str | int | None]) -> str:
    """Return a line of a table, with its line feed; no text in it is a formula to a spreadsheet."""
    return _line([_cell(cell) for cell in cells])


def _line(cells: list[str | int] | list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _cell(value: str | int | None) -> str | int:
    """Put an apostrophe before a text that a spreadsheet could take for a formula."""
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    text = "".join(c if c.isprintable() else " " for c in value)
    return "'" + text if text.lstrip().startswith(_FORMULA_STARTS) else text
