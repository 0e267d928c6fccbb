"""Whose score changed when a class was graded again: a table for the terminal, and the same as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradlings.grading.results_store import Record, Scores
from gradlings.model.student_result import StudentResult, exercise_points
from gradlings.rendering.csv import csv_line

FILE = "changes.csv"
_MAX_LINES = 20
_MAX_NAME_CHARS = 30


@dataclass(frozen=True)
class ScoreChange:
    """What one student had before, and has now; None is a blank."""

    student: str
    before: int | None
    after: int | None
    exercises: tuple[tuple[str, int | None, int | None], ...]
    """Those with other points: id, before, after."""
    other_checks: bool
    """Whether the checks, or something else that decides scores, changed in between."""

    @property
    def told(self) -> str:
        """The exercises in words: "3.5: 8 -> 0; 3.7: 5 -> 10"."""
        return "; ".join(f"{id}: {_shown(before)} -> {_shown(after)}" for id, before, after in self.exercises)


def scores_of(record: Record) -> Scores:
    """Return what a student has by a record, to be kept by the one that takes its place.

    Of one that a fault of ours left blank it is what was there before that.
    """
    if record.result.points is None and record.earlier is not None:
        return record.earlier
    return Scores(record.result.points, _points(record.result), record.run)


def change_of(record: Record) -> ScoreChange | None:
    """Return how a score differs from the one before; None if it does not, or there was none."""
    before, result = record.earlier, record.result
    if before is None:
        return None
    now = _points(result)
    ids = dict.fromkeys([*now, *before.exercises])
    exercises = tuple(
        (id, before.exercises.get(id), now.get(id)) for id in ids if before.exercises.get(id) != now.get(id)
    )
    if not exercises and before.total == result.points:
        return None
    return ScoreChange(result.student, before.total, result.points, exercises, before.run != record.run)


def changes_csv(changes: Sequence[ScoreChange]) -> str:
    """Return the table as CSV, by student as they come."""
    rows = [(each.student, each.before, each.after, each.told) for each in changes]
    return "".join(map(csv_line, [("student", "before", "after", "exercises"), *rows]))


def changes_lines(changes: Sequence[ScoreChange]) -> list[str]:
    """Return the table for a terminal, its first lines."""
    width = min(_MAX_NAME_CHARS, max(len(each.student) for each in changes)) if changes else 0
    lines = [
        f"  {each.student:<{width}}  {_shown(each.before):>3} -> {_shown(each.after):<3}  {each.told}".rstrip()
        for each in changes[:_MAX_LINES]
    ]
    return [*lines, *([f"  and {len(changes) - _MAX_LINES} more"] if len(changes) > _MAX_LINES else [])]


def _points(result: StudentResult) -> dict[str, int | None]:
    return {score.id: exercise_points(score) for score in result.card.exercises} if result.card else {}


def _shown(points: int | None) -> str:
    return "none" if points is None else str(points)
