"""The marks of a class, from a folder of results alone: no judge, no submissions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from gradlings.grading.marks.marking import Marking, marker_of, read_marking
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord
from gradlings.model.mark import Mark
from gradlings.model.student_result import Status, StudentResult, for_student


def class_marks(folder: Path) -> tuple[Mark, ...]:
    """Return the marks of a class, by student in alphabetical order: a pure function of a folder of results.

    Everybody with a record is in it, and everybody on the roster. Nothing is written.

    Raises:
        InputError: the folder holds no results, or its overrides make no sense.
    """
    results = ResultsFolder(folder)
    run, marking = results.run(), read_marking(folder)
    records = list(results.records())
    students = {*marking.students, *(record.result.student for record in records)}
    marker = marker_of(folder, marking, run.points, students)
    records += without_record(run, marking, {record.result.student for record in records})
    marks = (marker.mark(record.result, record.handed_in) for record in records)
    return tuple(sorted(marks, key=lambda mark: mark.student))


def without_record(run: RunRecord, marking: Marking, recorded: Collection[str]) -> Iterator[Record]:
    """Yield what stands for the records of students who have none: nothing handed in, or not graded yet."""
    for students, status in ((marking.students, Status.NOT_YET), (marking.missing, Status.NOTHING)):
        for student in students:
            if student not in recorded:
                result = StudentResult(student, run.assignment, status, max_points=sum(run.points.values()))
                yield Record(run.id, "", "", result)


def pages_of(result: StudentResult, mark: Mark, marking: Marking) -> dict[str, bytes]:
    """Return what a student gets to see: a page of feedback, and the scorecard as JSON."""
    from gradlings.rendering.html import feedback_page

    return {
        "feedback/*.html": feedback_page(result, marking.solved, mark).encode("utf-8", "replace"),
        "scorecards/*.json": msgspec.json.encode(for_student(result)),
    }
