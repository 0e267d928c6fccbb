"""Tables as CSV. `scores.csv` has a row for each student, a column for each exercise, blanks where no score is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from gradlings.model.exercise import Exercise
from gradlings.model.mark import Mark, points_text
from gradlings.model.student_result import StudentResult, exercise_points, marker_notes

COLUMNS = ("student", "assignment", "score", "max_score", "status", "notes")
MARK_COLUMNS = ("raw", "seconds_late", "penalty", "bonus", "final")
_FORMULA_STARTS = tuple("=+-@'\t\r\n|%\uff1d\uff0b\uff0d\uff20")


def header_row(exercises: Iterable[Exercise]) -> str:
    """Return the first line of the table, with its line feed."""
    named = (f"{exercise.id} {', '.join(exercise.functions)}" for exercise in exercises)
    return csv_line([*COLUMNS, *MARK_COLUMNS, *named])


def student_row(result: StudentResult, mark: Mark, exercises: Iterable[Exercise], notes: Iterable[str] = ()) -> str:
    """Return the line of one student, with its line feed.

    Args:
        result: what the judge found.
        mark: what counts of it.
        exercises: of the assignment, one column each.
        notes: what else whoever gives the marks should know, a sentence each.
    """
    scores = {score.id: exercise_points(score) for score in result.card.exercises} if result.card else {}
    row: list[str | int | Decimal | None] = [
        result.student,
        result.assignment,
        result.points,
        result.max_points,
        result.status_text,
    ]
    row += [" ".join((*marker_notes(result), *mark.notes, *notes))]
    taken = [None, None] if mark.final is None else [mark.penalty, mark.bonus]
    row += [_points(mark.raw), mark.seconds_late, *map(_points, taken), _points(mark.final)]
    return csv_line([*row, *(scores.get(exercise.id) for exercise in exercises)])


def csv_line(values: Iterable[str | int | float | Decimal | None]) -> str:
    """Return one line of a table, with its line feed; None is blank."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([_cell(value) for value in values])
    return buffer.getvalue()


def _points(points: Decimal | None) -> Decimal | None:
    """Return points as a spreadsheet reads them: 90, not 90.00."""
    return None if points is None else Decimal(points_text(points))


def _cell(value: str | int | float | Decimal | None) -> str | int | float | Decimal:
    """Put an apostrophe before a text that a spreadsheet could take for a formula."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal):
        return value
    text = "".join(c if c.isprintable() else " " for c in value)
    return "'" + text if text.lstrip().startswith(_FORMULA_STARTS) else text


def table(header: Sequence[str], rows: Iterable[Sequence[str | int | float | None]]) -> str:
    """Return a table for a spreadsheet; a blank where a value is None, and no text that is taken for a formula."""
    return "".join(csv_line(row) for row in ([*header], *rows))
