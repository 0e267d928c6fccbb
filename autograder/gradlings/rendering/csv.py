"""`scores.csv`: one row a student, one column an exercise; blank where there is no score to give."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from gradlings.model.exercise import Exercise
from gradlings.model.student_result import StudentResult, exercise_points

COLUMNS = ("student", "assignment", "score", "max_score", "status")
_STARTS_A_FORMULA = tuple("=+-@'\t\r\n|%\uff1d\uff0b\uff0d\uff20")


def scores_csv(results: Iterable[StudentResult], exercises: Iterable[Exercise]) -> str:
    """The table as text, with `\\n` at the end of each line."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    exercises = tuple(exercises)
    writer.writerow([*COLUMNS, *(f"{exercise.id} {', '.join(exercise.functions)}" for exercise in exercises)])
    for result in results:
        scores = {score.id: exercise_points(score) for score in result.card.exercises} if result.card else {}
        row = [result.student, result.assignment, result.points, result.max_points, result.status_text]
        writer.writerow([_cell(value) for value in (*row, *(scores.get(exercise.id) for exercise in exercises))])
    return buffer.getvalue()


def _cell(value: str | int | None) -> str | int:
    """A value that no spreadsheet takes for a formula: a text that could start one gets a leading apostrophe."""
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    text = "".join(c if c.isprintable() else " " for c in value)
    return "'" + text if text.lstrip().startswith(_STARTS_A_FORMULA) else text
