"""Folders of results for the tests, as `gradlings grade` leaves them, without grading anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from gradlings.grading.intake.handed_in import HandedIn
from gradlings.grading.results_store import RUN, Record, ResultsFolder, RunRecord
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.student_result import Status, StudentResult

EXERCISES = (Exercise("9.1", ("difference",), 60), Exercise("9.2", ("row_totals",), 40))


def result(student: str, points: int | None, message: str = "A number is wrong.") -> StudentResult:
    """A result with so many of 100 points; without any, what was handed in is not gradable."""
    if points is None:
        return StudentResult(student, "09", Status.NOT_GRADABLE, "It is a PDF.", 100)
    rest, scores = points, []
    for exercise in EXERCISES:
        right = min(rest, exercise.points)
        rest -= right
        checks = [
            CheckResult(exercise.id, "test_a", "one half", Verdict.PASS, right),
            CheckResult(exercise.id, "test_b", "the other", Verdict.WRONG, exercise.points - right, message=message),
        ]
        scores.append(
            ExerciseScore(
                exercise.id, exercise.functions, exercise.points, tuple(checks[: 1 + (right < exercise.points)])
            )
        )
    card = Scorecard("09", "A tiny one", tuple(scores))
    return StudentResult(student, "09", Status.GRADED, max_points=100, card=card)


def made(
    to: Path,
    students: Mapping[str, int | None],
    handed_in_as: Mapping[str, str] | None = None,
    overrides: str = "",
    message: str = "A number is wrong.",
) -> Path:
    """A folder with the results of a class: points by student, and what was set by hand."""
    folder = ResultsFolder(to)
    run = RunRecord("09", "tiny", {}, "0", {}, "none", 1, exercises=EXERCISES)
    with folder.locked():
        folder.write(RUN, msgspec.json.encode(run))
        for student, points in students.items():
            name = (handed_in_as or {}).get(student, "")
            page = {"feedback/*.html": f"<!doctype html><p>{student}".encode()}
            folder.store(
                Record(run.id, "tiny.py", "", result(student, points, message), handed_in=HandedIn(named=name)), page
            )
    if overrides:
        (to / "overrides.csv").write_text(overrides, encoding="utf-8")
    return to
